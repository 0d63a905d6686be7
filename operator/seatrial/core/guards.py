"""What may keep a trial from going on, in the order in which it is asked, each with the words that the user reads."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from seatrial.api import requests
from seatrial.api.conditions import Reason
from seatrial.api.quantities import format_duration, how_many
from seatrial.api.spec import Approval, Step
from seatrial.api.status import Stage
from seatrial.core.blindness import unseen
from seatrial.core.observed import Evidence, Unknown
from seatrial.core.replicas import needed_replicas
from seatrial.core.situation import Objection, Situation
from seatrial.core.stages import (
    gateway_trouble,
    going,
    is_drained,
    remaining,
    step_of,
    step_weight,
)
from seatrial.core.table import MOVES, Move
from seatrial.core.target import names_another, wanted_recipe
from seatrial.core.user_queries import silent
from seatrial.judge.verdict import Verdict

# What a person reads where traffic cannot go back yet.
WAITS_FOR_STABLE = "waits for a pod of the stable version that can take the traffic back"


Guard = Callable[[Situation], Objection | None]


def not_paused(situation: Situation) -> Objection | None:
    """A person said: wait, or made a mistake in the spec. A Fail does not wait."""
    if isinstance(situation.observed.spec, Unknown):
        return Objection("waits for a spec that is valid", Reason.INVALID_SPEC, excused=True)
    if not situation.rollout.paused:
        return None
    return Objection("paused by spec.rollout.paused; set it to false to go on", Reason.PAUSED, excused=True)


def still_wanted(situation: Situation) -> Objection | None:
    """What is no longer wanted goes no further: it has traffic only until stable can take it back."""
    wanted, candidate = wanted_recipe(situation.observed), situation.trial.candidate
    if isinstance(wanted, Unknown):
        other = names_another(situation.observed, candidate)
    else:
        other = f"version {wanted.version} is wanted now" if wanted.revision != candidate.revision else ""
    return Objection(f"{other}; {WAITS_FOR_STABLE}", excused=True) if other else None


def not_aborted(situation: Situation) -> Objection | None:
    """What a person has aborted goes no further either."""
    if not requests.aborts(situation.observed.annotations, situation.trial.candidate.revision):
        return None
    return Objection(f"aborted by the annotation {requests.ABORT}; {WAITS_FOR_STABLE}", excused=True)


def not_scaled_to_zero(situation: Situation) -> Objection | None:
    """Without pods nothing can be tried."""
    if situation.spec.serving.replicas > 0 or situation.status.stable is None:
        return None
    return Objection("spec.serving.replicas is 0: nothing is tried until there are pods again", excused=True)


def drained(situation: Situation) -> Objection | None:
    """Without a route every predictor pod gets traffic in a canary, so those of an earlier candidate must be gone."""
    if is_drained(situation.observed, situation.spec, situation.status):
        return None
    others = ", ".join(sorted(going(situation.observed, situation.status)))
    return Objection(
        f"waits until the pods of {f'revision {others}' if others else 'the last revision'} are gone", excused=True
    )


def pods_available(situation: Situation) -> Objection | None:
    """No traffic before there are pods for it."""
    observed, spec, status, trial = situation.observed, situation.spec, situation.status, situation.trial
    needed, pods = needed_replicas(observed, spec, status, trial), situation.pods
    if pods.available >= needed:
        return None
    others = ", ".join(sorted(going(observed, status))) if status.stable is not None else ""
    trouble = pods.trouble or (f"those of revision {others} go first" if others else "")
    counted = f"waits for {how_many(needed, 'available pod')} of the candidate, has {pods.available}"
    return Objection(": ".join(filter(None, (counted, trouble))))


def pods_seen(situation: Situation) -> Objection | None:
    """Nothing goes on of which it is not known whether it lives."""
    trouble = unseen(situation.observed)
    return Objection(f"waits for word of all pods: {trouble}") if trouble else None


def weight_in_effect(situation: Situation) -> Objection | None:
    """A step counts from when the gateway has its weight, and goes on only as long as it has."""
    weight, trial = step_weight(situation.rollout, situation.trial), situation.trial
    if trial.stage is not Stage.CANARY or weight == 0:
        return None
    trouble = gateway_trouble(situation.observed, situation.spec, trial.candidate.revision, weight)
    if trouble:
        return Objection(f"waits for the gateway: {trouble}")
    return Objection(f"waits for the weight of {weight} % to take effect") if trial.step_since is None else None


def queries_are_right(situation: Situation) -> Objection | None:
    """What a user asks in a way that cannot be answered tells nothing, however long one waits. A Fail does not wait."""
    evidence = situation.observed.evidence
    asked = evidence.readings if isinstance(evidence, Evidence) else {}
    wrong = [(name, said) for name, said in asked.items() if isinstance(said, Unknown)]
    mistakes = [f"the check {name}: {said.message}" for name, said in wrong if said.reason is Reason.INVALID_SPEC]
    mistakes += silent(situation.spec, situation.status, asked, situation.now)
    return Objection("; ".join(mistakes), Reason.INVALID_SPEC, excused=True) if mistakes else None


def long_enough(situation: Situation) -> Objection | None:
    """A stage, and each step of a canary, lasts at least as long as the spec says."""
    trial, left = situation.trial, remaining(situation.rollout, situation.trial, situation.now)
    if left <= timedelta(0):
        return None
    what = "shadow" if trial.stage is Stage.SHADOW else f"step {trial.step + 1}"
    unsure = situation.why(Verdict.INCONCLUSIVE) if situation.verdict is not Verdict.PASS else ""
    so_far = (
        f"{what}: {format_duration(left)} left; {unsure}"
        if unsure
        else f"{what} passes so far; {format_duration(left)} left"
    )
    return Objection(so_far, excused=True)


def passes(situation: Situation) -> Objection | None:
    """The verdict lets the trial go on; Inconclusive waits."""
    if MOVES.get((situation.trial.stage, situation.verdict)) is Move.ADVANCE:
        return None
    return Objection(situation.why(Verdict.INCONCLUSIVE))


def approved(situation: Situation) -> Objection | None:
    """A person says that the canary may go on from this step, where the spec asks for it. A Fail does not wait."""
    step, candidate = step_of(situation.rollout, situation.trial), situation.trial.candidate
    if step is None or _may_pass(situation, step):
        return None
    key = situation.observed.key
    value = requests.promote_value(candidate.revision, step.weight, situation.status.promoted)
    how = f"`seatrial promote {key.name} -n {key.namespace}`, or the annotation {requests.PROMOTE}={value}"
    what = f"step {situation.trial.step + 1} ({step.weight} %) passes and waits for approval: {how}"
    said = situation.observed.annotations.get(requests.PROMOTE)
    other = f"; it is {said[: requests.SHOWN]!r}, which approves nothing of it" if said is not None else ""
    return Objection(what + other, Reason.AWAITING_APPROVAL, excused=True)


def all_approved(situation: Situation) -> bool:
    """Say whether no step that is still to come, nor the one that goes on, waits for a person."""
    canary, trial = situation.rollout.canary, situation.trial
    first = trial.step if trial.stage is Stage.CANARY else 0
    return canary is None or all(_may_pass(situation, step) for step in canary.steps[first:])


def _may_pass(situation: Situation, step: Step) -> bool:
    revision = situation.trial.candidate.revision
    automatic = step.approval is not Approval.REQUIRED
    return automatic or requests.approves(situation.observed.annotations, revision, step.weight)


GUARDS: tuple[Guard, ...] = (
    not_paused,
    still_wanted,
    not_aborted,
    not_scaled_to_zero,
    drained,
    pods_available,
    pods_seen,
    weight_in_effect,
    queries_are_right,
    long_enough,
    passes,
    approved,
)
# What keeps a candidate that takes over without being tried: a person asks for it, or it served before.
UNTRIED: tuple[Guard, ...] = (not_paused, still_wanted, not_aborted, not_scaled_to_zero, pods_available)


def objection(situation: Situation, guards: Iterable[Guard] = GUARDS) -> Objection | None:
    """Return the first objection, None where nothing keeps the trial from going on."""
    return next((found for guard in guards if (found := guard(situation)) is not None), None)
