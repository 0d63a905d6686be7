"""What a manifest and a reference say of a model's inputs and answers, read from the data it was trained on."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import is_classifier, is_regressor

from seatrial.contract.metrics import PREDICTION_FEATURE
from seatrial.contract.reference import (
    MAXIMUM_CATEGORY_BINS,
    MAXIMUM_WATCHED,
    CategoryBins,
    Distribution,
    NumericBins,
    Reference,
)
from seatrial.contract.schema import (
    MAXIMUM_CATEGORIES,
    MAXIMUM_FEATURES,
    MISSING,
    OTHER,
    Feature,
    Kind,
    Output,
    Task,
    class_name,
)

MAXIMUM_TEXT = 128  # characters of a category that is listed or counted by name; a longer text is no category
_DECILES = np.arange(1, 10) / 10
_NUMBERS = (Kind.NUMBER, Kind.INTEGER)


class DescriptionError(ValueError):
    """The data or the model cannot be described; the message names the column and what would be right."""


def select_features(estimator: Any, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that the estimator was fitted on, in its order.

    An estimator that was fitted without names takes all columns as they stand.
    """
    names = [str(name) for name in getattr(estimator, "feature_names_in_", rows.columns)]
    missing = [name for name in names if name not in rows.columns]
    if missing:
        raise DescriptionError(
            f"the data lack {', '.join(missing)}, which the model was fitted on (the target is no feature)"
        )
    width = getattr(estimator, "n_features_in_", len(names))
    if width != len(names):
        raise DescriptionError(f"the data has {len(names)} feature columns; the model was fitted on {width}")
    return rows[names]


def answers_of(estimator: Any, rows: pd.DataFrame) -> NDArray[Any]:
    """Return the estimator's predictions, one for each row, given as it was fitted: with column names or without."""
    given = rows if hasattr(estimator, "feature_names_in_") else rows.to_numpy()
    try:
        answers = np.asarray(estimator.predict(given))
    except Exception as error:  # anything a user's model may raise
        raise DescriptionError(f"the model cannot predict on the data: {type(error).__name__}: {error}") from error
    if answers.shape != (len(rows),):
        raise DescriptionError(f"the model's answer has shape {answers.shape}; expected one value for each row")
    return answers


def describe_features(
    rows: pd.DataFrame, bounds: Mapping[str, tuple[float | None, float | None]] | None = None
) -> tuple[Feature, ...]:
    """Return the features of a table, in the order of its columns.

    A feature is nullable where a value is missing. Numbers are bounded only where `bounds` says so, by column:
    live data beyond the training data's extremes is drift, not an error.
    """
    if not 0 < len(rows.columns) <= MAXIMUM_FEATURES or len(rows) == 0:
        raise DescriptionError(f"the data has {rows.shape} rows and columns; expected 1 to {MAXIMUM_FEATURES} columns")
    unusable = [name for name, count in Counter(rows.columns).items() if count > 1 or not isinstance(name, str)]
    if unusable:
        raise DescriptionError(f"column names are {unusable}; expected texts, each once")
    return tuple(_feature(rows[name], (bounds or {}).get(str(name), (None, None))) for name in rows.columns)


def describe_output(estimator: Any, target: str, recommendations: Mapping[str, str]) -> Output:
    """Return what the estimator answers: its task, and its classes in its own order."""
    if is_regressor(estimator):
        output = Output(target, Task.REGRESSION)
    elif is_classifier(estimator) and isinstance(getattr(estimator, "classes_", None), np.ndarray):
        output = Output(target, Task.CLASSIFICATION, _classes(estimator.classes_), dict(recommendations))
    else:
        raise DescriptionError(
            f"the model is a {type(estimator).__name__}; expected a fitted classifier or regressor of one target"
        )
    unknown = [name for name in recommendations if name not in output.classes]
    if unknown:
        known = ", ".join(output.classes) or "none: it is a regression"
        raise DescriptionError(f"there is a recommendation for {unknown[0]!r}; the classes are {known}")
    return output


