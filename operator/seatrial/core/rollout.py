"""The rollout as a table: what a verdict does at each stage, and what may keep a move from being made.

Idle ─► Preparing ─► Shadow ─► Canary step 1…n ─► Probation ─► Idle, and back from everywhere.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from seatrial.api.conditions import Reason
from seatrial.api.quantities import format_duration
from seatrial.api.spec import OnDeadline, Spec
from seatrial.api.status import Probation, Stage, Status, Trial
from seatrial.contract.environment import REFUSED
from seatrial.core import moves
from seatrial.core.guards import NO_PODS, Situation, objection, takes_over
from seatrial.core.observed import Observed
from seatrial.judge.verdict import Finding, Verdict, combine


class Move(StrEnum):
    """What a verdict asks for."""

    ADVANCE = "Advance"
    REJECT = "Reject"
    FINISH = "Finish"
    REVERT = "Revert"


# Everything below serves this table. Inconclusive is absent on purpose: it waits, until the deadline speaks; only a
# probation ends by itself, because a promoted version that nobody calls must not keep the old one for ever.
MOVES: Mapping[tuple[Stage, Verdict], Move] = {
    (Stage.PREPARING, Verdict.PASS): Move.ADVANCE,
    (Stage.SHADOW, Verdict.PASS): Move.ADVANCE,
    (Stage.SHADOW, Verdict.FAIL): Move.REJECT,
    (Stage.CANARY, Verdict.PASS): Move.ADVANCE,
    (Stage.CANARY, Verdict.FAIL): Move.REJECT,
    (Stage.PROBATION, Verdict.PASS): Move.FINISH,
    (Stage.PROBATION, Verdict.INCONCLUSIVE): Move.FINISH,
    (Stage.PROBATION, Verdict.FAIL): Move.REVERT,
}


def advance(observed: Observed, spec: Spec, status: Status, findings: tuple[Finding, ...], now: datetime) -> Status:
    """Return the status after the move, if any, that the verdict asks for and nothing keeps from being made."""
    if status.trial is not None:
        return _advance_trial(Situation(observed, spec, status, status.trial, now), findings)
    if status.probation is not None:
        return _advance_probation(observed, spec, status, status.probation, findings, now)
    return status


def _advance_trial(situation: Situation, findings: tuple[Finding, ...]) -> Status:
    status, trial = situation.status, situation.trial
    move = MOVES.get((trial.stage, _verdict(situation, findings)))
    if move is Move.REJECT:
        return moves.reject(status, trial, _why(findings, Verdict.FAIL), situation.now)
    if refused := _refused_artifact(situation):
        return moves.reject(status, trial, refused, situation.now)
    if situation.now - trial.began > situation.rollout.progress_deadline and not situation.rollout.paused:
        return _on_deadline(situation, findings)
    objected = objection(situation)
    if objected is not None:
        return moves.hold(status, trial, objected.message, objected.reason)
    if move is None:
        return moves.hold(status, trial, _why(findings, Verdict.INCONCLUSIVE))
    return _next_stage(situation)


def _verdict(situation: Situation, findings: tuple[Finding, ...]) -> Verdict:
    """Before there is traffic readiness alone decides; after the last step only a Fail still counts."""
    trial, verdict = situation.trial, combine(findings)
    decided = trial.stage is Stage.PREPARING or takes_over(situation.rollout, trial)
    return Verdict.PASS if decided and verdict is Verdict.INCONCLUSIVE else verdict


def _refused_artifact(situation: Situation) -> str:
    """Say why the predictor refused the candidate for good; empty where it did not, or nothing else could serve."""
    trouble = situation.pods.trouble
    return trouble if REFUSED in trouble and situation.status.stable is not None else ""


def _on_deadline(situation: Situation, findings: tuple[Finding, ...]) -> Status:
    """The trial took too long; the spec says what happens."""
    status, trial, now = situation.status, situation.trial, situation.now
    limit = format_duration(situation.rollout.progress_deadline)
    message = f"no verdict within spec.rollout.progressDeadline ({limit}); {_why(findings, Verdict.INCONCLUSIVE)}"
    match situation.rollout.on_deadline:
        case OnDeadline.ROLLBACK:
            return moves.reject(status, trial, message, now)
        case OnDeadline.PROMOTE if situation.pods.available >= max(1, situation.spec.serving.replicas):
            return moves.promote(status, trial, situation.rollout.probation, message, now)
        case OnDeadline.PROMOTE:
            return moves.hold(replace(status, trial=_last(situation)), _last(situation), message)
        case OnDeadline.PAUSE:
            return moves.hold(status, trial, message, Reason.DEADLINE_EXCEEDED)


def _last(situation: Situation) -> Trial:
    """Return the trial as it is when only scaling up is left."""
    canary = situation.rollout.canary
    steps = len(canary.steps) if canary is not None else 0
    return replace(situation.trial, stage=Stage.CANARY, step=steps)


def _advance_probation(
    observed: Observed, spec: Spec, status: Status, probation: Probation, findings: tuple[Finding, ...], now: datetime
) -> Status:
    match MOVES.get((Stage.PROBATION, combine(findings))):
        case Move.REVERT if observed.pods.get(probation.previous.revision, NO_PODS).available > 0:
            return moves.revert(status, probation, _why(findings, Verdict.FAIL), now, failed=True)
        case Move.FINISH if now - probation.since >= spec.rollout.probation:
            return moves.finish(status, now)
        case _:
            return status


def _why(findings: tuple[Finding, ...], verdict: Verdict) -> str:
    """Return the lines of the findings with this verdict."""
    return "; ".join(finding.line() for finding in findings if finding.verdict is verdict)


def _next_stage(situation: Situation) -> Status:
    status, trial, rollout, now = situation.status, situation.trial, situation.rollout, situation.now
    if status.stable is None:
        return moves.promote(status, trial, rollout.probation, "the first version: nothing to compare it with", now)
    if trial.stage is Stage.PREPARING and rollout.shadow is not None:
        return moves.enter(status, trial, Stage.SHADOW, now)
    if trial.stage is not Stage.CANARY:
        return moves.enter(status, trial, Stage.CANARY, now)
    if not takes_over(rollout, trial):
        return moves.step_up(status, trial)
    return moves.promote(status, trial, rollout.probation, "passed every stage", now)
