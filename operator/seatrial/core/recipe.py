"""A revision is the hash of a recipe: of everything that its pods run, and of nothing else.

Recipes are kept in the cluster as ControllerRevisions, so that the pods of a revision can be made again after the
spec has moved on.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any

from seatrial.contract.canonical import canonical_json
from seatrial.contract.names import REVISION_LENGTH


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a pod runs: the model version by digest, where it comes from, the image, and how it is served.

    Durations are in seconds. Not replicas, rollout or monitoring: changing those makes no new revision, but for
    whether predictions are collected. `image_by_default` says that the spec named no image; pods know nothing of it.
    `shadow_sample` is the percent of requests that it asks to be copied to it: it stays what it was when the pods came,
    and makes no new revision either.
    """

    store: str
    model: str
    version: str
    digest: str
    endpoint: str | None
    region: str | None
    secret: str | None
    image: str
    resources: Mapping[str, Any] = field(default_factory=dict)
    maximum_batch: int = 64
    maximum_delay: float = 0.0
    timeout: float = 1.0
    collects: bool = False
    image_by_default: bool = False
    shadow_sample: int = 100

    @property
    def revision(self) -> str:
        """The recipe's hash: ten hexadecimal digits, which fit into names and labels.

        What has its default is left out: a field that a newer operator adds makes no new revision of an old recipe.
        """
        run = {name: getattr(self, name) for name in _RUN}
        said = {name: value for name, value in run.items() if value != _DEFAULTS.get(name, MISSING)}
        return hashlib.sha256(canonical_json(said)).hexdigest()[:REVISION_LENGTH]


def what_differs(one: Recipe, other: Recipe) -> tuple[str, ...]:
    """Return the fields in which two recipes make different revisions, in a person's words."""
    differ = (name for name in _RUN if getattr(one, name) != getattr(other, name))
    return tuple(_WORDS.get(name, name.replace("_", " ")) for name in differ)


_RUN = [item.name for item in fields(Recipe) if item.name not in ("image_by_default", "shadow_sample")]
_WORDS = {"collects": "need to collect (a check on accuracy, monitoring.accuracy, training)"}
_DEFAULTS: Mapping[str, Any] = {"resources": {}} | {
    item.name: item.default for item in fields(Recipe) if item.default is not MISSING
}


def recipe_from(document: Mapping[str, Any]) -> Recipe | None:
    """Read a recipe that was kept with `asdict`; None where it is not one (made by hand, or by a newer operator)."""
    try:
        recipe = Recipe(**document)
        # The API server gives 1.0 back as 1, and the hash must not depend on that.
        return replace(recipe, maximum_delay=float(recipe.maximum_delay), timeout=float(recipe.timeout))
    except (TypeError, ValueError):
        return None
