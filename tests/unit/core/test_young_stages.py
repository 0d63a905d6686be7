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


def by_second(rng: Generator, rate: float, bad: Bad) -> list[Counts]:
    """What one side answers in each second, of which it fails 1 % otherwise."""
    requests = [int(rng.poisson(rate)) for _ in range(SECONDS)]
    return [Counts(n, n if bad[0] <= at < bad[1] else int(rng.binomial(n, 0.01))) for at, n in enumerate(requests)]


def counted(of: list[Counts], begin: float, end: float) -> Counts:
    seen = of[round(begin) : round(end)]
    return Counts(sum(one.total for one in seen), sum(one.bad for one in seen))


def failed_after(world: Observed, candidate: list[Counts], stable: list[Counts]) -> int | None:
    """Return after how many seconds the candidate fails, where it is looked at in each; None where it does not."""
    for second in range(1, SECONDS):
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
def test_what_goes_on_failing_is_found_within_three_quarters_of_a_minute(stage: str) -> None:
    rng, world = np.random.default_rng(2), STAGES[stage]
    for _ in range(5):
        candidate = by_second(rng, 20, (0, SECONDS))
        found = failed_after(world, candidate, by_second(rng, 80, (0, 0)))
        assert found is not None
        assert 15 < found <= 45
