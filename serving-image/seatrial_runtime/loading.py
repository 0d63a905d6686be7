"""From a version in the store to an estimator in memory, with nothing believed that was not checked.

In this order: the manifest's digest, each file's size and SHA-256, the types in the model's file, then the model
itself against the manifest.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import Manifest
from seatrial.contract.reference import MAXIMUM_BYTES, REFERENCE, Reference, parse_reference
from seatrial.contract.schema import Task, class_name
from seatrial.store.objects import ObjectStore, TooLargeError
from seatrial.store.versions import fetch_files, read_manifest
from seatrial_runtime.trust import BrokenModelError, UntrustedModelError, load_model


@dataclass(frozen=True, slots=True)
class Loaded:
    """A version that was checked and loaded. `reference` is None where the version has none."""

    manifest: Manifest
    digest: str
    reference: Reference | None
    estimator: Any


def load_version(
    store: ObjectStore,
    home: ModelHome,
    version: str,
    expected_digest: str | None,
    folder: Path,
    *,
    allow_pickle: bool = False,
) -> Loaded:
    """Download a version into an existing folder, check it and load its model. Blocks.

    Raises a StoreError (NotFoundError, TamperedError, …), DocumentError, or a ModelError: UntrustedModelError for a
    joblib model unless `allow_pickle` and for types that are not trusted, BrokenModelError for a model that is not
    what the manifest describes.
    """
    manifest, digest = read_manifest(store, home, version, expected=expected_digest)
    if manifest.format == "joblib" and not allow_pickle:
        raise UntrustedModelError(
            f"version {version} of {home.model} is a pickle (joblib), which can run any code, so it is not "
            "loaded; push the model again as another version: `seatrial push` makes it a skops file"
        )
    fetch_files(store, home, manifest, folder)
    reference = _reference(manifest, folder)
    estimator = load_model(folder / manifest.artifact, manifest.format, allow_pickle=allow_pickle)
    check_described(estimator, manifest)
    return Loaded(manifest, digest, reference, estimator)


def check_described(estimator: Any, manifest: Manifest) -> None:
    """Raise BrokenModelError where an estimator is not what its manifest describes."""
    if not hasattr(estimator, "predict"):
        raise BrokenModelError(f"{manifest.artifact} holds a {type(estimator).__name__}, which cannot predict")
    width = getattr(estimator, "n_features_in_", len(manifest.features))
    if width != len(manifest.features):
        raise BrokenModelError(f"the model takes {width} features; the manifest names {len(manifest.features)}")
    names = [feature.name for feature in manifest.features]
    fitted = [str(name) for name in getattr(estimator, "feature_names_in_", names)]
    if fitted != names:
        raise BrokenModelError(f"the model was fitted on {fitted}; the manifest names {names}")
    if manifest.output.task is Task.CLASSIFICATION:
        classes = tuple(class_name(value) for value in getattr(estimator, "classes_", ()))
        if classes != manifest.output.classes:
            raise BrokenModelError(f"the model's classes are {classes}; the manifest names {manifest.output.classes}")


def _reference(manifest: Manifest, folder: Path) -> Reference | None:
    file = manifest.files.get(REFERENCE)
    if file is None:
        return None
    if file.size > MAXIMUM_BYTES:
        raise TooLargeError(f"{REFERENCE} has {file.size} bytes; at most {MAXIMUM_BYTES} are read")
    return parse_reference((folder / REFERENCE).read_bytes())
