"""What may keep a trial from going on, in the order in which it is asked, each with the words that the user reads."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from seatrial.api.conditions import Reason
from seatrial.api.quantities import format_duration
from seatrial.api.spec import Rollout, Spec
from seatrial.api.status import Stage, Status, Trial
from seatrial.core.observed import Observed, Pods
from seatrial.core.traffic import FULL, candidate_replicas

NO_PODS = Pods(wanted=0, ready=0, available=0)
# In shadow the candidate answers nobody: one pod is enough to see how it does.
SHADOW_REPLICAS = 1


@dataclass(frozen=True, slots=True)
class Situation:
    """A trial at a moment: everything that a guard may look at."""

    observed: Observed
    spec: Spec
    status: Status
    trial: Trial
    now: datetime

    @property
    def rollout(self) -> Rollout:
        """The rules of the trial."""
        return self.spec.rollout

    @property
    def pods(self) -> Pods:
        """The candidate's pods."""
        return self.observed.pods.get(self.trial.candidate.revision, NO_PODS)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a trial does not go on; `reason` is set where it waits for a person."""

    message: str
    reason: str = ""


Guard = Callable[[Situation], Objection | None]


def paused(situation: Situation) -> Objection | None:
    """A person said: wait."""
    if not situation.rollout.paused:
        return None
    return Objection("paused by spec.rollout.paused; set it to false to go on", Reason.PAUSED)


def draining(situation: Situation) -> Objection | None:
    """By replicas every predictor pod gets traffic, so those of an earlier candidate must be gone."""
    if situation.spec.route is not None or not situation.status.retiring or situation.trial.stage is Stage.CANARY:
        return None
    return Objection("waits until the pods of the last revision are gone")


def pods_available(situation: Situation) -> Objection | None:
    """No traffic before there are pods for it."""
    needed, pods = needed_replicas(situation.spec, situation.status, situation.trial), situation.pods
    if pods.available >= needed:
        return None
    trouble = f": {pods.trouble}" if pods.trouble else ""
    return Objection(f"waits for {needed} available pods of the candidate, has {pods.available}{trouble}")


def weight_in_effect(situation: Situation) -> Objection | None:
    """A step counts from when the gateway has its weight."""
    weight, trial = step_weight(situation.rollout, situation.trial), situation.trial
    if trial.stage is not Stage.CANARY or weight == 0:
        return None
    if trial.step_since is None:
        return Objection(f"waits for the weight of {weight} % to take effect")
    route = situation.observed.route
    if situation.spec.route is None or (route is not None and route.accepted):
        return None
    return Objection(f"waits for the gateway: {route.message if route else 'there is no HTTPRoute yet'}")


def duration_over(situation: Situation) -> Objection | None:
    """A stage lasts at least as long as the spec says."""
    trial, left = situation.trial, remaining(situation.rollout, situation.trial, situation.now)
    if left <= timedelta(0):
        return None
    what = "shadow" if trial.stage is Stage.SHADOW else f"step {trial.step + 1}"
    return Objection(f"{what} passes so far; {format_duration(left)} left")


GUARDS: tuple[Guard, ...] = (paused, draining, pods_available, weight_in_effect, duration_over)


def objection(situation: Situation) -> Objection | None:
    """Return the first objection, None where nothing keeps the trial from going on."""
    return next((found for guard in GUARDS if (found := guard(situation)) is not None), None)


def step_weight(rollout: Rollout, trial: Trial) -> int:
    """Return the weight that the trial's stage and step ask for, in percent."""
    if trial.stage is not Stage.CANARY or rollout.canary is None:
        return 0
    return rollout.canary.steps[min(trial.step, len(rollout.canary.steps) - 1)].weight


def takes_over(rollout: Rollout, trial: Trial) -> bool:
    """Say whether the last step has passed: what is left is to scale up and to take over."""
    steps = rollout.canary.steps if rollout.canary is not None else ()
    return trial.stage is Stage.CANARY and trial.step >= len(steps)


def needed_replicas(spec: Spec, status: Status, trial: Trial) -> int:
    """Return how many candidate pods the stage needs before it goes on."""
    if status.stable is None:
        return 1
    if takes_over(spec.rollout, trial):
        return spec.serving.replicas
    if trial.stage is Stage.CANARY:
        weight = min(step_weight(spec.rollout, trial), FULL - 1)
        return candidate_replicas(spec.serving.replicas, weight, by_replicas=spec.route is None)
    return SHADOW_REPLICAS


def remaining(rollout: Rollout, trial: Trial, now: datetime) -> timedelta:
    """Return how much longer the stage or step must last."""
    if trial.stage is Stage.SHADOW and rollout.shadow is not None:
        return trial.stage_since + rollout.shadow.minimum_duration - now
    if trial.stage is Stage.CANARY and rollout.canary is not None and not takes_over(rollout, trial):
        return (trial.step_since or now) + rollout.canary.step_duration - now
    return timedelta(0)
