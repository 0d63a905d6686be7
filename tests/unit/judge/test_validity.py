"""Seeded simulations: how often the judge is wrong when it looks after every interval, and how soon it is right."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from math import sin
from statistics import mean, median

import numpy as np
import pytest
from numpy.random import Generator

from seatrial.contract.metrics import DURATION_EDGES
from seatrial.judge.counts import Comparisons, Counts, Interval, LatencyInterval
from seatrial.judge.disagreement import judge_disagreement
from seatrial.judge.errors import judge_errors
from seatrial.judge.latency import judge_latency
from seatrial.judge.rate_ratio import log_evidence_above
from seatrial.judge.verdict import Finding, Verdict, fail_threshold
from tests.unit.judge.traffic import (
    LATENCY_LIMITS,
    LIMITS,
    WEIGHTS,
    errors,
    latencies,
    looks_until_fail,
    no_more_than,
    stalls,
    steps,
)

SHORT = steps(minutes=5)


def judged(seen: Sequence[Interval]) -> Finding:
    return judge_errors("errors", seen, LIMITS)


def slow(seen: Sequence[LatencyInterval]) -> Finding:
    return judge_latency("latency", DURATION_EDGES, seen, LATENCY_LIMITS)


def day(minute: int) -> float:
    """A rate that swings between 0.5 % and 1.5 %, with an incident of 30 %."""
    return 0.3 if 8 <= minute < 11 else 0.01 + 0.005 * sin(minute / 3)


@pytest.mark.parametrize(
    ("rate", "baseline"),
    [(600, lambda _minute: 0.01), (600, day), (25, lambda _minute: 0.04), (6, lambda _minute: 0.5)],
    ids=["steady", "a changing rate and an incident", "few requests", "few requests and half of them failing"],
)
@pytest.mark.parametrize("alpha", [0.1])
def test_false_fails_stay_below_alpha_at_the_edge_of_what_is_allowed(
    rate: float, baseline: Callable[[int], float], alpha: float
) -> None:
    """The candidate fails exactly 1.2 times as often as stable, and is looked at after every minute."""
    rng, runs, failed = np.random.default_rng(7), 400, 0
    for _ in range(runs):
        seen: list[Interval] = []
        for interval in errors(rng, rate, ratio=1.2, baseline=baseline, shares=SHORT):
            seen.append(interval)
            if log_evidence_above(seen, 1.2) > fail_threshold(alpha):
                failed += 1
                break
    assert failed <= no_more_than(alpha, runs)


def test_a_healthy_candidate_never_fails_and_passes_each_step_in_its_time() -> None:
    """600 requests a minute, 1 % errors on both sides: forty rollouts."""
    rng, promoted = np.random.default_rng(11), 0
    for _ in range(40):
        seen = list(errors(rng, rate=600))
        gates = zip((10, 20, 30, 40), (*WEIGHTS[1:], 100), strict=True)
        findings = [
            judge_errors("errors", seen[:minute], replace(LIMITS, exposure=following / 100))
            for minute, following in gates
        ]
        assert all(finding.verdict is not Verdict.FAIL for finding in findings)
        promoted += all(finding.verdict is Verdict.PASS for finding in findings)
    assert promoted >= 36


def bursts(rng: Generator, intervals: Iterable[Interval]) -> Iterator[Interval]:
    """Now and then a pod fails twenty requests at once: the candidate's as often as its share of the traffic."""
    for interval in intervals:
        candidate, stable = interval.candidate, interval.stable
        if rng.random() >= 0.1:
            yield interval
        elif rng.random() < candidate.total / (candidate.total + stable.total):
            yield Interval(_burst(candidate), stable)
        else:
            yield Interval(candidate, _burst(stable))


def _burst(counts: Counts) -> Counts:
    return Counts(counts.total, min(counts.total, counts.bad + 20))


def test_bursts_roll_back_no_healthy_candidate() -> None:
    rng = np.random.default_rng(5)
    outcomes = [looks_until_fail(bursts(rng, errors(rng, 600, shares=SHORT)), judged) for _ in range(60)]
    assert sum(looks is not None for looks in outcomes) <= 2


def test_ten_times_the_errors_are_found_within_minutes() -> None:
    rng = np.random.default_rng(1)
    looks, served = [], []
    for _ in range(40):
        trial = list(errors(rng, rate=600, ratio=10))
        found = looks_until_fail(trial, judged)
        assert found is not None
        looks.append(found)
        served.append(sum(interval.candidate.bad for interval in trial[:found]))
    assert median(looks) <= 5
    assert max(looks) <= 10
    assert mean(served) <= 15


def test_three_times_the_errors_are_found_within_the_canary() -> None:
    rng = np.random.default_rng(2)
    looks = [looks_until_fail(errors(rng, rate=600, ratio=3), judged) for _ in range(15)]
    assert all(looks)
    assert median(found for found in looks if found) <= 22


@pytest.mark.parametrize(
    "minutes",
    [
        partial(latencies),
        partial(latencies, slower=1.05),
        partial(latencies, shared=0.5),
        partial(latencies, own=0.1),
    ],
    ids=["equal", "slower by 5 %", "a load that both share", "minutes of their own"],
)
def test_a_candidate_that_is_as_fast_is_not_failed_and_passes(
    minutes: Callable[[Generator, float], Iterator[LatencyInterval]],
) -> None:
    rng = np.random.default_rng(3)
    for _ in range(8):
        seen = list(minutes(rng, 600))
        findings = [slow(seen[:look]) for look in range(2, 41, 2)]
        assert all(finding.verdict is not Verdict.FAIL for finding in findings)
        assert findings[-1].verdict is Verdict.PASS


def test_stalls_that_hit_one_side_more_than_the_other_by_chance_are_no_slowdown() -> None:
    """Requests that wait for the same stall are slow together: they count as few."""
    rng, runs = np.random.default_rng(12), 200
    failed = sum(looks_until_fail(stalls(rng, 150, 0.05, each=25, intervals=12), slow) is not None for _ in range(runs))
    assert failed <= 0.02 * runs


@pytest.mark.parametrize("shared", [0.0, 0.3])
def test_a_candidate_that_is_slower_by_three_tenths_is_found(shared: float) -> None:
    rng = np.random.default_rng(4)
    for _ in range(8):
        seen = list(latencies(rng, 600, slower=1.3, shared=shared))
        verdicts = [slow(seen[:look]).verdict for look in range(5, 41, 5)]
        assert Verdict.FAIL in verdicts
        assert Verdict.PASS not in verdicts


def test_twice_as_slow_is_found_in_minutes() -> None:
    rng = np.random.default_rng(6)
    assert all((looks_until_fail(latencies(rng, 600, slower=2.0), slow) or 99) <= 5 for _ in range(5))


def test_disagreements_at_the_maximum_stay_below_alpha() -> None:
    rng, runs, failed, alpha = np.random.default_rng(8), 300, 0, 0.1
    for _ in range(runs):
        compared = [Comparisons(20 - bad, bad, 0) for bad in rng.binomial(20, 0.1, size=50).tolist()]
        looks = looks_until_fail(compared, lambda seen: judge_disagreement("answers", seen, 0.1, 500, alpha))
        failed += looks is not None
    assert 1 <= failed <= no_more_than(alpha, runs)
