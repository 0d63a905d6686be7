"""Rows as the bytes of a Parquet file. The same rows give the same bytes.

A column's type follows from its values: numbers are doubles, booleans booleans, texts texts; where kinds are mixed all
become texts (JSON), so that no row can keep its part from being written.
"""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from seatrial_runtime.collector.columns import column_of
from seatrial_runtime.collector.messages import Kind
from seatrial_runtime.collector.parts import Row

if TYPE_CHECKING:
    import pyarrow


def encode_rows(kind: Kind, rows: Sequence[Row]) -> bytes:
    """Return a Parquet file (zstd) of the rows, with `labelled_at` and `label` where they are labels."""
    import pyarrow  # 60 MB that a collector needs only now and then
    from pyarrow import parquet

    table = pyarrow.table(_columns(pyarrow, kind, rows))
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _columns(pa: Any, kind: Kind, rows: Sequence[Row]) -> "dict[str, pyarrow.Array]":
    def times(read: Callable[[Row], int | None]) -> Any:
        return pa.array([read(row) for row in rows], pa.timestamp("us", tz="UTC"))

    columns = {"id": pa.array([row.id for row in rows], pa.string()), "at": times(lambda row: row.at)}
    if kind == "labels":
        columns["labelled_at"] = times(lambda row: row.labelled_at)
    columns["revision"] = pa.array([row.revision for row in rows], pa.string())
    columns["version"] = pa.array([row.version for row in rows], pa.string())
    columns["prediction"] = _array(pa, [row.prediction for row in rows])
    if kind == "labels":
        columns["label"] = _array(pa, [row.label for row in rows])
    for name in sorted({name for row in rows for name in row.features}):
        columns[column_of(name)] = _array(pa, [row.features.get(name) for row in rows])
    return columns


def _array(pa: Any, values: list[Any]) -> Any:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds and kinds <= {int, float}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if kinds <= {str}:
        return pa.array(values, pa.string())
    return pa.array([v if v is None or isinstance(v, str) else json.dumps(v) for v in values], pa.string())
