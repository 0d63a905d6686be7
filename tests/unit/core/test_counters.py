"""From counters to growth: resets, new pods, and a Prometheus that was away."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.core.counters import growth
from seatrial.ports import Series
from tests.given import NOW
from tests.unit.core.counted import counter

MINUTE = timedelta(minutes=1)


def grown(*series: Series, since: timedelta = timedelta(0)) -> list[int]:
    return [part.by for part in growth(series, NOW + since)]


@pytest.mark.parametrize(
    ("values", "by"),
    [
        ([5, 5, 9, 10], [0, 4, 1]),
        ([5, 8, 2, 3], [3, 2, 1]),  # reset: the counter began anew at 0
        ([5, 0, 0], [0, 0]),
        ([5, None, None, 9], [4]),  # not seen for a while
        ([5], []),
    ],
)
def test_a_counter_grows_by_differences(values: list[float | None], by: list[int]) -> None:
    assert grown(counter(values)) == by


def test_no_series_and_no_points_grow_by_nothing() -> None:
    assert grown() == []
    assert grown(counter([])) == []


def test_what_was_before_the_stage_does_not_count() -> None:
    assert grown(counter([5, 6, 8, 11, 15]), since=timedelta(seconds=20)) == [3, 4]


def test_a_pod_that_came_later_began_at_0() -> None:
    assert grown(counter([7, 7, 7]), counter([None, 4, 6])) == [0, 0, 4, 2]


def test_where_prometheus_was_away_first_points_are_only_compared_with() -> None:
    """Nobody was seen at the beginning, so nobody knows what the counters were then."""
    assert grown(counter([None, 4, 6]), counter([None, None, 9, 10])) == [0, 2, 0, 1]


def test_a_pod_has_an_age_from_when_it_was_first_seen() -> None:
    old, young = growth([counter([1, 1]), counter([None, 0])], NOW)
    assert (old.age, young.age) == (float("inf"), 0.0)
    ages = [part.age for part in growth([counter([1] * 4), counter([None, 0, 0, 0])], NOW)]
    assert ages[3:] == [0.0, 0.0, 10.0], "at the beginning of what grew, however far apart the points are"


def test_growth_tells_when() -> None:
    assert [part.at for part in growth([counter([1, 2, 3])], NOW)] == [NOW.timestamp() + 10, NOW.timestamp() + 20]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20))
def test_growth_is_never_negative_and_adds_up_where_nothing_was_reset(steps: list[int]) -> None:
    values = [float(sum(steps[: i + 1])) for i in range(len(steps))]
    parts = list(growth([counter(values)], NOW))
    assert all(part.by >= 0 for part in parts)
    assert sum(part.by for part in parts) == sum(steps[1:])


@given(st.lists(st.integers(0, 50), min_size=2, max_size=20))
def test_whatever_a_counter_does_its_growth_is_not_negative(values: list[int]) -> None:
    assert all(part.by >= 0 for part in growth([counter([float(value) for value in values])], NOW))
