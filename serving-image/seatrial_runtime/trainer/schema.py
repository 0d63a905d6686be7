"""Which columns a training uses, as what, and whether the dataset's rows can be trained on at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from seatrial.contract.manifest import Manifest
from seatrial.contract.schema import Feature, Kind, Task, class_name
from seatrial_runtime.trainer.errors import DataError
from seatrial_runtime.trainer.tables import describe, uniform

MINIMUM_ROWS = 50
MAXIMUM_CLASSES = 1000
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to train on: features in order, and the target (of a classification: the names of the classes)."""

    features: pd.DataFrame
    target: "pd.Series[Any]"

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.target)

    def take(self, places: Sequence[int]) -> "Rows":
        """Return the rows at some places, in their order, numbered anew."""
        chosen = list(places)
        return Rows(self.features.iloc[chosen].reset_index(drop=True), self.target.iloc[chosen].reset_index(drop=True))


def join(parts: Sequence[Rows]) -> Rows:
    """Return all rows of some parts, in order."""
    return Rows(
        pd.concat([part.features for part in parts], ignore_index=True),
        pd.concat([part.target for part in parts], ignore_index=True),
    )


@dataclass(frozen=True, slots=True)
class Dataset:
    """The dataset's rows, what its features are, and columns that are not used because serving has them not."""

    rows: Rows
    features: tuple[Feature, ...]
    ignored: tuple[str, ...]
    repeated: int  # rows that stand there before, feature by feature and target


def check_dataset(table: pd.DataFrame, target: str, task: Task, serving: Manifest | None) -> Dataset:
    """Return what a training can use of a table; raises DataError where it is not fit for one.

    With a version that serves, its features are the features: a new column is left out, so that no retraining asks
    callers for what they do not send; a column that is gone, or holds something else, is an error.
    """
    if len(table) < MINIMUM_ROWS:
        raise DataError(f"the dataset has {len(table)} rows; expected at least {MINIMUM_ROWS}")
    if target not in table.columns:
        raise DataError(f"the dataset has no column {target!r} for the target; it has {_listed(table.columns)}")
    answers = _target(table[target], task)
    table = table.drop(columns=target)
    names = [str(name) for name in table.columns] if serving is None else _as_serving(table, serving)
    if not names:
        raise DataError(f"the dataset has no column but the target {target!r}; expected features too")
    features = tuple(_widened(feature, serving) for feature in describe(table[names]))
    _compare(features, serving, table)
    columns = {feature.name: uniform(table[feature.name], feature.kind) for feature in features}
    rows = Rows(pd.DataFrame(columns), answers)
    _check_leak(rows)
    ignored = tuple(str(name) for name in table.columns if name not in names)
    repeated = int(rows.features.assign(**{target: answers}).duplicated().sum())
    return Dataset(rows, features, ignored, repeated)


def check_classes(train: "pd.Series[Any]", folds: int) -> None:
    """Raise DataError where a class is too rare to stand in every fold of the cross-validation."""
    counts = train.value_counts()
    if counts.min() < folds:
        raise DataError(
            f"class {counts.idxmin()!r} of {train.name} has {counts.min()} rows to train on; expected at least {folds},"
            " one for each fold of the cross-validation: collect more of them, or leave the class out"
        )


def _target(column: "pd.Series[Any]", task: Task) -> "pd.Series[Any]":
    missing = column.isna()
    if missing.any():
        raise DataError(
            f"column {column.name}, the target, has no value in {int(missing.sum())} rows, first in row"
            f" {_first(missing)}; expected one in each: leave out rows whose truth is not known"
        )
    return _numbers(column) if task is Task.REGRESSION else _classes(column)


def _numbers(column: "pd.Series[Any]") -> "pd.Series[Any]":
    (feature,) = describe(column.to_frame())
    if feature.kind not in (Kind.NUMBER, Kind.INTEGER):
        raise DataError(
            f"column {column.name}, the target, holds {column.tolist()[0]!r}; expected numbers for a regressor"
        )
    return column.astype("float64")


def _classes(column: "pd.Series[Any]") -> "pd.Series[Any]":
    (feature,) = describe(column.to_frame())
    if feature.kind is Kind.NUMBER:
        decimal = column[column % 1 != 0].tolist()
        if decimal:
            raise DataError(f"column {column.name}, the target, holds {decimal[0]!r}; expected classes")
    names = uniform(column, feature.kind).map(class_name).astype(object)
    count = names.nunique()
    if not 2 <= count <= MAXIMUM_CLASSES:
        raise DataError(f"column {column.name}, the target, has {count} classes; expected 2 to {MAXIMUM_CLASSES}")
    return names


def _as_serving(table: pd.DataFrame, serving: Manifest) -> list[str]:
    names = [feature.name for feature in serving.features]
    for name in names:
        if name not in table.columns:
            raise DataError(
                f"the dataset has no column {name!r}, a feature of the serving version {serving.version};"
                f" it has {_listed(table.columns)}"
            )
    return names


def _widened(feature: Feature, serving: Manifest | None) -> Feature:
    """A number stays a number where today's data happen to hold whole ones only: callers send others too."""
    known = _known(serving).get(feature.name)
    if known is not None and (known.kind, feature.kind) == (Kind.NUMBER, Kind.INTEGER):
        return known
    return feature


def _compare(features: Sequence[Feature], serving: Manifest | None, table: pd.DataFrame) -> None:
    for feature in features:
        known = _known(serving).get(feature.name)
        if known is None or {known.kind, feature.kind} <= {Kind.NUMBER, Kind.INTEGER} or known.kind is feature.kind:
            continue
        row, value = _odd(table[feature.name], known.kind)
        version = "" if serving is None else serving.version
        raise DataError(
            f"column {feature.name} holds {value!r} in row {row}; expected {known.kind.value} values, as the serving"
            f" version {version} takes them"
        )


def _odd(column: "pd.Series[Any]", kind: Kind) -> tuple[int, object]:
    """Return the first row whose value is not of a kind, and the value."""
    present = column.dropna()
    odd = present
    if kind in (Kind.NUMBER, Kind.INTEGER) and not pd.api.types.is_bool_dtype(present.dtype):
        odd = present[pd.to_numeric(present, errors="coerce").isna()]
    first = odd.index[0] if len(odd) else present.index[0]
    return int(first), present.loc[[first]].tolist()[0]


def _check_leak(rows: Rows) -> None:
    """Raise DataError where a feature is the target under another name."""
    answers = [class_name(value) for value in rows.target]
    for name in rows.features.columns:
        if [class_name(value) for value in rows.features[name]] == answers:
            raise DataError(f"column {name} is the target {rows.target.name} itself; leave it out of the dataset")


def _known(serving: Manifest | None) -> dict[str, Feature]:
    return {} if serving is None else {feature.name: feature for feature in serving.features}


def _first(flags: "pd.Series[Any]") -> int:
    return int(flags.to_numpy().argmax())


def _listed(names: Sequence[object]) -> str:
    shown = [str(name) for name in names]
    more = len(shown) - _SHOWN
    return ", ".join(shown[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
