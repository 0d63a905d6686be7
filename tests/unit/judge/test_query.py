"""The check of a user's own query: which values break which limit, and what that says."""

from math import inf, nan

import pytest

from seatrial.judge.query import Bound, QueryLimit, Reading, judge_query
from seatrial.judge.verdict import Finding, Verdict

AT_MOST = QueryLimit(Bound.MAXIMUM_RATIO, 1.2)
AT_LEAST = QueryLimit(Bound.MINIMUM_RATIO, 0.9)
KEPT, BROKEN = Reading(0.03, 0.031), Reading(0.042, 0.031)


def judge(*readings: Reading, limit: QueryLimit = AT_MOST, samples: int = 5) -> Finding:
    return judge_query("refunds", readings, limit, samples, alpha=0.01 / 3)


@pytest.mark.parametrize(
    ("limit", "candidate", "stable", "broken"),
    [
        (AT_MOST, 1.2, 1.0, False),
        (AT_MOST, 1.21, 1.0, True),
        (AT_MOST, 0.0, 0.0, False),
        (AT_MOST, 0.1, 0.0, True),  # however little: stable has none at all
        (AT_LEAST, 0.9, 1.0, False),
        (AT_LEAST, 0.89, 1.0, True),
        (AT_LEAST, 0.0, 0.0, False),
        (AT_LEAST, 5.0, 0.0, False),
        (QueryLimit(Bound.MAXIMUM, -2.0), -2.0, None, False),
        (QueryLimit(Bound.MAXIMUM, -2.0), -1.9, None, True),
        (QueryLimit(Bound.MINIMUM, 0.8), 0.8, 99.0, False),
        (QueryLimit(Bound.MINIMUM, 0.8), 0.79, 0.1, True),  # whatever stable does
        (QueryLimit(Bound.MAXIMUM, 0.0), 0.0, None, False),
        (AT_MOST, 1e308, 1e308, False),
        (AT_LEAST, 1e308, 1.7e308, True),
    ],
)
def test_what_breaks_a_limit(limit: QueryLimit, candidate: float, stable: float | None, broken: bool) -> None:
    reading = Reading(candidate, stable)
    assert limit.tells(reading)
    assert limit.broken_by(reading) is broken


@pytest.mark.parametrize(
    "reading",
    [
        Reading(nan, 1.0),
        Reading(inf, 1.0),
        Reading(1.0, None),
        Reading(1.0, nan),
        Reading(1.0, inf),
        Reading(-1.0, 1.0),  # no ratio tells which of two is the larger loss
        Reading(1.0, -1.0),
    ],
)
def test_what_is_no_value_counts_for_nothing(reading: Reading) -> None:
    alone = judge(reading)
    assert alone.verdict is Verdict.INCONCLUSIVE
    assert alone.evidence == -inf
    assert judge(*[reading] * 90, *[BROKEN] * 9).evidence == judge(*[BROKEN] * 9).evidence
    assert judge(*[reading] * 9, *[KEPT] * 3).sentence.endswith("3 of 5 intervals")


def test_an_absolute_limit_asks_nothing_of_stable() -> None:
    limit = QueryLimit(Bound.MAXIMUM, 1.0)
    found = judge(*[Reading(2.0, None), Reading(2.0, nan)] * 6, limit=limit)
    assert found.verdict is Verdict.FAIL
    assert found.sentence.startswith("in the median candidate 2 · at most 1: broken in 12/12 (100.0 %) intervals · ")


SENTENCES = [
    ([], "Inconclusive · no values yet; an answer that is empty, NaN or infinite is none"),
    (
        [Reading(nan, 1.0)] * 5,
        "Inconclusive · no values to judge by in 5 intervals: the queries must return numbers from 0 on of both sides",
    ),
    (
        [*[BROKEN] * 12, Reading(nan, 1.0), Reading(1.0, None)],
        "Fail · in the median candidate 0.042 vs stable 0.031 · at most 1.2× stable's: broken in 12/12 (100.0 %)"
        " intervals, 2 without values left out · evidence 372:1, needs 300:1",
    ),
    (
        [KEPT] * 6,
        "Pass · in the median candidate 0.03 vs stable 0.031 · at most 1.2× stable's: broken in 0/6 (0.0 %)"
        " intervals · kept in most: evidence 36:1, needs 20:1",
    ),
    (
        [BROKEN, KEPT],
        "Inconclusive · in the median candidate 0.036 vs stable 0.031 · at most 1.2× stable's: broken in 1/2 (50.0 %)"
        " intervals · against it: evidence 1:1, needs 300:1 · 2 of 5 intervals",
    ),
]


@pytest.mark.parametrize(("readings", "line"), SENTENCES)
def test_a_finding_explains_itself(readings: list[Reading], line: str) -> None:
    assert judge(*readings).line() == f"refunds: {line}"


def test_an_absolute_limit_without_values_says_what_it_needs() -> None:
    found = judge(Reading(nan, 1.0), limit=QueryLimit(Bound.MINIMUM, 0.8))
    assert found.sentence == "no values to judge by in 1 intervals: the queries must return a number"


def test_twelve_intervals_fail_and_six_pass() -> None:
    assert judge(*[BROKEN] * 11).verdict is Verdict.INCONCLUSIVE
    assert judge(*[BROKEN] * 12).verdict is Verdict.FAIL
    assert judge(*[KEPT] * 5).verdict is Verdict.INCONCLUSIVE
    assert judge(*[KEPT] * 6).verdict is Verdict.PASS


def test_how_far_a_limit_is_broken_does_not_matter() -> None:
    """One interval that is off by a thousand times is one interval."""
    assert judge(*[KEPT] * 12, Reading(30.0, 0.03)).verdict is Verdict.PASS


def test_half_of_the_intervals_show_nothing() -> None:
    assert judge(*[BROKEN, KEPT] * 50).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("bound", "value"),
    [
        (Bound.MAXIMUM_RATIO, 0.0),
        (Bound.MINIMUM_RATIO, -1.0),
        (Bound.MAXIMUM, inf),
        (Bound.MINIMUM, nan),
        (Bound.MAXIMUM_RATIO, inf),
    ],
)
def test_a_limit_out_of_range_is_refused_by_name(bound: Bound, value: float) -> None:
    with pytest.raises(ValueError, match=f"{bound.value} is {value}"):
        QueryLimit(bound, value)
