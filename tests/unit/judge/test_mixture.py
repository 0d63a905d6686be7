"""A test that may have begun with any interval: its weights, its value, and what one interval may add to it."""

from itertools import accumulate
from math import exp, inf, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.judge.counts import before_each
from seatrial.judge.mixture import (
    FROM_THE_FIRST,
    log_mean_from_any_start,
    log_mean_of_starts,
    start_weights,
    uniform,
)
from tests.unit.judge.strategies import seeded

counted = st.lists(st.integers(0, 10**6), min_size=1, max_size=30)
log_ratios = st.lists(st.floats(-50, 5), min_size=1, max_size=30)


def evidence(ratios: list[float], most: float = inf, requests: int = 100) -> float:
    """Return the log e-value of intervals of so many requests, where there is one alternative."""
    return log_mean_from_any_start(uniform([1.0]), lambda _: ratios, before_each([requests] * len(ratios)), most)


@seeded
@given(counted)
def test_the_weights_of_all_tests_begun_or_not_sum_to_one(requests: list[int]) -> None:
    weights, left = start_weights(before_each(requests))
    assert sum(weights) + left == pytest.approx(1)
    assert min(weights) >= 0
    assert weights[0] == FROM_THE_FIRST


@seeded
@given(counted, st.data())
def test_a_weight_depends_on_what_was_counted_before_it_however_that_was_grouped(
    requests: list[int], data: st.DataObject
) -> None:
    """Intervals that are merged have the weight of all of their starts."""
    merged = data.draw(st.integers(1, len(requests)))
    grouped = [sum(requests[:merged]), *requests[merged:]]
    fine, left = start_weights(before_each(requests))
    coarse, still_left = start_weights(before_each(grouped))
    if len(grouped) > 1:
        assert coarse[1] == pytest.approx(sum(fine[1 : merged + 1]))
        assert coarse[2:] == pytest.approx(fine[merged + 1 :])
        assert still_left == left


@seeded
@given(log_ratios)
def test_it_is_the_mean_of_tests_that_begin_with_each_interval(ratios: list[float]) -> None:
    since_each = [*accumulate(reversed(ratios))][::-1]
    weights, left = start_weights(before_each([100] * len(ratios)))
    expected = log(sum(weight * exp(total) for weight, total in zip(weights, since_each, strict=True)) + left)
    assert evidence(ratios) == pytest.approx(expected)
    assert log_mean_of_starts(since_each, before_each([100] * len(ratios))) == pytest.approx(expected)


def test_before_the_first_interval_nothing_is_known() -> None:
    assert evidence([]) == log_mean_of_starts([], []) == 0.0


@pytest.mark.parametrize("hours", [1, 4, 24, 168])
def test_however_long_it_did_well_a_change_costs_little_more_than_the_logarithm_of_that_time(hours: int) -> None:
    """Intervals of 300 requests, of which a good one says 1:2 and a bad one 2:1."""
    intervals = 120 * hours
    good, bad = [-log(2)] * intervals, [log(2)] * 40
    needed = next(n for n in range(41) if evidence([*good, *bad[:n]], requests=300) > log(200))
    assert needed <= (log(200) + log(intervals) + 4) / log(2)


@pytest.mark.parametrize("enough", [1e3, 1e9])
def test_what_exceeds_every_bound_stays_finite(enough: float) -> None:
    assert evidence([enough, -enough, 3.0]) < evidence([enough] * 9) <= 600
    assert log_mean_of_starts([enough] * 3, [0, 1, 2]) <= 600


@seeded
@given(log_ratios, st.floats(-50, 1e3), st.floats(0.5, 5))
def test_an_interval_multiplies_by_so_much_at_most_or_undoes_what_was_said_before(
    ratios: list[float], outlier: float, most: float
) -> None:
    before, after = evidence(ratios, most), evidence([*ratios, outlier], most)
    assert after <= max(before + most, log(2))
