"""The plan: what each revision runs and what traffic it gets, for a status and the pods that are there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from seatrial.api.spec import Spec
from seatrial.api.status import Stage, Status
from seatrial.core.observed import Observed, Unknown
from seatrial.core.recipe import Recipe
from seatrial.core.replicas import candidate_replicas, needed_replicas, serving_replicas
from seatrial.core.stages import gateway_trouble, is_drained, kept, may_end, pods_of, step_weight
from seatrial.core.target import with_version_of
from seatrial.core.traffic import MAXIMUM_BACKENDS, weights


@dataclass(frozen=True, slots=True)
class Plan:
    """What should run: recipes by revision, replicas of each that is kept up, weights of those in the route."""

    recipes: Mapping[str, Recipe]
    replicas: Mapping[str, int]
    weights: Mapping[str, int]


def with_weight(observed: Observed, spec: Spec, status: Status, now: datetime) -> Status:
    """Return the status with the weight that the candidate's available pods can carry.

    A weight only goes up when the pods for it are there, and is nothing when there are none, or when others would get
    traffic too. It does not go down while stable has no pods that could take the traffic. Its step begins once it is in
    effect, and anew where somebody sets another weight for it.
    """
    trial = status.trial
    if trial is None or trial.stage is not Stage.CANARY or status.stable is None:
        return replace(status, weight=0)
    wanted = step_weight(spec.rollout, trial)
    available = pods_of(observed, trial.candidate.revision).available
    least = 0 if may_end(observed, status, trial) else status.weight
    if available == 0 or not is_drained(observed, spec, status):
        return replace(status, weight=least, trial=replace(trial, step_since=None))
    if available < needed_replicas(observed, spec, status, trial):
        return replace(status, weight=max(least, min(status.weight, wanted)))
    weight = max(least, wanted)
    in_effect = weight == status.weight and not gateway_trouble(observed, spec, trial.candidate.revision, weight)
    begun = trial.step_since if weight == status.weight else None
    since = begun or (now if in_effect else None)
    return replace(status, weight=weight, trial=replace(trial, step_since=since))


def plan(observed: Observed, spec: Spec, status: Status, wanted: Recipe | Unknown, now: datetime) -> Plan:
    """Return what should run for a status that has its weight."""
    candidate = status.trial.candidate.revision if status.trial is not None else None
    idle = [ref.revision for ref in kept(status)]
    idle += [retired.revision for retired in reversed(status.retiring) if retired.revision in observed.pods]
    idle = idle[:MAXIMUM_BACKENDS]
    shares = {} if status.stable is None else weights(status.stable.revision, candidate, status.weight, idle)
    return Plan(_recipes(observed, status, wanted), _replicas(observed, spec, status, now), shares)


def _replicas(observed: Observed, spec: Spec, status: Status, now: datetime) -> dict[str, int]:
    replicas = {ref.revision: serving_replicas(observed, spec, status, ref.revision, now) for ref in kept(status)}
    if status.trial is not None:
        replicas[status.trial.candidate.revision] = candidate_replicas(observed, spec, status, status.trial)
    return replicas


def _recipes(observed: Observed, status: Status, wanted: Recipe | Unknown) -> dict[str, Recipe]:
    """Return every recipe that is known: those kept in the cluster, the wanted one, and what the spec makes of others.

    A revision whose recipe was lost between two writes is found again here, as long as the spec is what it was.
    """
    if isinstance(wanted, Unknown):
        return dict(observed.recipes)
    rebuilt = [wanted, *(with_version_of(ref, wanted) for ref in kept(status))]
    return {recipe.revision: recipe for recipe in rebuilt} | dict(observed.recipes)
