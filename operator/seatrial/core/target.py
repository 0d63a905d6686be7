"""What should serve, as a recipe: from the spec, the version that it or its channel names, and what serves already."""

from dataclasses import replace

from seatrial.api.spec import Spec
from seatrial.api.status import RevisionRef
from seatrial.core.observed import Observed, Unknown
from seatrial.core.recipe import Recipe


def reference_to(recipe: Recipe) -> RevisionRef:
    """Return the short form of a recipe that status keeps."""
    return RevisionRef(recipe.revision, recipe.version, recipe.digest)


def wanted_recipe(observed: Observed) -> Recipe | Unknown:
    """Return the recipe that the spec asks for now, or why it cannot be known."""
    if isinstance(observed.spec, Unknown):
        return observed.spec
    if isinstance(observed.target, Unknown):
        return observed.target
    return _recipe(observed, observed.spec, observed.target.version, observed.target.digest)


def served_recipe(observed: Observed, wanted: Recipe) -> Recipe | None:
    """Return the recipe of what the store says this deployment served last, where that is another version."""
    record = observed.serving
    if record is None or isinstance(record, Unknown) or record.digest == wanted.digest:
        return None
    return replace(wanted, version=record.version, digest=record.digest)


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
        resources=serving.resources,
        maximum_batch=serving.maximum_batch,
        maximum_delay=serving.maximum_delay.total_seconds(),
        timeout=serving.timeout.total_seconds(),
        collects=spec.collects,
    )


def _default_image(observed: Observed, digest: str) -> str:
    """A version that runs already keeps its image: a new operator's default rolls nothing by itself."""
    status = observed.status
    running = [status.trial.candidate] if status.trial else []
    running += [status.stable] if status.stable else []
    for ref in running:
        recipe = observed.recipes.get(ref.revision)
        if ref.digest == digest and recipe is not None:
            return recipe.image
    return observed.defaults.runtime_image
