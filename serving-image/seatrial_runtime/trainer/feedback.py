"""The labelled answers that the collector wrote, as rows of the dataset's form."""

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from seatrial.contract.canonical import digest_of
from seatrial.contract.layout import ModelHome
from seatrial.contract.schema import Feature, Kind, Task, class_name
from seatrial.store.objects import NotFoundError, ObjectStore
from seatrial_runtime.collector.columns import column_of
from seatrial_runtime.trainer.schema import Rows
from seatrial_runtime.trainer.tables import uniform

MAXIMUM_ROWS = 1_000_000
MAXIMUM_PART = 256 << 20  # bytes
_DAYS, _PARTS_A_DAY = 10_000, 100_000


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the log as it was read."""

    key: str
    sha256: str
    table: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labelled rows that can be trained on, and how many could not be, by reason."""

    rows: Rows
    dropped: Mapping[str, int]


def read_parts(store: ObjectStore, home: ModelHome, maximum_rows: int = MAXIMUM_ROWS) -> list[Part]:
    """Read the newest parts of the labels' log until they have `maximum_rows` rows; oldest first."""
    parts: list[Part] = []
    rows = 0
    for key in _newest_first(store, home.logs("labels")):
        try:
            body = store.get(key, maximum=MAXIMUM_PART).body
        except NotFoundError:
            continue  # removed by retention since it was listed
        parts.append(Part(key, digest_of(body), pd.read_parquet(io.BytesIO(body), engine="pyarrow")))
        rows += len(parts[-1].table)
        if rows >= maximum_rows:
            break
    return parts[::-1]


def fit_rows(
    tables: Sequence[pd.DataFrame], features: Sequence[Feature], target: str, task: Task, classes: Sequence[str]
) -> Labelled:
    """Return the rows whose every feature and label can be what the dataset has there; each prediction counts once.

    They are in the order in which they were predicted, which is that of their ids.
    """
    dropped: Counter[str] = Counter()
    kept: dict[str, tuple[list[Any], Any]] = {}
    for record in _records(tables, features):
        if record.id in kept:
            dropped["repeated"] += 1
            continue
        try:
            values = [_value(feature, value) for feature, value in zip(features, record.values, strict=True)]
            kept[record.id] = values, _label(record.label, task, classes)
        except _MisfitError as misfit:
            dropped[str(misfit)] += 1
    return Labelled(_rows([kept[prediction] for prediction in sorted(kept)], features, target), dict(dropped))


class _MisfitError(Exception):
    """A row that cannot be trained on; the text is the reason it is counted under."""


@dataclass(frozen=True, slots=True)
class _Record:
    id: str
    label: object
    values: tuple[object, ...]


def _newest_first(store: ObjectStore, prefix: str) -> Iterator[str]:
    for day in sorted(store.list(prefix, folders=True, limit=_DAYS), reverse=True):
        yield from sorted(store.list(f"{prefix}{day}/", limit=_PARTS_A_DAY), reverse=True)


def _records(tables: Sequence[pd.DataFrame], features: Sequence[Feature]) -> Iterator[_Record]:
    columns = ["id", "label", *(column_of(feature.name) for feature in features)]
    for table in tables:
        # A feature that no row of a part had is missing in all of them.
        for row in table.reindex(columns=columns).astype(object).itertuples(index=False, name=None):
            yield _Record(str(row[0]), row[1], row[2:])


def _value(feature: Feature, value: Any) -> object:
    """Return a feature's value as the dataset would have it. Parquet has every number as a double."""
    if value is None or value != value:
        if not feature.nullable:
            raise _MisfitError("missing feature")
        return np.nan
    fits: bool
    match feature.kind:
        case Kind.STRING:
            fits = isinstance(value, str)
        case Kind.BOOLEAN:
            fits = isinstance(value, bool | np.bool_)
        case Kind.NUMBER:
            fits = _is_number(value)
        case Kind.INTEGER:
            fits = _is_number(value) and float(value).is_integer()
    if not fits:
        raise _MisfitError("malformed feature")
    return value


def _label(value: Any, task: Task, classes: Sequence[str]) -> object:
    if value is None or value != value:
        raise _MisfitError("missing label")
    if task is Task.REGRESSION:
        if not _is_number(value):
            raise _MisfitError("malformed label")
        return float(value)
    if class_name(value) not in classes:
        raise _MisfitError("unknown class")
    return class_name(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def _rows(kept: list[tuple[list[Any], Any]], features: Sequence[Feature], target: str) -> Rows:
    columns = {
        feature.name: uniform(pd.Series([values[i] for values, _ in kept], dtype=object), feature.kind)
        for i, feature in enumerate(features)
    }
    return Rows(pd.DataFrame(columns), pd.Series([label for _, label in kept], dtype=object, name=target))
