"""What may keep a trial from going on, in the order in which it is asked, each with the words that the user reads."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from seatrial.api import requests
from seatrial.api.conditions import Reason
from seatrial.api.quantities import format_duration, how_many
from seatrial.api.spec import Approval, Rollout, Spec
from seatrial.api.status import Stage, Status, Trial
from seatrial.core.blindness import unseen
from seatrial.core.judging import backstops, check_names
from seatrial.core.observed import Observed, Pods, Unknown
from seatrial.core.replicas import needed_replicas
from seatrial.core.stages import (
    gateway_trouble,
    is_drained,
    is_left_out,
    pods_of,
    remaining,
    step_of,
    step_weight,
)
from seatrial.core.target import wanted_recipe
from seatrial.judge.verdict import Finding, Verdict, combine

# What a person reads where traffic cannot go back yet.
WAITS_FOR_STABLE = "waits for a pod of the stable version that can take the traffic back"


@dataclass(frozen=True, slots=True)
class Situation:
    """A trial at a moment: everything that a guard may look at. `findings` are those of the stage that goes on."""

    observed: Observed
    spec: Spec
    status: Status
    trial: Trial
    findings: tuple[Finding, ...]
    now: datetime

    @property
    def rollout(self) -> Rollout:
        """The rules of the trial."""
        return self.spec.rollout

    @property
    def pods(self) -> Pods:
        """The candidate's pods."""
        return pods_of(self.observed, self.trial.candidate.revision)

    @property
    def verdict(self) -> Verdict:
        """The stage's verdict; where there is nothing to compare, or the spec leaves the stage out, only a Fail counts.

        It must still be a Pass while the candidate scales up after the last step.
        """
        verdict = combine(self._telling())
        judged = self.status.stable is not None and not is_left_out(self.rollout, self.trial.stage)
        waits = judged and set(check_names(self.rollout, self.trial.stage)) - self._backstops()
        return Verdict.PASS if verdict is Verdict.INCONCLUSIVE and not waits else verdict

    def why(self, verdict: Verdict) -> str:
        """Return the lines of the findings with this verdict."""
        return "; ".join(finding.line() for finding in self._telling() if finding.verdict is verdict)

    def _telling(self) -> tuple[Finding, ...]:
        """Return the findings that count: of a backstop only a Fail does, or a Pass."""
        unsure = self._backstops()
        return tuple(f for f in self.findings if f.verdict is not Verdict.INCONCLUSIVE or f.check not in unsure)

    def _backstops(self) -> frozenset[str]:
        return backstops(self.rollout, self.trial.stage, regression=self.observed.is_regression)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a trial does not go on.

    `reason` is set where it waits for a person. What is `excused` is no lack of progress: its time does not count
    toward the deadline.
    """

    message: str
    reason: str = ""
    excused: bool = False


Guard = Callable[[Situation], Objection | None]


def not_paused(situation: Situation) -> Objection | None:
    """A person said: wait. A Fail does not wait."""
    if not situation.rollout.paused:
        return None
    return Objection("paused by spec.rollout.paused; set it to false to go on", Reason.PAUSED, excused=True)


def still_wanted(situation: Situation) -> Objection | None:
    """What is no longer wanted goes no further: it has traffic only until stable can take it back."""
    wanted = wanted_recipe(situation.observed)
    if isinstance(wanted, Unknown) or wanted.revision == situation.trial.candidate.revision:
        return None
    return Objection(f"version {wanted.version} is wanted now; {WAITS_FOR_STABLE}", excused=True)


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
    if is_drained(situation.spec, situation.status):
        return None
    return Objection("waits until the pods of the last revision are gone")


def pods_available(situation: Situation) -> Objection | None:
    """No traffic before there are pods for it."""
    observed, spec, status, trial = situation.observed, situation.spec, situation.status, situation.trial
    needed, pods = needed_replicas(observed, spec, status, trial), situation.pods
    if pods.available >= needed:
        return None
    trouble = pods.trouble or ("those of a revision that retires go first" if status.retiring else "")
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
    """Every check says Pass; Inconclusive waits."""
    if situation.verdict is Verdict.PASS:
        return None
    return Objection(situation.why(Verdict.INCONCLUSIVE))


def approved(situation: Situation) -> Objection | None:
    """A person says that the canary may go on from this step, where the spec asks for it. A Fail does not wait."""
    step, candidate = step_of(situation.rollout, situation.trial), situation.trial.candidate
    if step is None or step.approval is not Approval.REQUIRED:
        return None
    if requests.approves(situation.observed.annotations, candidate.revision, step.weight):
        return None
    name, value = situation.observed.key.name, requests.promote_value(candidate.revision, step.weight)
    how = f"`seatrial promote {name}`, or the annotation {requests.PROMOTE}={value}"
    what = f"step {situation.trial.step + 1} ({step.weight} %) passes and waits for approval: {how}"
    return Objection(what, Reason.AWAITING_APPROVAL, excused=True)


GUARDS: tuple[Guard, ...] = (
    not_paused,
    still_wanted,
    not_aborted,
    not_scaled_to_zero,
    drained,
    pods_available,
    pods_seen,
    weight_in_effect,
    long_enough,
    passes,
    approved,
)
# What keeps a candidate that takes over without being tried: a person asks for it, or it served before.
UNTRIED: tuple[Guard, ...] = (not_paused, still_wanted, not_aborted, not_scaled_to_zero, pods_available)


def objection(situation: Situation, guards: Iterable[Guard] = GUARDS) -> Objection | None:
    """Return the first objection, None where nothing keeps the trial from going on."""
    return next((found for guard in guards if (found := guard(situation)) is not None), None)
