"""Rows as the array or table that an estimator was fitted on."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from seatrial.contract.schema import Feature, Kind
from seatrial_runtime.predictor.rows import Rows

Matrix = Callable[[Rows], Any]


def arrays(features: tuple[Feature, ...]) -> Matrix:
    """Return what makes an array [rows, features]: of doubles, or of objects where a feature is a string."""
    dtype: type = object if any(feature.kind is Kind.STRING for feature in features) else np.float64

    def build(rows: Rows) -> npt.NDArray[Any]:
        matrix: npt.NDArray[Any] = np.empty((rows.count, len(features)), dtype=dtype)
        for j, (feature, column) in enumerate(zip(features, rows.columns, strict=True)):
            matrix[:, j] = column if dtype is np.float64 else _objects(column, feature)
        return matrix

    return build


def frames(features: tuple[Feature, ...]) -> Matrix:
    """Return what makes a DataFrame with the features' names and dtypes, for estimators that were fitted on one.

    Missing values are NaN in every kind of column, as they are in a table that was read from CSV or Parquet.
    """
    import pandas as pd  # only a model that needs it pays for the import

    if all(_dtype(feature) is np.float64 for feature in features):
        names = pd.Index([feature.name for feature in features])
        block = arrays(features)
        return lambda rows: pd.DataFrame(block(rows), columns=names, copy=False)

    def build(rows: Rows) -> Any:
        columns = zip(features, rows.columns, strict=True)
        return pd.DataFrame({feature.name: _column(column, feature) for feature, column in columns}, copy=False)

    return build


def _dtype(feature: Feature) -> type:
    """Return the dtype of a column: a column with missing values has no integers and no plain booleans."""
    match feature.kind:
        case Kind.NUMBER:
            return np.float64
        case Kind.INTEGER:
            return np.float64 if feature.nullable else np.int64
        case Kind.BOOLEAN:
            return object if feature.nullable else np.bool_
        case Kind.STRING:
            return object


def _column(column: list[Any], feature: Feature) -> npt.NDArray[Any]:
    dtype = _dtype(feature)
    return _objects(column, feature) if dtype is object else np.array(column, dtype=dtype)


def _objects(column: list[Any], feature: Feature) -> npt.NDArray[Any]:
    values = np.empty(len(column), dtype=object)
    values[:] = [np.nan if value is None else value for value in column] if feature.nullable else column
    return values
