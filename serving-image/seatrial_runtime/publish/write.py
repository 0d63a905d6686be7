"""Writes a version's files into a folder: the model, its reference, metrics and card, and returns the manifest."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from numpy.typing import NDArray

from seatrial.contract.canonical import Json, canonical_json, digest_of_file
from seatrial.contract.manifest import FORMATS, Data, File, Gate, Lineage, Manifest
from seatrial.contract.reference import REFERENCE, Reference
from seatrial_runtime.publish import skops_file
from seatrial_runtime.publish.card import CARD, card_of
from seatrial_runtime.publish.describe import (
    DescriptionError,
    answers_of,
    describe_features,
    describe_output,
    describe_reference,
    select_features,
)
from seatrial_runtime.publish.identity import estimator_name, packages_of, parameters_of

METRICS = "metrics.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything that a version is made of.

    `rows` are the training data's features (columns that the estimator was not fitted on are left out); `answers` the
    estimator's predictions on them, made here where they are not given. `reference` are the rows that live traffic will
    be compared with, where these are not `rows` themselves. `bounds` are (minimum, maximum) by feature.
    `source` is the file that the estimator was loaded from, published as it is where it has the wanted format.
    """

    model: str
    version: str
    created: str  # RFC 3339, UTC
    estimator: Any
    rows: pd.DataFrame
    target: str
    answers: NDArray[Any] | None = None
    reference: pd.DataFrame | None = None
    bounds: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    recommendations: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    gates: tuple[Gate, ...] = ()
    data: Data | None = None
    lineage: Lineage = field(default_factory=Lineage)
    seed: int | None = None
    source: Path | None = None


def write_version(draft: Draft, folder: Path, form: str = "skops") -> Manifest:
    """Write the files of a version into an empty folder and return its manifest, ready for `versions.publish`.

    The same draft gives the same bytes with the same packages. Raises DescriptionError where the data, the model or
    the format `form` (skops or joblib) cannot be used.
    """
    if form not in FORMATS:
        raise DescriptionError(f"format is {form!r}; expected one of {', '.join(FORMATS)}")
    rows = select_features(draft.estimator, draft.rows)
    manifest = _described(draft, rows, form)
    reference = _reference(draft, rows, manifest)
    metrics: dict[str, Json] = {name: dict(values) for name, values in draft.metrics.items()}
    _write_model(draft, folder / manifest.artifact, form)
    (folder / REFERENCE).write_bytes(reference.encode())
    (folder / METRICS).write_bytes(canonical_json(metrics))
    (folder / CARD).write_text(card_of(manifest), encoding="utf-8")
    names = (manifest.artifact, REFERENCE, METRICS, CARD)
    return replace(manifest, files={name: _entry(folder / name) for name in names})


def _described(draft: Draft, rows: pd.DataFrame, form: str) -> Manifest:
    """Return the manifest, still without files."""
    return Manifest(
        model=draft.model,
        version=draft.version,
        created=draft.created,
        files={},
        artifact=f"model.{form}",
        format=form,
        features=describe_features(rows, draft.bounds),
        output=describe_output(draft.estimator, draft.target, draft.recommendations),
        estimator=estimator_name(draft.estimator),
        parameters=parameters_of(draft.estimator),
        packages=packages_of(form),
        data=draft.data,
        metrics=draft.metrics,
        gates=draft.gates,
        lineage=draft.lineage,
        seed=draft.seed,
    )


def _reference(draft: Draft, rows: pd.DataFrame, manifest: Manifest) -> Reference:
    if draft.reference is not None:
        seen, answers = select_features(draft.estimator, draft.reference), None
    else:
        seen, answers = rows, draft.answers
    answers = answers_of(draft.estimator, seen) if answers is None else answers
    return describe_reference(seen, manifest.features, answers, manifest.output)


def _write_model(draft: Draft, path: Path, form: str) -> None:
    if draft.source is not None and draft.source.suffix == f".{form}":
        shutil.copyfile(draft.source, path)
    elif form == "joblib":
        joblib.dump(draft.estimator, path)
    else:
        try:
            skops_file.dump(draft.estimator, path)
        except TypeError as error:
            raise DescriptionError(
                f"skops cannot write this model: {error}; only skops files are served: use another estimator or step"
            ) from error


def _entry(path: Path) -> File:
    return File(digest_of_file(path), path.stat().st_size)
