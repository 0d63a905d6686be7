"""Limits say what is wrong with them, and ask for less where a Pass risks less."""

from dataclasses import replace
from typing import Any

import pytest

from seatrial.judge.limits import RatioLimits

FULL = RatioLimits(maximum_ratio=1.2, pass_ratio=2.0, minimum_samples=500, alpha=0.005)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("maximum_ratio", 0.0),
        ("maximum_ratio", float("inf")),
        ("pass_ratio", -1.0),
        ("minimum_samples", -1),
        ("alpha", 0.0),
        ("alpha", 1.0),
        ("objective", 0.0),
        ("objective", 1.0),
        ("exposure", 0.0),
        ("exposure", 1.01),
    ],
)
def test_a_limit_out_of_range_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{field} is {value}"):
        replace(FULL, **{field: value})


def test_at_full_exposure_the_limits_are_what_was_set() -> None:
    assert (FULL.ratio_to_exclude, FULL.samples_needed, FULL.share_to_exclude(0.01)) == (2.0, 500, 0.01)


@pytest.mark.parametrize(
    ("exposure", "ratio", "samples", "objective"),
    [(0.05, 21.0, 25, 0.2), (0.25, 5.0, 125, 0.04), (0.5, 3.0, 250, 0.02), (0.001, 1001.0, 1, 0.5)],
)
def test_a_pass_that_gives_less_traffic_shows_less(
    exposure: float, ratio: float, samples: int, objective: float
) -> None:
    step = replace(FULL, exposure=exposure)
    assert step.ratio_to_exclude == pytest.approx(ratio)
    assert step.samples_needed == samples
    assert step.share_to_exclude(0.01) == pytest.approx(objective)


def test_the_bad_requests_that_a_wrong_pass_allows_are_the_same_at_every_step() -> None:
    steps = [replace(FULL, exposure=exposure) for exposure in (0.01, 0.05, 0.25, 0.5, 1.0)]
    assert [step.exposure * (step.ratio_to_exclude - 1) for step in steps] == pytest.approx([1.0] * 5)


def test_relaxing_never_tightens() -> None:
    strict = replace(FULL, pass_ratio=0.9, objective=0.8, exposure=0.1)
    assert strict.ratio_to_exclude == 0.9
    assert strict.share_to_exclude(strict.objective) == 0.8
