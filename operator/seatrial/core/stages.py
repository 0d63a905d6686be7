"""What a trial's stages ask for: their weights, pods and times, and whether traffic may move."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from seatrial.api import requests
from seatrial.api.spec import Rollout, Spec, Step
from seatrial.api.status import RevisionRef, Stage, Status, Trial
from seatrial.core.objects.common import revision_name
from seatrial.core.observed import Observed, Pods

NO_PODS = Pods(wanted=0, ready=0, available=0, restarts=None)


def fitted(rollout: Rollout, trial: Trial) -> Trial:
    """Return the trial with a step that there is, where the steps have become fewer, or more, since it began it.

    What has not passed the last step has it before it; what had passed it goes on with what came after.
    """
    count = len(rollout.canary.steps) if rollout.canary is not None else 0
    if trial.stage is not Stage.CANARY or not count:
        return trial
    if trial.taking_over and trial.step >= count:
        return replace(trial, step=count)
    return replace(trial, step=min(trial.step, count - 1), taking_over=False)


def step_of(rollout: Rollout, trial: Trial) -> Step | None:
    """Return the canary step that goes on, None in another stage and after the last."""
    canary = rollout.canary
    if canary is None or trial.stage is not Stage.CANARY or trial.step >= len(canary.steps):
        return None
    return canary.steps[trial.step]


def step_weight(rollout: Rollout, trial: Trial) -> int:
    """Return the weight that the trial's stage and step ask for, in percent."""
    if trial.stage is not Stage.CANARY or rollout.canary is None:
        return 0
    return rollout.canary.steps[min(trial.step, len(rollout.canary.steps) - 1)].weight


def takes_over(rollout: Rollout, trial: Trial) -> bool:
    """Say whether the last step has passed: what is left is to scale up and to take over."""
    steps = rollout.canary.steps if rollout.canary is not None else ()
    return trial.stage is Stage.CANARY and trial.step >= len(steps)


def goes_untried(observed: Observed, trial: Trial) -> str:
    """Say why a candidate takes over without a trial, or before its end; empty where it does not."""
    if trial.returning:
        return "it served before and comes back without a trial"
    asked = requests.promotes(observed.annotations, trial.candidate.revision)
    return f"promoted by the annotation {requests.PROMOTE}" if asked else ""


def remaining(rollout: Rollout, trial: Trial, now: datetime) -> timedelta:
    """Return how much longer the stage or step must last."""
    if trial.stage is Stage.SHADOW and rollout.shadow is not None:
        return trial.stage_since + rollout.shadow.minimum_duration - now
    if trial.stage is Stage.CANARY and rollout.canary is not None and not takes_over(rollout, trial):
        return (trial.step_since or now) + rollout.canary.lasts(trial.step) - now
    return timedelta(0)


def is_left_out(rollout: Rollout, stage: Stage) -> bool:
    """Say whether nothing is judged at the stage: before there is traffic, or where the spec leaves it out."""
    judged = {Stage.SHADOW: rollout.shadow is not None, Stage.CANARY: rollout.canary is not None}
    return not judged.get(stage, False)


def kept(status: Status) -> tuple[RevisionRef, ...]:
    """Return the revisions that are kept up, stable first."""
    candidate = status.trial.candidate if status.trial is not None else None
    previous = status.probation.previous if status.probation is not None else None
    return tuple(ref for ref in (status.stable, candidate, previous) if ref is not None)


def going(observed: Observed, status: Status) -> Mapping[str, Pods]:
    """Return the pods of the revisions that are not kept up: they retire, or could not be removed yet."""
    staying = {ref.revision for ref in kept(status)}
    return {revision: pods for revision, pods in observed.pods.items() if revision not in staying}


def is_drained(observed: Observed, spec: Spec, status: Status) -> bool:
    """Say whether a canary's traffic goes to stable and candidate alone: without a route, all pods get some."""
    alone = spec.route is not None or status.stable is None
    return alone or not (status.retiring or going(observed, status))


def gateway_trouble(observed: Observed, spec: Spec, revision: str, weight: int) -> str:
    """Say why the gateway does not send a revision its weight (percent) yet; empty where it does, or there is none."""
    if spec.route is None:
        return ""
    if observed.route is None:
        return "there is no HTTPRoute yet"
    if not observed.route.accepted:
        return observed.route.message
    found = observed.route.weights.get(revision_name(observed.key.name, revision), 0)
    return "" if found == weight else f"the HTTPRoute sends {found} % to revision {revision}, not yet {weight} %"


def routed(observed: Observed, patience: timedelta, now: datetime) -> frozenset[str]:
    """Return the revisions to which the gateway may send some of the traffic, whatever status says.

    It has what the HTTPRoute says when it has answered for it. Until then it may have what was before: any of the
    route's backends, but for no longer than `patience` after that revision retired.
    """
    route = observed.route
    if route is None:
        return frozenset()
    weights = {one: route.weights.get(revision_name(observed.key.name, one)) for one in observed.pods}
    recent = {one.revision for one in observed.status.retiring if now - one.since < patience}
    unsure = recent if not route.accepted else frozenset[str]()
    return frozenset(one for one, weight in weights.items() if weight or (weight is not None and one in unsure))


def pods_of(observed: Observed, revision: str) -> Pods:
    """Return a revision's pods."""
    return observed.pods.get(revision, NO_PODS)


def may_move(observed: Observed, away: str, to: str) -> bool:
    """Say whether traffic may move between two revisions: never to one without pods from one that has some."""
    return pods_of(observed, to).available > 0 or pods_of(observed, away).available == 0


def may_end(observed: Observed, status: Status, trial: Trial) -> bool:
    """Say whether the trial can end, which gives the candidate's traffic back to stable."""
    if status.stable is None or status.weight == 0:
        return True
    return may_move(observed, away=trial.candidate.revision, to=status.stable.revision)
