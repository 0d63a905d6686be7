"""Labelled answers as rows to train on: what fits the dataset is taken, everything else is counted."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seatrial.contract.schema import Feature, Kind, Task
from seatrial_runtime.trainer.feedback import Labelled, fit_rows, read_parts
from tests.unit.trainer.builders import HOME, TARGET, World, deployments

FEATURES = (
    Feature("size", Kind.INTEGER),
    Feature("share", Kind.NUMBER, nullable=True),
    Feature("team", Kind.STRING),
    Feature("night", Kind.BOOLEAN),
)
GOOD = {"id": "a", "label": "High", "size": 3.0, "share": 0.5, "team": "Data", "night": True}


def fit(*records: dict[str, object], task: Task = Task.CLASSIFICATION) -> Labelled:
    return fit_rows([pd.DataFrame([record]) for record in records], FEATURES, TARGET, task, ["High", "Low"])


def test_a_row_that_fits_has_the_datasets_form() -> None:
    labelled = fit(GOOD, {**GOOD, "id": "b", "share": None})
    assert labelled.dropped == {}
    assert labelled.rows.features.dtypes.tolist() == [
        np.dtype("int64"), np.dtype("float64"), np.dtype("O"), np.dtype("bool"),
    ]  # fmt: skip
    assert labelled.rows.features["size"].tolist() == [3, 3]
    assert labelled.rows.features["share"].isna().tolist() == [False, True]
    assert (labelled.rows.target.tolist(), labelled.rows.target.name) == (["High", "High"], TARGET)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"label": "Higher"}, "unknown class"),
        ({"label": None}, "missing label"),
        ({"size": None}, "missing feature"),
        ({"size": 2.5}, "malformed feature"),
        ({"size": "3"}, "malformed feature"),
        ({"share": float("inf")}, "malformed feature"),
        ({"share": True}, "malformed feature"),
        ({"team": 3.0}, "malformed feature"),
        ({"night": "yes"}, "malformed feature"),
        ({"id": "a"}, "repeated"),
    ],
)
def test_a_row_that_does_not_fit_is_dropped_and_counted(changes: dict[str, object], reason: str) -> None:
    labelled = fit(GOOD, {**GOOD, "id": "b", **changes})
    assert (len(labelled.rows), labelled.dropped) == (1, {reason: 1})


def test_a_part_without_a_feature_has_it_missing_everywhere() -> None:
    without = {name: value for name, value in GOOD.items() if name != "team"}
    assert fit(without).dropped == {"missing feature": 1}


def test_a_regression_takes_numbers_alone() -> None:
    labelled = fit({**GOOD, "label": 3}, {**GOOD, "id": "b", "label": "High"}, task=Task.REGRESSION)
    assert (labelled.rows.target.tolist(), labelled.dropped) == ([3.0], {"malformed label": 1})


def test_features_named_like_the_records_own_columns_are_found() -> None:
    features = (Feature("version", Kind.STRING),)
    table = pd.DataFrame([{"id": "a", "label": "High", "version": "7", "feature:version": "v2"}])
    labelled = fit_rows([table], features, TARGET, Task.CLASSIFICATION, ["High"])
    assert labelled.rows.features["version"].tolist() == ["v2"]


def test_the_newest_parts_are_read_oldest_first_until_there_are_enough(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(4):
        world.label(deployments(10, seed=number), part=f"part-{number}", first=100 * number)
    parts = read_parts(world.store, HOME, maximum_rows=15)
    assert [part.key.rpartition("/")[2] for part in parts] == ["part-2.parquet", "part-3.parquet"]
    assert len(read_parts(world.store, HOME)) == 4
