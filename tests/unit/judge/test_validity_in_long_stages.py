"""Stages of hours, read as the operator reads them: who keeps the limits is safe, and who breaks one late is found."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from math import sin
from statistics import median
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator

from seatrial.contract.metrics import DURATION_EDGES
from seatrial.core.observed import Query
from seatrial.core.resolution import USUAL_STEP, since_then
from seatrial.judge.counts import Counts, Interval, LatencyInterval, pool
from seatrial.judge.dispersion import usual_dispersion
from seatrial.judge.errors import judge_errors
from seatrial.judge.latency import judge_latency
from seatrial.judge.reference import judge_against_reference
from seatrial.judge.verdict import Finding, Verdict
from tests.given import NOW
from tests.unit.judge.checks import checks
from tests.unit.judge.regrouped import boundaries, regrouped
from tests.unit.judge.traffic import LATENCY_LIMITS, LIMITS, LOGNORMAL, looks_until_fail, no_more_than, stalls
from tests.unit.judge.worlds import World

HOUR, FOUR_HOURS = 120, 480  # in intervals of half a minute
ALPHA = 0.1
# A tenth of what the operator reads, of stages a tenth as long: they are regrouped as often.
shortly = partial(regrouped, points=12, recent=6)


@pytest.mark.parametrize("intervals", [7, 120, 121, 181, FOUR_HOURS, 3001, 20_160])
def test_intervals_are_regrouped_as_the_operator_reads_them(intervals: int) -> None:
    query = since_then(["x"], NOW, NOW + intervals * USUAL_STEP)
    past = [] if query.past is None else [end for end in _ends(query.past) if end < _ends(query)[0]]
    assert [*past, *_ends(query)] == boundaries(intervals)


def _ends(query: Query) -> list[float]:
    step, count = timedelta(seconds=query.seconds), (query.end - query.start).total_seconds() / query.seconds
    return [(query.start + i * step - NOW) / USUAL_STEP for i in range(round(count) + 1)]


# Who keeps the limits


def swinging(interval: int) -> float:
    """A level that swings slowly, and is eight times as high for a while."""
    return 8.0 if 30 <= interval < 36 else 1 + 0.6 * sin(interval / 7)


LONG = (
    World("a long steady stage", rate=120, growth=1.0, shares=(0.25,) * 60),
    World("weights and a level that change", rate=120, growth=1.0, shares=(0.05, 0.5, 0.1, 0.3) * 15, level=swinging),
)
RUNS = {
    "errors": 200,
    "latency": 60,
    "disagreement": 150,
    "paired accuracy": 150,
    "unpaired accuracy": 80,
    "predictions": 60,
}


@pytest.mark.parametrize(("name", "runs"), RUNS.items())
def test_a_candidate_at_its_limit_fails_with_chance_alpha_however_its_intervals_are_regrouped(
    name: str, runs: int
) -> None:
    check = checks(ALPHA)[name]
    judge = check.judge
    regrouping = replace(check, judge=lambda seen: judge(shortly(seen)))
    failed = [regrouping.failed(world, check.limit, runs) for world in LONG]
    assert max(failed) <= no_more_than(ALPHA, runs), failed


def errors(rng: Generator, intervals: int, ratio: float = 1.0, burst: int = 0) -> Iterator[Interval]:
    """300 requests an interval and 1 % errors; one interval in twenty has a burst of them, at either side."""
    for _ in range(intervals):
        bursts = rng.permutation([burst * bool(rng.random() < 0.05), 0]).tolist()
        yield Interval(
            Counts(150, min(150, int(rng.binomial(150, min(1.0, 0.01 * ratio))) + bursts[0])),
            Counts(150, min(150, int(rng.binomial(150, 0.01)) + bursts[1])),
        )


def judged(seen: Sequence[Interval], usual: float = 1.0) -> Finding:
    return judge_errors("errors", regrouped(seen), LIMITS, usual)


@pytest.mark.parametrize("burst", [20, 60])
def test_bursts_that_are_usual_fail_no_healthy_candidate_in_four_hours(burst: int) -> None:
    rng = np.random.default_rng(3)
    before = [interval.stable for interval in errors(rng, FOUR_HOURS // 2, burst=burst)]
    usual = usual_dispersion([pool(two) for two in zip(before[::2], before[1::2], strict=True)])
    for _ in range(8):
        seen = list(errors(rng, FOUR_HOURS, burst=burst))
        assert all(judged(seen[:look], usual).verdict is not Verdict.FAIL for look in range(10, FOUR_HOURS, 5))


def test_stalls_fail_no_healthy_candidate_in_an_hour() -> None:
    rng = np.random.default_rng(12)
    for _ in range(6):
        seen = list(stalls(rng, 150, 0.05, each=25, intervals=HOUR))
        assert all(slow(seen[:look]).verdict is not Verdict.FAIL for look in range(6, HOUR, 6))


# Who breaks one late


def latencies(rng: Generator, intervals: int, slower: float = 1.0) -> Iterator[LatencyInterval]:
    for _ in range(intervals):
        yield LatencyInterval(LOGNORMAL.buckets(rng, 150, slower), LOGNORMAL.buckets(rng, 150))


def slow(seen: Sequence[LatencyInterval]) -> Finding:
    return judge_latency("latency", DURATION_EDGES, regrouped(seen), LATENCY_LIMITS)


def looks_after(good: Sequence[Any], bad: Iterator[Any], judge: Callable[[Sequence[Any]], Finding]) -> int:
    """Return after how many bad intervals the candidate fails."""
    found = looks_until_fail(bad, lambda seen: judge([*good, *seen]))
    assert found is not None
    return found


@pytest.mark.parametrize("good", [HOUR, FOUR_HOURS])
@pytest.mark.parametrize(("ratio", "within"), [(3, 30), (10, 6), (100, 4)])
def test_errors_that_begin_late_are_found(good: int, ratio: float, within: int) -> None:
    rng = np.random.default_rng(5)
    looks = [looks_after(list(errors(rng, good)), errors(rng, 200, ratio), judged) for _ in range(9)]
    assert median(looks) <= within
    assert max(looks) <= 2 * within


@pytest.mark.parametrize("good", [HOUR, FOUR_HOURS])
@pytest.mark.parametrize(("slower", "within"), [(1.5, 16), (2.0, 8)])
def test_a_slowness_that_begins_late_is_found(good: int, slower: float, within: int) -> None:
    rng = np.random.default_rng(6)
    looks = [looks_after(list(latencies(rng, good)), latencies(rng, 40, slower), slow) for _ in range(3)]
    assert max(looks) <= within


def test_errors_that_begin_late_in_a_probation_are_found() -> None:
    rng = np.random.default_rng(8)
    before = [interval.stable for interval in errors(rng, HOUR)]

    def after(seen: Sequence[Interval]) -> Finding:
        return judge_against_reference("errors", [interval.candidate for interval in seen], before, LIMITS)

    assert all(after(list(errors(rng, 40))).verdict is not Verdict.FAIL for _ in range(20))
    looks = [looks_after(list(errors(rng, 40)), errors(rng, 40, ratio=10), after) for _ in range(9)]
    assert max(looks) <= 6
