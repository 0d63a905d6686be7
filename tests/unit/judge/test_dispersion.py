"""Overdispersion: what scatters more than chance, and what does so on one side alone."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given

from seatrial.judge.counts import Counts, Interval
from seatrial.judge.dispersion import MOST_DISPERSION, dispersion, dispersion_beside, usual_dispersion
from tests.unit.judge.strategies import intervals


def side_by_side(candidate: Sequence[int], stable: Sequence[int], total: int = 100) -> list[Interval]:
    """Intervals of `total` requests on each side, so many of them bad."""
    return [Interval(Counts(total, one), Counts(total, other)) for one, other in zip(candidate, stable, strict=True)]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([], 1.0),
        ([Counts(100, 50)], 1.0),
        ([Counts(100, 0)] * 9, 1.0),
        ([Counts(100, 100)] * 9, 1.0),
        ([Counts(100, 10)] * 9, 1.0),  # scatters less than chance: no reason to trust it more
        ([Counts(100, 5), Counts(100, 15)], 50 / 9),  # 2 · (5² / (100 · 0.1 · 0.9)) / 1
        ([Counts(100, 5), Counts(0, 0), Counts(100, 15)], 50 / 9),
        ([Counts(1000, 0)] * 9 + [Counts(1000, 200)], 10.0),
    ],
)
def test_dispersion_is_pearsons_within_bounds(history: list[Counts], expected: float) -> None:
    assert dispersion(history) == pytest.approx(expected)


CALM = [Counts(600, 6)] * 120


@pytest.mark.parametrize("bad", [[(60, 120)], [(minute, 30) for minute in range(43, 48)], [(0, 600), (119, 600)]])
def test_one_incident_in_two_hours_is_no_habit(bad: list[tuple[int, int]]) -> None:
    """Not even across two quarters of an hour."""
    history = [Counts(600, dict(bad).get(minute, 6)) for minute in range(120)]
    assert dispersion(history) > 2
    assert usual_dispersion(history) == 1


def test_what_comes_in_bursts_again_and_again_is_usual() -> None:
    history = [Counts(600, 60 if minute % 20 == 0 else 4) for minute in range(120)]
    assert usual_dispersion(history) > 5


def test_of_a_short_history_nothing_is_left_out() -> None:
    assert usual_dispersion([Counts(600, 60 if minute == 10 else 4) for minute in range(20)]) > 5
    assert usual_dispersion(CALM) == usual_dispersion([]) == usual_dispersion(CALM[:1]) == 1


@pytest.mark.parametrize(
    ("candidate", "stable", "low", "high"),
    [
        ((9, 10, 11, 10, 9, 11), (4, 5, 6, 5, 4, 6), 1, 1),  # evenly worse
        ((20, 0, 20, 0, 20, 0), (20, 0, 20, 0, 20, 0), 1, 1),  # together
        ((40, 2, 40, 2, 40, 2), (20, 1, 20, 1, 20, 1), 1, 2.5),  # together, twice as many
        ((20, 0, 0, 20, 0, 0), (0, 0, 0, 0, 0, 0), 10, 10),  # bursts beside a stable without any
        ((20, 0, 0, 20, 0, 0), (1, 1, 1, 1, 1, 1), 10, 10),
        ((20, 0, 0, 20, 0, 0), (0, 20, 0, 0, 20, 0), 10, 10),  # each its own
        ((1, 1, 1, 1, 1, 1), (20, 0, 0, 20, 0, 0), 2, 10),  # stable's alone make the ratio uncertain too
        ((), (), 1, 1),
        ((5,), (5,), 1, 1),
        ((0, 0), (0, 0), 1, 1),
    ],
)
def test_what_hits_both_sides_at_once_is_no_scatter(
    candidate: Sequence[int], stable: Sequence[int], low: float, high: float
) -> None:
    assert low <= dispersion_beside(side_by_side(candidate, stable)) <= high


def test_intervals_without_bad_requests_tell_nothing_of_the_ratio() -> None:
    quiet = (0,) * 9
    seen = side_by_side((8, *quiet, 2), (2, *quiet, 8))
    assert dispersion_beside(seen) == pytest.approx(2 * (8 - 5) ** 2 / 2.5)


def test_independent_requests_have_next_to_none() -> None:
    rng = np.random.default_rng(1)
    found = [
        dispersion_beside(side_by_side(rng.binomial(100, 0.12, 20).tolist(), rng.binomial(100, 0.04, 20).tolist()))
        for _ in range(50)
    ]
    assert np.mean(found) < 1.3


@given(intervals())
def test_it_is_within_bounds_whatever_was_counted(seen: Sequence[Interval]) -> None:
    assert 1 <= dispersion_beside(seen) <= MOST_DISPERSION