def describe_reference(
    rows: pd.DataFrame, features: tuple[Feature, ...], answers: NDArray[Any], output: Output
) -> Reference:
    """Return how the first MAXIMUM_WATCHED features, and the model's answers on the same rows, are distributed."""
    distributions = {
        feature.name: _distribution(rows[feature.name], feature.kind) for feature in features[:MAXIMUM_WATCHED]
    }
    if output.task is Task.REGRESSION:
        distributions[PREDICTION_FEATURE] = _numeric(answers.astype(np.float64), missing=0)
    else:
        named = [class_name(answer) for answer in answers]
        few = len(output.classes) <= MAXIMUM_CATEGORY_BINS
        distributions[PREDICTION_FEATURE] = _categorical(named, 0, output.classes if few else _frequent(named))
    return Reference(len(rows), distributions)


def _feature(column: "pd.Series[Any]", bounds: tuple[float | None, float | None]) -> Feature:
    name, present = str(column.name), column.dropna()
    if present.empty:
        raise DescriptionError(f"column {name} has no value at all; leave it out")
    kind = _kind(name, present)
    if kind in _NUMBERS and not np.isfinite(present.to_numpy(np.float64)).all():
        raise DescriptionError(f"column {name} holds an infinity; expected finite numbers or nothing")
    categories = _categories(present) if kind is Kind.STRING else ()
    return Feature(name, kind, len(present) < len(column), bounds[0], bounds[1], categories)


def _kind(name: str, present: "pd.Series[Any]") -> Kind:
    """Return what the values are; pandas' type decides, but for texts and mixed columns, whose values do."""
    if pd.api.types.is_bool_dtype(present.dtype):
        return Kind.BOOLEAN
    if pd.api.types.is_integer_dtype(present.dtype):
        return Kind.INTEGER
    if pd.api.types.is_float_dtype(present.dtype):
        return Kind.NUMBER
    found = {type(value) for value in present}
    for kind, allowed in _ALLOWED:
        if found <= allowed:
            return kind
    names = ", ".join(sorted(one.__name__ for one in found))
    raise DescriptionError(f"column {name} holds {names}; expected numbers, texts or booleans")


_INTEGERS: set[type] = {int, np.int64, np.int32, np.int16, np.int8, np.uint64, np.uint32, np.uint16, np.uint8}
_ALLOWED: tuple[tuple[Kind, set[type]], ...] = (
    (Kind.STRING, {str, np.str_}),
    (Kind.BOOLEAN, {bool, np.bool_}),
    (Kind.INTEGER, _INTEGERS),
    (Kind.NUMBER, {*_INTEGERS, float, np.float64, np.float32}),
)


def _categories(present: "pd.Series[Any]") -> tuple[str, ...]:
    """Return the texts in order; of more than MAXIMUM_CATEGORIES the most frequent."""
    counts = Counter(str(value) for value in present)
    short = sorted((text for text in counts if len(text) <= MAXIMUM_TEXT), key=lambda text: (-counts[text], text))
    return tuple(sorted(short[:MAXIMUM_CATEGORIES]))


def _classes(values: NDArray[Any]) -> tuple[str, ...]:
    names = tuple(class_name(value) for value in values)
    if len(set(names)) != len(names) or len(names) < 2:
        raise DescriptionError(f"the model's classes are {names}; expected two or more, told apart by name")
    return names


def _distribution(column: "pd.Series[Any]", kind: Kind) -> Distribution:
    present = column.dropna()
    missing = len(column) - len(present)
    if kind in _NUMBERS:
        return _numeric(present.to_numpy(np.float64), missing)
    texts = [class_name(value) for value in present]
    return _categorical(texts, missing, _frequent(texts))


def _numeric(values: NDArray[np.float64], missing: int) -> Distribution:
    """Bins between deciles that are values themselves, each once: so no bin of the reference is empty."""
    deciles = np.unique(np.quantile(values, _DECILES, method="inverted_cdf"))
    edges = deciles[deciles > values.min()]
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    bins = NumericBins(tuple(edges.tolist()), float(values.min()), float(values.max()))
    return Distribution(bins, (*counts.tolist(), missing, 0))


def _categorical(texts: list[str], missing: int, values: tuple[str, ...]) -> Distribution:
    counts = Counter(texts)
    named = [counts[value] for value in values]
    return Distribution(CategoryBins(values), (*named, len(texts) - sum(named), missing))


def _frequent(texts: list[str]) -> tuple[str, ...]:
    """Return the most frequent texts that can name a bin, ties by name."""
    counts = Counter(text for text in texts if text not in (OTHER, MISSING) and len(text) <= MAXIMUM_TEXT)
    return tuple(sorted(counts, key=lambda text: (-counts[text], text))[:MAXIMUM_CATEGORY_BINS])
