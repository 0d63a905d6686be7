"""The moves of a rollout, as `table` has them: a pass makes the one that the verdict asks for, if no guard objects."""

from dataclasses import replace
from datetime import datetime, timedelta

from seatrial.api import requests
from seatrial.api.spec import OnDeadline, Spec
from seatrial.api.status import Probation, Stage, Status, Trial
from seatrial.core import deadline, moves
from seatrial.core.blindness import blindness
from seatrial.core.compared import judged_since
from seatrial.core.guards import UNTRIED, WAITS_FOR_STABLE, all_approved, objection
from seatrial.core.moves import Outcome
from seatrial.core.observed import Observed
from seatrial.core.restarts import at_promotion, until_now
from seatrial.core.situation import Objection, Situation
from seatrial.core.stages import gateway_trouble, goes_untried, may_end, may_move, takes_over
from seatrial.core.table import MOVES, Move
from seatrial.core.traffic import FULL
from seatrial.judge.verdict import Finding, Verdict, combine

OF_LATE = timedelta(minutes=30)
# What a person reads of a deadline that has spoken.
ROLLED_BACK = "rolled back by spec.rollout.onDeadline"
UNPROVEN = "promoted by spec.rollout.onDeadline, though not shown to be good"


def advance(observed: Observed, spec: Spec, status: Status, findings: tuple[Finding, ...], now: datetime) -> Status:
    """Return the status after the move, if any, that the verdict asks for and nothing keeps from being made."""
    if status.trial is not None:
        return _advance_trial(Situation(observed, spec, status, status.trial, findings, now))
    if status.probation is not None:
        return _advance_probation(observed, spec, status, status.probation, findings, now)
    return status


def _advance_trial(situation: Situation) -> Status:
    status, trial = situation.status, situation.trial
    failure = _failure(situation)
    if failure and may_end(situation.observed, status, trial):
        return moves.reject(status, trial, failure, situation.now)
    if failure:
        return moves.hold(status, trial, f"{WAITS_FOR_STABLE}; {failure}")
    if untried := goes_untried(situation.observed, trial) if status.stable is not None else "":
        return _take_over(situation, untried)
    objected = objection(situation)
    situation = deadline.clocked(situation, objected)
    if objected is None:
        return _next_stage(situation)
    if deadline.is_overdue(situation, objected):
        return _on_deadline(situation, objected)
    return moves.hold(status, situation.trial, objected.message, objected.reason)


def _take_over(situation: Situation, why: str) -> Status:
    """A candidate that is not tried, or not to the end, needs its pods and no verdict.

    In its probation it is compared with what stable did of late: of a stage there may have been too little.
    """
    objected = objection(situation, UNTRIED)
    if objected is None:
        since = min(situation.trial.stage_since, situation.now - OF_LATE)
        return _promoted(replace(situation, trial=replace(situation.trial, stage_since=since)), why)
    return moves.hold(situation.status, situation.trial, f"{why}; {objected.message}", objected.reason)


def _failure(situation: Situation) -> str:
    """Say why the candidate must go, empty where it need not: the verdict, or predictors that refused the artifact.

    Where nothing else could serve, a refused artifact waits: it may be mended in the store. And where another pod has
    found it to be what was promised, it was not the artifact that was wrong.
    """
    if MOVES.get((situation.trial.stage, situation.verdict)) is Move.REJECT:
        return situation.why(Verdict.FAIL)
    alone = situation.status.stable is None or situation.pods.ready > 0
    return "" if alone else situation.pods.refusal


def _on_deadline(situation: Situation, objected: Objection) -> Status:
    """The trial takes too long; the spec says what happens.

    Only a person may decide where evidence cannot be had, and where there is no stable version to go back to.
    """
    status, trial, now = situation.status, situation.trial, situation.now
    message = deadline.too_long(situation, objected)
    held = moves.hold(status, trial, message, deadline.reason(situation))
    if blindness(situation.observed) or status.stable is None:
        return held
    match situation.rollout.on_deadline:
        case OnDeadline.ROLLBACK if may_end(situation.observed, status, trial):
            return moves.reject(status, trial, f"{message}; {ROLLED_BACK}", now)
        case OnDeadline.PROMOTE if not all_approved(situation):
            return held
        case OnDeadline.PROMOTE if situation.pods.available >= situation.spec.serving.replicas:
            return _promoted(situation, f"{UNPROVEN}; {message}")
        case OnDeadline.PROMOTE:
            needs_a_person = deadline.reason(situation) if situation.pods.trouble else ""
            return moves.hold(replace(status, findings=()), _last(situation), message, needs_a_person)
        case OnDeadline.ROLLBACK | OnDeadline.PAUSE:
            return held


def _last(situation: Situation) -> Trial:
    """Return the trial as it is when only scaling up is left."""
    canary, trial = situation.rollout.canary, situation.trial
    steps = len(canary.steps) if canary is not None else 0
    compared = judged_since(situation.status) is not None
    left_out = trial.restarts_left_out if compared else until_now(situation.observed)
    return replace(trial, stage=Stage.CANARY, step=steps, taking_over=True, restarts_left_out=left_out)


def _advance_probation(
    observed: Observed, spec: Spec, status: Status, probation: Probation, findings: tuple[Finding, ...], now: datetime
) -> Status:
    promoted = status.stable.revision if status.stable is not None else ""
    match MOVES[Stage.PROBATION, combine(findings)]:
        case Move.REVERT if may_move(observed, away=promoted, to=probation.previous.revision):
            failed = "; ".join(finding.line() for finding in findings if finding.verdict is Verdict.FAIL)
            return moves.revert(status, probation, Outcome.ROLLED_BACK, failed, now, refused=True)
        case Move.FINISH if _is_over(observed, spec, promoted, probation, now):
            return moves.finish(status, now)
        case _:
            return status


def _is_over(observed: Observed, spec: Spec, promoted: str, probation: Probation, now: datetime) -> bool:
    """Say whether the old revision may go.

    While evidence cannot be had, or the gateway does not send everything to the promoted one, it stays, up to the
    deadline.
    """
    rollout, lasted = spec.rollout, now - probation.since
    waits = blindness(observed) != () or gateway_trouble(observed, spec, promoted, FULL) != ""
    longest = max(rollout.probation, rollout.progress_deadline) if waits else rollout.probation
    return lasted >= longest and not rollout.paused


def _next_stage(situation: Situation) -> Status:
    status, trial, rollout, now = situation.status, situation.trial, situation.rollout, situation.now
    if status.stable is None:
        return _promoted(situation, "the first version: nothing to compare it with")
    if trial.stage is not Stage.CANARY:
        shadowed = trial.stage is Stage.SHADOW or rollout.shadow is None
        entered = Stage.CANARY if shadowed else Stage.SHADOW
        return moves.enter(status, trial, entered, until_now(situation.observed), now)
    if rollout.canary is not None and not takes_over(rollout, trial):
        return moves.step_up(status, trial, len(rollout.canary.steps))
    cut_short = rollout.canary is None and (trial.step or status.weight)
    passed = "spec.rollout.canary was switched off" if cut_short else "passed every stage"
    approval = requests.approval(situation.observed.annotations, trial.candidate.revision)
    return _promoted(situation, "; ".join(filter(None, (passed, approval, situation.why(Verdict.PASS)))))


def _promoted(situation: Situation, message: str) -> Status:
    """A version that comes back has shown what it is: what it replaces must not take its place again."""
    probation = timedelta(0) if situation.trial.returning else situation.rollout.probation
    left_out = at_promotion(situation.observed)
    return moves.promote(situation.status, situation.trial, probation, left_out, message, situation.now)
