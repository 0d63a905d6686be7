"""Rows as Parquet: what a reader of the log finds."""

import io
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from seatrial_runtime.collector.columns import column_of
from seatrial_runtime.collector.parquet import encode_rows
from seatrial_runtime.collector.parts import Row
from tests.unit.collector.builders import NOW


def row(number: int = 1, /, **features: Any) -> Row:
    return Row(f"{number:032x}", NOW, "r1", "7", "Low", features, "High", NOW + 1)


def read(data: bytes) -> Any:
    return parquet.read_table(io.BytesIO(data))


def test_a_labelled_row_has_its_record_and_its_features_as_columns() -> None:
    table = read(encode_rows("labels", [row(files=3, team="Platform"), row(2, files=4.5, team=None)]))
    assert table.column_names == [
        "id", "at", "labelled_at", "revision", "version", "prediction", "label", "files", "team",
    ]  # fmt: skip
    assert table.schema.field("at").type == pyarrow.timestamp("us", tz="UTC")
    first = table.to_pylist()[0]
    assert first["at"].timestamp() == NOW / 1e6
    assert (first["label"], first["prediction"], first["files"], first["team"]) == ("High", "Low", 3.0, "Platform")
    assert table.column("team").to_pylist() == ["Platform", None]


def test_a_prediction_has_no_label_columns() -> None:
    assert read(encode_rows("predictions", [row(files=3)])).column_names == [
        "id", "at", "revision", "version", "prediction", "files",
    ]  # fmt: skip


def test_the_same_rows_give_the_same_bytes() -> None:
    rows = [row(n, files=n, team="x") for n in range(100)]
    assert encode_rows("labels", rows) == encode_rows("labels", list(rows))


@pytest.mark.parametrize("name", ["id", "label", "version", "hour", "feature:id"])
def test_a_feature_named_like_a_record_column_keeps_both(name: str) -> None:
    table = read(encode_rows("labels", [row(**{name: 7})]))
    assert len(set(table.column_names)) == len(table.column_names) == 8
    assert table.column(column_of(name)).to_pylist() == [7.0]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, 2.5, None], pyarrow.float64(), [1.0, 2.5, None]),
        ([True, None], pyarrow.bool_(), [True, None]),
        (["a", None], pyarrow.string(), ["a", None]),
        (["a", 1, True, None], pyarrow.string(), ["a", "1", "true", None]),
        ([None, None], pyarrow.string(), [None, None]),
        ([2**62, 1], pyarrow.float64(), [float(2**62), 1.0]),
    ],
)
def test_a_column_can_hold_whatever_came(values: list[Any], kind: Any, expected: list[Any]) -> None:
    table = read(encode_rows("predictions", [row(n, value=value) for n, value in enumerate(values)]))
    assert table.schema.field("value").type == kind
    assert table.column("value").to_pylist() == expected


def test_a_row_without_a_feature_has_none_there() -> None:
    table = read(encode_rows("predictions", [row(1, a=1), row(2, b="x")]))
    assert (table.column("a").to_pylist(), table.column("b").to_pylist()) == ([1.0, None], [None, "x"])
