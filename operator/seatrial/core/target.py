"""What should serve, as a recipe: from the spec, the version that it or its channel names, and what serves already."""

from collections.abc import Iterator
from dataclasses import replace

from seatrial.api.conditions import Reason
from seatrial.api.spec import Shadow, Spec
from seatrial.api.status import RevisionRef, Status
from seatrial.contract.records import Pointer
from seatrial.core.moves import Outcome
from seatrial.core.observed import Observed, Unknown
from seatrial.core.recipe import Recipe
from seatrial.core.stages import pods_of


def reference_to(recipe: Recipe) -> RevisionRef:
    """Return the short form of a recipe that status keeps."""
    return RevisionRef(recipe.revision, recipe.version, recipe.digest)


def wanted_recipe(observed: Observed) -> Recipe | Unknown:
    """Return the recipe that the spec asks for now, or why it cannot be known."""
    if isinstance(observed.spec, Unknown):
        return observed.spec
    if isinstance(observed.target, Unknown):
        return _still_there(observed, observed.spec, observed.target) or observed.target
    return _recipe(observed, observed.spec, observed.target.version, observed.target.digest)


def names_another(observed: Observed, ref: RevisionRef) -> str:
    """Say what the spec names instead of a revision's version and digest, empty where it names these, or none."""
    if isinstance(observed.spec, Unknown):
        return ""
    model = observed.spec.model
    if model.version is not None and model.version != ref.version:
        return f"version {model.version} is wanted"
    if model.digest is not None and model.digest != ref.digest:
        return f"spec.model.digest is {model.digest}, and version {ref.version} has another"
    return ""


def _still_there(observed: Observed, spec: Spec, why: Unknown) -> Recipe | None:
    """A version never changes: while the store is away, a named one whose pods run is what it was when they came."""
    if why.reason is not Reason.STORE_UNREACHABLE or spec.model.version is None:
        return None
    pinned, known = spec.model.digest, observed.recipes.values()
    digests = {one.digest for one in known if one.version == spec.model.version and pinned in (None, one.digest)}
    made = (_recipe(observed, spec, spec.model.version, digest) for digest in sorted(digests))
    return next((one for one in made if pods_of(observed, one.revision).available > 0), None)


def served_recipe(observed: Observed, wanted: Recipe) -> Recipe | None:
    """Return the recipe of what the store says this deployment served last, None where that is what is wanted.

    Where its pods may still be there it is the recipe that they have, otherwise the one that the spec makes today.
    Where the store says nothing, it is what runs.
    """
    record = observed.serving
    if isinstance(record, Unknown):
        return None
    if record is None:
        return _running(observed, wanted)
    kept = _kept(observed, record)
    if kept is not None:
        return kept
    return None if record.digest == wanted.digest else with_version_of(record, wanted)


def _running(observed: Observed, wanted: Recipe) -> Recipe | None:
    """Return another recipe that has pods, of several the one that has the most, where status remembers nothing at all.

    Then it was lost, and what runs did serve: the wanted one may be untried.
    """
    status = observed.status
    if status.stable is not None or status.trial is not None or status.history or status.retiring:
        return None
    available = {one.revision: pods_of(observed, one.revision).available for one in observed.recipes.values()}
    others = [revision for revision, pods in available.items() if pods and revision != wanted.revision]
    most = max(others, key=lambda revision: (available[revision], revision), default="")
    return observed.recipes.get(most)


def is_doubtful(observed: Observed) -> bool:
    """Say whether somebody else must have written what status names as stable.

    It is on trial still; or another has a Deployment, and it was rejected, or neither its recipe nor its Deployment is
    there. And neither the store's record nor the history says that it serves. Before the operator makes a revision
    stable, all of it is there.
    """
    stable, trial = observed.status.stable, observed.status.trial
    if stable is None:
        return False
    on_trial = trial is not None and trial.candidate.revision == stable.revision
    others = any(revision != stable.revision for revision in observed.pods)
    rejected = any(one.revision == stable.revision for one in observed.status.rejected)
    known = stable.revision in observed.recipes or stable.revision in observed.pods
    recorded = isinstance(observed.serving, Pointer) and observed.serving.revision == stable.revision
    promoted = _promoted(observed.status)[:1] == [stable.revision]
    return (on_trial or (others and (rejected or not known))) and not recorded and not promoted


