"""In the first seconds of a stage intervals are short: an accident that fills some of them still ends no trial."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from numpy.random import Generator

from seatrial.api.status import Stage
from seatrial.core.judging import judge
from seatrial.core.observed import Evidence, Observed
from seatrial.core.resolution import since_then
from seatrial.judge.counts import Counts, Interval
from seatrial.judge.verdict import Verdict
from tests.given import NOW, in_probation, on_trial, spec

ERRORS = spec(rollout={"shadow": {"enabled": False}, "checks": [{"name": "errors", "errors": {}}]})
SECONDS = 90  # how long a stage is looked at
Bad = tuple[int, int]  # seconds between which the candidate fails every request


def by_second(rng: Generator, rate: float, bad: Bad, usual: float = 0.01, seconds: int = SECONDS) -> list[Counts]:
    """What one side answers in each second, of which it fails the share `usual` otherwise."""
    requests = [int(rng.poisson(rate)) for _ in range(seconds)]
    return [Counts(n, n if bad[0] <= at < bad[1] else int(rng.binomial(n, usual))) for at, n in enumerate(requests)]


def counted(of: list[Counts], begin: float, end: float) -> Counts:
    seen = of[round(begin) : round(end)]
    return Counts(sum(one.total for one in seen), sum(one.bad for one in seen))


def failed_after(
    world: Observed, candidate: list[Counts], stable: list[Counts], looks: range = range(1, SECONDS)
) -> int | None:
    """Return after how many seconds the candidate fails, where it is looked at in each of these; None if in none."""
    for second in looks:
        query = since_then(["x"], NOW, NOW + timedelta(seconds=second))
        ends = np.minimum(np.arange(0.0, second + query.seconds, query.seconds), second)
        sides = [[counted(of, a, b) for a, b in pairwise(ends)] for of in (candidate, stable)]
        intervals = tuple(Interval(*both) for both in zip(*sides, strict=True) if all(one.total for one in both))
        evidence = Evidence(since=NOW, step=query.seconds, requests=intervals)
        (found,) = judge(replace(world, evidence=evidence), ERRORS)
        if found.verdict is Verdict.FAIL:
            return second
    return None


STAGES = {
    "canary": on_trial(Stage.CANARY, since=timedelta(0), of=ERRORS),
    "probation": in_probation(since=timedelta(0), of=ERRORS),
}
OFTEN = 20


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("share", [0.05, 0.5])
def test_an_accident_of_a_few_seconds_ends_no_trial(stage: str, share: float) -> None:
    rng, world = np.random.default_rng(1), STAGES[stage]
    for _ in range(OFTEN):
        begins = int(rng.integers(0, 30))
        candidate = by_second(rng, 100 * share, (begins, begins + 5))
        assert failed_after(world, candidate, by_second(rng, 100 * (1 - share), (0, 0))) is None


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("lasts", [2, 10, 29])
def test_nor_does_one_that_crosses_the_boundary_of_two_intervals_later(stage: str, lasts: int) -> None:
    """At a model that makes no errors otherwise, where each of them tells the most."""
    rng, world = np.random.default_rng(3), STAGES[stage]
    for _ in range(3):
        begins = 210 - int(rng.integers(1, lasts))  # a boundary is at 210 seconds
        candidate = by_second(rng, 50, (begins, begins + lasts), usual=0, seconds=300)
        stable = by_second(rng, 50, (0, 0), usual=0, seconds=300)
        assert failed_after(world, candidate, stable, range(195, 300, 5)) is None


@pytest.mark.parametrize("stage", STAGES)
def test_nor_does_one_that_two_pods_are_scraped_after_one_after_the_other(stage: str) -> None:
    rng, world = np.random.default_rng(4), STAGES[stage]
    for phase in (1, 5, 14):
        pods = [by_second(rng, 50, (200, 203), usual=0, seconds=300) for _ in range(2)]
        seen = [scraped(pod, at) for pod, at in zip(pods, (0, phase), strict=True)]
        candidate = [Counts(a.total + b.total, a.bad + b.bad) for a, b in zip(*seen, strict=True)]
        stable = by_second(rng, 50, (0, 0), usual=0, seconds=300)
        assert failed_after(world, candidate, stable, range(195, 300, 5)) is None


def scraped(of: list[Counts], phase: int, every: int = 15) -> list[Counts]:
    """What a pod answered, in the second in which Prometheus heard of it."""
    ends = [at for at in range(len(of)) if at % every == phase]
    heard = {end: counted(of, begin, end) for begin, end in pairwise([0, *ends]) if end > begin}
    return [heard.get(at, Counts(0, 0)) for at in range(len(of))]


@pytest.mark.parametrize("stage", STAGES)
def test_what_goes_on_failing_is_found_within_a_minute(stage: str) -> None:
    rng, world = np.random.default_rng(2), STAGES[stage]
    for _ in range(5):
        candidate = by_second(rng, 20, (0, SECONDS))
        found = failed_after(world, candidate, by_second(rng, 80, (0, 0)))
        assert found is not None
        assert 30 < found <= 60
