"""The plan: what each revision runs and what traffic it gets, for a status and the pods that are there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from seatrial.api.spec import Spec
from seatrial.api.status import RevisionRef, Stage, Status, Trial
from seatrial.core.guards import NO_PODS, needed_replicas, step_weight
from seatrial.core.observed import Observed, Unknown
from seatrial.core.recipe import Recipe
from seatrial.core.target import served_recipe
from seatrial.core.traffic import weights


@dataclass(frozen=True, slots=True)
class Plan:
    """What should run: recipes by revision, replicas of each that is kept up, weights of those that get traffic."""

    recipes: Mapping[str, Recipe]
    replicas: Mapping[str, int]
    weights: Mapping[str, int]


def with_weight(observed: Observed, spec: Spec, status: Status, now: datetime) -> Status:
    """Return the status with the weight that the candidate's available pods can carry.

    A weight only goes up when the pods for it are there, and is nothing when there are none.
    """
    trial = status.trial
    if trial is None or trial.stage is not Stage.CANARY or status.stable is None:
        return replace(status, weight=0)
    wanted = step_weight(spec.rollout, trial)
    available = observed.pods.get(trial.candidate.revision, NO_PODS).available
    if available == 0:
        return replace(status, weight=0, trial=replace(trial, step_since=None))
    if available < needed_replicas(spec, status, trial):
        return replace(status, weight=min(status.weight, wanted))
    return replace(status, weight=wanted, trial=replace(trial, step_since=trial.step_since or now))


def plan(observed: Observed, spec: Spec, status: Status, wanted: Recipe | Unknown) -> Plan:
    """Return what should run for a status that has its weight."""
    candidate = status.trial.candidate.revision if status.trial is not None else None
    shares = {} if status.stable is None else weights(status.stable.revision, candidate, status.weight)
    return Plan(_recipes(observed, wanted), dict(_replicas(spec, status)), shares)


def kept(status: Status) -> tuple[RevisionRef, ...]:
    """Return the revisions that are kept up, stable first."""
    candidate = status.trial.candidate if status.trial is not None else None
    previous = status.probation.previous if status.probation is not None else None
    return tuple(ref for ref in (status.stable, candidate, previous) if ref is not None)


def _replicas(spec: Spec, status: Status) -> dict[str, int]:
    replicas = {ref.revision: spec.serving.replicas for ref in kept(status)}
    if status.trial is not None:
        replicas[status.trial.candidate.revision] = _candidate_replicas(spec, status, status.trial)
    return replicas


def _candidate_replicas(spec: Spec, status: Status, trial: Trial) -> int:
    if status.stable is None:
        return spec.serving.replicas
    return min(needed_replicas(spec, status, trial), max(1, spec.serving.replicas))


def _recipes(observed: Observed, wanted: Recipe | Unknown) -> dict[str, Recipe]:
    """Return every recipe that is known: those kept in the cluster, the wanted one, and what the spec makes of others.

    A revision whose recipe was lost between two writes is found again here, as long as the spec is what it was.
    """
    recipes = dict(observed.recipes)
    if isinstance(wanted, Unknown):
        return recipes
    served, stable = served_recipe(observed, wanted), observed.status.stable
    rebuilt = [wanted, *([served] if served else [])]
    rebuilt += [replace(wanted, version=stable.version, digest=stable.digest)] if stable else []
    return {recipe.revision: recipe for recipe in rebuilt} | recipes