def rightful(observed: Observed) -> Recipe | None:
    """Return what serves where status cannot be believed: what the store's record names, or else was promoted last."""
    record = observed.serving
    if isinstance(record, Unknown):
        return None
    if record is not None:
        found = _kept(observed, record) or _made_today(observed, record)
        if found is not None:
            return found
    there = observed.recipes.keys() & observed.pods.keys()
    return next((observed.recipes[one] for one in _promoted(observed.status) if one in there), None)


def returns(observed: Observed, status: Status, revision: str) -> bool:
    """Say whether a revision comes back without a trial: it was promoted, and is still warm or in the window."""
    stable = status.stable.revision if status.stable is not None else ""
    before = [one for one in dict.fromkeys(_promoted(status)) if one != stable]
    warm = revision in {one.revision for one in status.retiring} and pods_of(observed, revision).available > 0
    window = 0 if isinstance(observed.spec, Unknown) else observed.spec.rollout.rollback_window
    return stable != "" and (revision in before[:window] or (warm and revision in before))


def cannot_tell(observed: Observed) -> bool:
    """Say whether status names what cannot be stable, and nothing says what is."""
    return is_doubtful(observed) and rightful(observed) is None


def awaited(observed: Observed) -> Recipe | None:
    """Return what should serve instead of what status names, while it has no pods and any other revision has some."""
    served = rightful(observed) if is_doubtful(observed) else None
    if served is None or pods_of(observed, served.revision).available > 0:
        return None
    return served if any(pods.available for pods in observed.pods.values()) else None


def _promoted(status: Status) -> list[str]:
    """Return the revisions whose last trial ended with a promotion, the latest first."""
    last = {one.revision: one.outcome for one in status.history}
    return [one.revision for one in reversed(status.history) if last[one.revision] == Outcome.PROMOTED]


def _kept(observed: Observed, record: Pointer) -> Recipe | None:
    """Return a recorded revision's recipe where the cluster still has it, with the digest that was recorded."""
    found = observed.recipes.get(record.revision)
    return found if found is not None and found.digest == record.digest else None


def _made_today(observed: Observed, record: Pointer) -> Recipe | None:
    """Return a recorded revision's recipe where it was lost, and the spec is still the one that it was made of."""
    wanted = wanted_recipe(observed)
    if isinstance(wanted, Unknown):
        return None
    made = with_version_of(record, wanted)
    return made if made.revision == record.revision else None


def with_version_of(ref: RevisionRef | Pointer, wanted: Recipe) -> Recipe:
    """Return the recipe that the spec makes today of another version."""
    return replace(wanted, version=ref.version, digest=ref.digest)


def _recipe(observed: Observed, spec: Spec, version: str, digest: str) -> Recipe:
    serving = spec.serving
    return Recipe(
        store=spec.model.store,
        model=spec.model.name,
        version=version,
        digest=digest,
        endpoint=spec.storage.endpoint,
        region=spec.storage.region,
        secret=spec.storage.secret,
        image=serving.image or _default_image(observed, digest),
        image_by_default=serving.image is None,
        resources=serving.resources,
        maximum_batch=serving.maximum_batch,
        maximum_delay=serving.maximum_delay.total_seconds(),
        timeout=serving.timeout.total_seconds(),
        collects=spec.collects,
        shadow_sample=spec.rollout.shadow.sample if spec.rollout.shadow is not None else Shadow().sample,
    )


def _default_image(observed: Observed, digest: str) -> str:
    """A version that was seen before keeps its image: a new operator's default rolls and retries nothing by itself."""
    seen = [recipe for recipe in _seen(observed) if recipe.digest == digest and recipe.image_by_default]
    return seen[0].image if seen else observed.defaults.runtime_image


def _seen(observed: Observed) -> Iterator[Recipe]:
    """Yield the recipes of what runs, then of what was rejected."""
    status, recipes = observed.status, observed.recipes
    candidate = status.trial.candidate if status.trial is not None else None
    previous = status.probation.previous if status.probation is not None else None
    running = [ref.revision for ref in (candidate, status.stable, previous) if ref is not None]
    yield from (recipes[revision] for revision in running if revision in recipes)
    yield from (recipes[one.revision] for one in reversed(status.rejected) if one.revision in recipes)
