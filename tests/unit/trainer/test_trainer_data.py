"""Which data can be trained on: tables from files, and the checks with what they say."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from seatrial.contract.manifest import Manifest
from seatrial.contract.schema import Feature, Kind, Output, Task
from seatrial_runtime.trainer.errors import DataError
from seatrial_runtime.trainer.schema import check_classes, check_dataset
from seatrial_runtime.trainer.tables import read_table
from tests.unit.trainer.builders import TARGET, deployments

CLASSES, NUMBERS = Task.CLASSIFICATION, Task.REGRESSION


def serving(*features: Feature) -> Manifest:
    output = Output(TARGET, CLASSES, ("High", "Low"))
    return Manifest("deploy-risk", "7", "2026-11-21T00:00:00Z", {}, "model.skops", "skops", features, output, "tree")


def column(name: str, values: Any) -> pd.DataFrame:
    return deployments(100).assign(**{name: values})


def test_a_csv_is_read_with_only_empty_fields_missing() -> None:
    table = read_table("s3://b/x.csv", "\ufeffteam,size,on\nNA,1,True\n,2,False\n".encode())
    assert table["team"].isna().tolist() == [False, True]
    assert table["team"].iloc[0] == "NA"
    assert table["size"].tolist() == [1, 2]
    assert table["on"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("x.xlsx", b"", "expected a name that ends in .csv or .parquet"),
        ("x.parquet", b"no parquet", "x.parquet cannot be read"),
        ("x.csv", b"", "x.csv cannot be read"),
        ("x.csv", b"\xff\xfe\x00", "x.csv cannot be read"),
    ],
)
def test_a_file_that_is_no_table_is_refused(name: str, body: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_table(name, body)


def test_a_sound_table_becomes_rows_in_one_form() -> None:
    table = deployments(100)
    table["team"] = table["team"].where(table["size"] > 10).astype("string")
    dataset = check_dataset(table, TARGET, CLASSES, None)
    assert [(f.name, f.kind, f.nullable) for f in dataset.features] == [
        ("size", Kind.INTEGER, False),
        ("share", Kind.NUMBER, False),
        ("team", Kind.STRING, True),
    ]
    assert dataset.rows.features.dtypes.tolist() == [np.dtype("int64"), np.dtype("float64"), np.dtype("O")]
    assert {type(value) for value in dataset.rows.features["team"]} == {str, float}
    assert set(dataset.rows.target) == {"High", "Low"}


@pytest.mark.parametrize(
    ("table", "task", "says"),
    [
        (deployments(49), CLASSES, "has 49 rows; expected at least 50"),
        (deployments(100).rename(columns={TARGET: "level"}), CLASSES, "no column 'risk' .* size, share, team, level"),
        (deployments(100)[[TARGET]], CLASSES, "no column but the target"),
        (column(TARGET, ["High"] * 7 + [None] + ["Low"] * 92), CLASSES, "no value in 1 rows, first in row 7"),
        (column(TARGET, "High"), CLASSES, "has 1 classes; expected 2"),
        (column(TARGET, np.linspace(0, 1, 100)), CLASSES, "holds 0.0101.*; expected classes"),
        (column(TARGET, ["High"] * 100), NUMBERS, "holds 'High'; expected numbers for a regressor"),
        (column("size", [1.0] * 99 + [np.inf]), CLASSES, "column size holds an infinity"),
        (column("size", None), CLASSES, "column size has no value at all"),
        (column("size", ["3"] * 50 + [3] * 50), CLASSES, "column size holds int, str; expected numbers, texts"),
        (column("size", pd.Timestamp("2026-01-01")), CLASSES, "column size holds Timestamp"),
        (deployments(100).assign(again=lambda t: t[TARGET]), CLASSES, "column again is the target risk itself"),
    ],
)  # fmt: skip
def test_unfit_data_are_refused_with_the_column_and_what_is_right(table: pd.DataFrame, task: Task, says: str) -> None:
    with pytest.raises(DataError, match=says):
        check_dataset(table, TARGET, task, None)


@pytest.mark.parametrize(
    ("values", "names"), [([0, 1], {"0", "1"}), ([1.0, 2.0], {"1", "2"}), ([True, False], {"True", "False"})]
)
def test_classes_have_names_whatever_they_are(values: list[Any], names: set[str]) -> None:
    assert set(check_dataset(column(TARGET, values * 50), TARGET, CLASSES, None).rows.target) == names


def test_the_features_of_the_serving_version_are_the_features() -> None:
    version = serving(Feature("team", Kind.STRING), Feature("size", Kind.NUMBER))
    dataset = check_dataset(deployments(100), TARGET, CLASSES, version)
    assert list(dataset.rows.features.columns) == ["team", "size"]
    assert dataset.ignored == ("share",)
    assert dataset.features[1].kind is Kind.NUMBER, "whole numbers of today do not forbid tomorrow's decimals"
    assert dataset.rows.features["size"].dtype == np.float64


@pytest.mark.parametrize(
    ("feature", "says"),
    [
        (Feature("region", Kind.STRING), "no column 'region', a feature of the serving version 7"),
        (Feature("size", Kind.INTEGER), "column size holds 'unknown' in row 3; expected integer values"),
    ],
)
def test_data_that_do_not_fit_the_serving_version_are_refused(feature: Feature, says: str) -> None:
    table = column("size", ["1", "2", "3", "unknown"] * 25)
    with pytest.raises(DataError, match=says):
        check_dataset(table, TARGET, CLASSES, serving(feature))


def test_repeated_rows_are_counted() -> None:
    table = pd.concat([deployments(100), deployments(100).head(7)], ignore_index=True)
    assert check_dataset(table, TARGET, CLASSES, None).repeated == 7


def test_a_class_too_rare_for_the_folds_is_named() -> None:
    target = pd.Series(["High"] * 20 + ["Low"] * 2, name=TARGET)
    with pytest.raises(DataError, match="class 'Low' of risk has 2 rows to train on; expected at least 3"):
        check_classes(target, 3)
    check_classes(target, 2)
