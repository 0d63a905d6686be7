"""What a training reads: the dataset, the labelled answers, the version that serves."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from seatrial.contract.canonical import canonical_json, digest_of
from seatrial.contract.layout import InvalidLocationError, ModelHome, parse_location
from seatrial.contract.manifest import Manifest
from seatrial.contract.names import InvalidNameError
from seatrial.contract.reading import DocumentError
from seatrial.contract.schema import Task
from seatrial.contract.training import Request
from seatrial.store.objects import NotFoundError, ObjectStore, TamperedError, TooLargeError
from seatrial.store.versions import read_manifest
from seatrial_runtime.loading import load_version
from seatrial_runtime.trainer.errors import DataError, RequestError
from seatrial_runtime.trainer.feedback import fit_rows, read_parts
from seatrial_runtime.trainer.schema import Dataset, Rows, check_dataset, join
from seatrial_runtime.trainer.tables import read_table
from seatrial_runtime.trust import ModelError

MAXIMUM_DATASET = 512 << 20  # bytes
# Labelled rows that tell what the world is like now: enough for a distribution, few enough to be of now.
FEWEST_RECENT, MOST_RECENT = 1000, 2000
_log = logging.getLogger(__name__)

OpenStore = Callable[[str], ObjectStore]  # a bucket's store


@dataclass(frozen=True, slots=True)
class ServingVersion:
    """The version that serves, as far as it could be read; `reason` says why its estimator could not be."""

    version: str
    manifest: Manifest | None = None
    estimator: Any = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """All rows to train on, where they come from, and the digest of all files that they were read from.

    The digest is the dataset's own where it is alone; with labelled rows it is that of the canonical JSON
    {"dataset": <its digest>, "labels": {<key>: <digest>}}. `recent` are the features of the newest labelled rows, None
    where they are too few: what the world is like now, which live traffic will be compared with.
    """

    rows: Rows
    dataset: Dataset
    sha256: str
    recent: pd.DataFrame | None = None


def read_serving(store: ObjectStore, home: ModelHome, request: Request, folder: Path) -> ServingVersion | None:
    """Load the version that serves, None where nothing does. A store that cannot answer now is an error."""
    version = request.serving_version
    if not version:
        return None
    manifest = None
    try:
        manifest, digest = read_manifest(store, home, version)
        if digest != request.serving_digest:
            raise TamperedError(f"its manifest is {digest}, and that of what serves {request.serving_digest}")
        folder.mkdir()
        loaded = load_version(store, home, version, digest, folder)
    except (NotFoundError, TamperedError, TooLargeError, DocumentError, InvalidNameError, ModelError) as error:
        _log.warning("the serving version cannot be loaded: %s", error, extra={"fields": {"version": version}})
        return ServingVersion(version, manifest, reason=str(error))
    return ServingVersion(version, loaded.manifest, loaded.estimator)


def read_material(
    request: Request, task: Task, serving: Manifest | None, home: ModelHome, open_store: OpenStore
) -> Material:
    """Read and check everything that is trained on; raises DataError or RequestError."""
    body = _fetch(request.dataset, open_store)
    dataset = check_dataset(read_table(request.dataset, body), request.target, task, serving)
    _log.info(
        "read the dataset",
        extra={"fields": {"rows": len(dataset.rows), "repeated": dataset.repeated, "ignored": dataset.ignored}},
    )
    if not request.include_feedback:
        return Material(dataset.rows, dataset, digest_of(body))
    return _with_feedback(request, task, dataset, digest_of(body), open_store(home.bucket), home)


def _with_feedback(
    request: Request, task: Task, dataset: Dataset, sha256: str, store: ObjectStore, home: ModelHome
) -> Material:
    parts = read_parts(store, home)
    classes = [] if task is Task.REGRESSION else sorted(set(dataset.rows.target))
    labelled = fit_rows([part.table for part in parts], dataset.features, request.target, task, classes)
    fields = {"parts": len(parts), "rows": len(labelled.rows), "dropped": dict(labelled.dropped)}
    _log.info("read the labelled answers", extra={"fields": fields})
    digest = digest_of(canonical_json({"dataset": sha256, "labels": {part.key: part.sha256 for part in parts}}))
    rows = join([dataset.rows, labelled.rows]) if len(labelled.rows) else dataset.rows
    recent = labelled.rows.features.tail(MOST_RECENT) if len(labelled.rows) >= FEWEST_RECENT else None
    return Material(rows, dataset, digest, recent)


def _fetch(uri: str, open_store: OpenStore) -> bytes:
    try:
        location = parse_location(uri)
    except InvalidLocationError as error:
        raise RequestError(f"dataset: {error}") from None
    try:
        return open_store(location.bucket).get(location.key, maximum=MAXIMUM_DATASET).body
    except NotFoundError:
        raise DataError(f"there is no dataset {uri}; expected a CSV or Parquet file there") from None
    except TooLargeError as error:
        raise DataError(f"dataset {uri}: {error}; train on a sample of it") from None
