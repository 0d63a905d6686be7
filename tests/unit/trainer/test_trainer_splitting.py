"""Which rows are for what: exact, stratified, the same for the same rows, and sticky."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial_runtime.trainer.errors import RequestError
from seatrial_runtime.trainer.schema import Rows, join
from seatrial_runtime.trainer.splitting import Split, split_rows
from tests.unit.trainer.builders import deployments, rows_of

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}


def content(rows: Rows) -> list[tuple[object, ...]]:
    return list(zip(*(rows.features[name] for name in rows.features.columns), rows.target, strict=True))


def counted(rows: Rows) -> Counter[tuple[object, ...]]:
    return Counter(content(rows))


def parts(split: Split) -> tuple[Rows, Rows, Rows]:
    return split.train, split.validation, split.test


@pytest.mark.parametrize("by", ["Random", "Stratified"])
def test_the_shares_are_exact_and_every_row_is_in_one_part(by: str) -> None:
    rows = rows_of(deployments(1000))
    split = split_rows(rows, SHARES, by, 42)
    assert split.counts == {"train": 700, "validation": 150, "test": 150}
    assert counted(join(parts(split))) == counted(rows)


def test_stratified_parts_have_the_classes_in_proportion() -> None:
    frame = deployments(1000)
    frame["risk"] = np.where(np.arange(1000) < 100, "Rare", "Often")
    split = split_rows(rows_of(frame), SHARES, "Stratified", 42)
    assert [int((part.target == "Rare").sum()) for part in parts(split)] == [70, 15, 15]


def test_another_seed_is_another_split() -> None:
    rows = rows_of(deployments(200))
    one, other = (split_rows(rows, SHARES, "Stratified", seed) for seed in (1, 2))
    assert counted(one.test) != counted(other.test)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.sampled_from(["High", "Low"])), min_size=8),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_rows_does_not_matter(values: list[tuple[int, str, str]], random: "object") -> None:
    """Not even with twins: the parts have the same rows in the same order."""
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def split(of: list[tuple[int, str, str]]) -> list[list[tuple[object, ...]]]:
        frame = pd.DataFrame(of, columns=["size", "team", "risk"]).astype({"team": object, "risk": object})
        return [content(part) for part in parts(split_rows(rows_of(frame), SHARES, "Stratified", 42))]

    assert split(values) == split(shuffled)


def test_a_row_keeps_its_part_when_others_are_added() -> None:
    """So that a version trained before is compared on rows that it has not seen."""
    old, new = rows_of(deployments(2000, seed=1)), rows_of(deployments(400, seed=2))
    before = split_rows(old, SHARES, "Stratified", 42)
    after = split_rows(join([old, new]), SHARES, "Stratified", 42)
    seen = counted(before.train) + counted(before.validation)
    assert sum((counted(after.test) & seen).values()) / len(after.test) < 0.05


def test_a_row_keeps_its_part_when_its_column_becomes_decimal() -> None:
    frame = deployments(500)
    whole, decimal = rows_of(frame), rows_of(frame.astype({"size": float}))
    splits = [split_rows(rows, SHARES, "Stratified", 42) for rows in (whole, decimal)]
    assert content(splits[0].test) == content(splits[1].test)


def test_twins_part_ways() -> None:
    """Data of few values are drawn again and again: each part has all of them, in proportion."""
    frame = pd.DataFrame({"night": [0, 0, 1, 1] * 100, "risk": ["High", "Low"] * 200}).astype({"risk": object})
    split = split_rows(rows_of(frame), SHARES, "Random", 42)
    shares = [count / len(split.test) for count in counted(split.test).values()]
    assert len(shares) == 4
    assert min(shares) > 0.15


@pytest.mark.parametrize(
    "shares", [{"train": 0.7, "test": 0.3}, {"train": 0.7, "validation": 0.15, "test": 0.1}, {**SHARES, "test": 0.0}]
)
def test_shares_that_cannot_be_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(RequestError, match="together 1"):
        split_rows(rows_of(deployments(100)), shares, "Random", 1)


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(RequestError, match="splitBy is 'Time'; expected Random or Stratified"):
        split_rows(rows_of(deployments(100)), SHARES, "Time", 1)
