"""From the store to a model that is warm: what can go away by itself is tried again, what cannot ends the process."""

import asyncio
import logging
import random
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.contract.environment import REFUSED
from seatrial.contract.manifest import Manifest
from seatrial.contract.reading import DocumentError
from seatrial.store.objects import StoreError, TamperedError, TooLargeError, UnreachableError
from seatrial_runtime.predictor.bins import UnfitReferenceError
from seatrial_runtime.predictor.lifecycle import Lifecycle
from seatrial_runtime.predictor.metrics import Answered
from seatrial_runtime.predictor.model import Predict, PredictionError, prediction_of
from seatrial_runtime.predictor.rows import Rows
from seatrial_runtime.predictor.settings import Settings
from seatrial_runtime.predictor.warmup import draw_rows
from seatrial_runtime.predictor.worker import Worker

if TYPE_CHECKING:
    from seatrial_runtime.loading import Loaded

_PATIENCE = 900.0  # seconds for everything
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # seconds between tries of a store that does not answer
_TAMPERED = 3  # times that other bytes than those promised are read until they are what the store has
_WARM_ROWS, _WARM_BATCH = 32, 64
_log = logging.getLogger(__name__)

Load = Callable[[Path], "Loaded"]


class StartError(Exception):
    """The version cannot be served by this process; the message begins with REFUSED where that is for good."""


@dataclass(frozen=True, slots=True)
class Started:
    """A warm model, and what is counted of it."""

    manifest: Manifest
    predict: Predict
    answered: Answered


def load_from_store(settings: Settings) -> Load:
    """Return what loads the version that the settings name. Blocks; imports what it needs when it is called."""

    def load(folder: Path) -> "Loaded":
        from seatrial.store.s3 import S3Store
        from seatrial_runtime.loading import load_version

        store = S3Store(settings.home.bucket, settings.endpoint, settings.region)
        return load_version(store, settings.home, settings.version, settings.digest, folder)

    return load


async def start(load: Load, lifecycle: Lifecycle, model: Worker, pauses: tuple[float, ...] = _PAUSES) -> Started:
    """Load the model and warm it up in the model's thread; raises StartError."""
    try:
        async with asyncio.timeout(_PATIENCE):
            lifecycle.progress("downloading")
            loaded = await _loaded(load, lifecycle, model, pauses)
            lifecycle.progress("warming up")
            return await model.call(lambda: _warmed(loaded))
    except TimeoutError:
        raise StartError(f"the model was not ready within {_PATIENCE:g} s") from None


async def _loaded(load: Load, lifecycle: Lifecycle, model: Worker, pauses: tuple[float, ...]) -> "Loaded":
    tampered = 0
    for pause in (*pauses, None):
        try:
            return await model.call(lambda: _in_scratch(load))
        except (UnreachableError, OSError, TamperedError) as error:
            tampered += isinstance(error, TamperedError)
            if tampered == _TAMPERED:
                raise StartError(_reason(error)) from error
            if pause is None:
                raise StartError(f"{error} (tried {len(pauses) + 1} times)") from error
            _log.warning("the version could not be loaded; trying again: %s", error)
            lifecycle.progress(f"downloading: {error}")
            await asyncio.sleep(pause)
        except Exception as error:
            raise StartError(_reason(error)) from error
    raise AssertionError("the last pause is None")


def _in_scratch(load: Load) -> "Loaded":
    folder = Path(tempfile.mkdtemp(prefix="version-"))
    try:
        return load(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _reason(error: Exception) -> str:
    """Return what a user reads; a bad artifact stays bad, all else may be cured by other credentials or pods."""
    from seatrial_runtime.trust import ModelError

    if isinstance(error, TamperedError | TooLargeError | DocumentError | ModelError):
        return f"{REFUSED}{error}"
    return str(error) if isinstance(error, StoreError) else f"{type(error).__name__}: {error}"


def _warmed(loaded: "Loaded") -> Started:
    """Make the prediction function and call it a few dozen times; a model that fails on every row is refused."""
    manifest = loaded.manifest
    try:
        answered = Answered(manifest, loaded.reference, loaded.digest)
    except UnfitReferenceError as error:
        raise StartError(REFUSED + str(error)) from error
    predict = prediction_of(loaded.estimator, manifest)
    rows = draw_rows(manifest.features, loaded.reference, _WARM_ROWS, random.Random(0))  # noqa: S311 - no secret
    singles = [Rows(tuple([column[i]] for column in rows.columns), 1) for i in range(rows.count)]
    failures = [failure for row in singles if (failure := _failure(predict, row))]
    if len(failures) == len(singles):
        raise StartError(f"{REFUSED}the model fails on each of {len(singles)} rows like its own data: {failures[0]}")
    if failures:
        _log.warning("the model fails on %d of %d rows like its own data", len(failures), len(singles))
    _failure(predict, Rows(tuple(column * (_WARM_BATCH // _WARM_ROWS) for column in rows.columns), _WARM_BATCH))
    return Started(manifest, predict, answered)


def _failure(predict: Predict, rows: Rows) -> str | None:
    try:
        predict(rows)
    except PredictionError as error:
        return str(error)
    return None
