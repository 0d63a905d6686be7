"""Files of rows as tables in one form, whichever file they came from.

Texts are Python strings in object columns and what is missing is NaN everywhere, as the predictor gives them to a
model; whole numbers are int64 where none is missing.
"""

import io
from typing import Any

import numpy as np
import pandas as pd

from seatrial.contract.schema import Feature, Kind
from seatrial_runtime.publish.describe import DescriptionError, describe_features
from seatrial_runtime.trainer.errors import DataError

MAXIMUM_CELLS = 200_000_000


def read_table(name: str, body: bytes) -> pd.DataFrame:
    """Read a CSV or Parquet file, told apart by the name's end; raises DataError."""
    read = _read_parquet if name.endswith(".parquet") else _read_csv if name.endswith(".csv") else None
    if read is None:
        raise DataError(f"dataset is {name!r}; expected a name that ends in .csv or .parquet")
    try:
        table = read(body)
    except DataError:
        raise
    except Exception as error:  # the readers raise whatever a broken file makes them
        raise DataError(f"dataset {name} cannot be read: {type(error).__name__}: {error}") from error
    table.columns = [str(column) for column in table.columns]
    return table


def describe(table: pd.DataFrame) -> tuple[Feature, ...]:
    """Return what each column holds; raises DataError naming the column."""
    try:
        return describe_features(table)
    except DescriptionError as error:
        raise DataError(f"dataset: {error}") from None


def uniform(column: "pd.Series[Any]", kind: Kind) -> "pd.Series[Any]":
    """Return a column of a kind in the one form; it must hold values of that kind."""
    missing = bool(column.isna().any())
    match kind:
        case Kind.INTEGER if not missing:
            return column.astype(np.int64)
        case Kind.INTEGER | Kind.NUMBER:
            return column.astype(np.float64)
        case Kind.BOOLEAN if not missing:
            return column.astype(np.bool_)
        case Kind.BOOLEAN | Kind.STRING:
            return column.astype(object).where(column.notna(), np.nan)


def _read_csv(body: bytes) -> pd.DataFrame:
    """Only an empty field is missing: `NA` may be a team."""
    return pd.read_csv(io.BytesIO(body), keep_default_na=False, na_values=[""], encoding="utf-8-sig", low_memory=False)


def _read_parquet(body: bytes) -> pd.DataFrame:
    from pyarrow import BufferReader, parquet

    file = parquet.ParquetFile(BufferReader(body))
    cells = file.metadata.num_rows * file.metadata.num_columns
    if cells > MAXIMUM_CELLS:
        raise DataError(f"the dataset has {cells} values; at most {MAXIMUM_CELLS} are trained on: take a sample")
    table: pd.DataFrame = file.read().to_pandas()
    return table
