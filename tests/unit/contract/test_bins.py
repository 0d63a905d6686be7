"""Bins: every value falls into one, by the documented rule; classes are named alike everywhere."""

import math

import hypothesis.strategies as st
import pytest
from hypothesis import given

from seatrial.contract.reference import CategoryBins, NumericBins
from seatrial.contract.schema import MISSING, OTHER, OUT_OF_RANGE, class_name

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(NUMBERS, max_size=9, unique=True).map(sorted), NUMBERS)
def test_a_number_within_the_extremes_is_between_its_edges(edges: list[float], value: float) -> None:
    bins = NumericBins(tuple(edges), -math.inf, math.inf)
    index = bins.index(value)
    assert index == 0 or edges[index - 1] <= value
    assert index == len(edges) or value < edges[index]
    assert bins.names[index] == f"b{index}"


@pytest.mark.parametrize(
    ("value", "name"),
    [(None, MISSING), (math.nan, MISSING), (-1, OUT_OF_RANGE), (11, OUT_OF_RANGE), (0, "b0"), (5, "b1"), (10, "b1")],
)
def test_numbers_beyond_the_reference_have_a_bin_of_their_own(value: float | None, name: str) -> None:
    bins = NumericBins((5.0,), 0.0, 10.0)
    assert bins.names[bins.index(value)] == name


@pytest.mark.parametrize(("value", "name"), [("a", "a"), ("z", OTHER), (None, MISSING), (OTHER, OTHER)])
def test_categories_beyond_the_reference_are_others(value: str | None, name: str) -> None:
    bins = CategoryBins(("a", "b"))
    assert bins.names[bins.index(value)] == name


@pytest.mark.parametrize(
    ("value", "name"), [(1, "1"), (1.0, "1"), (1.5, "1.5"), (True, "True"), ("High", "High"), (-0.0, "0")]
)
def test_a_class_has_one_name(value: bool | float | str, name: str) -> None:
    assert class_name(value) == name
