"""The test on whole histograms: fair to whoever keeps the limits at every edge, and quick to find who is slower."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, combinations_with_replacement, pairwise
from math import exp, factorial, prod
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from seatrial.contract.metrics import DURATION_EDGES
from seatrial.judge.counts import LatencyInterval
from seatrial.judge.rate_ratio import log_evidence_above
from seatrial.judge.whole_histogram import log_evidence_slower
from tests.unit.judge.traffic import Latency

EDGES = (0, 1)  # three buckets
SLOW = Latency(median=0.050)
JUDGED = [index for index, seconds in enumerate(DURATION_EDGES) if 0.050 < seconds < 0.182]


def outcomes(requests: int, shares: Sequence[float]) -> Iterator[tuple[tuple[int, ...], float]]:
    """Yield how so many requests may fall into the buckets, and how probable that is."""
    for buckets in combinations_with_replacement(range(len(shares)), requests):
        counts = tuple(buckets.count(bucket) for bucket in range(len(shares)))
        ways = factorial(requests) / prod(map(factorial, counts))
        yield counts, ways * prod(share**count for share, count in zip(shares, counts, strict=True))


def between(beyond: Sequence[float]) -> list[float]:
    return [near - far for near, far in pairwise([1.0, *beyond, 0.0])]


@some.composite
def allowed(draw: some.DrawFn) -> tuple[list[float], list[float], list[float]]:
    """Return stable's shares by bucket, ratios at each edge, and the shares of a candidate that keeps them all."""
    part, factor = some.floats(0, 1), some.floats(0.5, 4)
    stable = [*accumulate((draw(part), draw(part)), lambda near, ratio: near * ratio)]
    ratios = [draw(factor), draw(factor)]
    most = [min(1.0, ratio * share) for ratio, share in zip(ratios, stable, strict=True)]
    candidate = [*accumulate((draw(part) * share if draw(some.booleans()) else share for share in most), min)]
    return between(stable), ratios, between(candidate)


@given(
    allowed(),
    some.tuples(*[some.integers(1, 1000)] * 3),
    some.sampled_from([(1, 1), (1, 4), (3, 1), (3, 3)]),
    some.sampled_from([1.0, 2.5]),
)
@settings(max_examples=150, deadline=None)
def test_its_mean_is_at_most_1_for_every_candidate_within_the_limits(
    sides: tuple[list[float], list[float], list[float]],
    usual: tuple[int, ...],
    requests: tuple[int, int],
    dispersion: float,
) -> None:
    stable, ratios, candidate = sides
    first = LatencyInterval((1, 0, 0), usual)
    mean = sum(
        exp(log_evidence_slower([first, LatencyInterval(mine, theirs)], EDGES, ratios, dispersion)) * p1 * p0
        for mine, p1 in outcomes(requests[0], candidate)
        for theirs, p0 in outcomes(requests[1], stable)
    )
    assert mean <= 1 + 1e-9


def test_it_would_not_be_fair_beyond_them() -> None:
    first = LatencyInterval((1, 0, 0), (50, 30, 20))
    mean = sum(
        exp(log_evidence_slower([first, LatencyInterval(mine, theirs)], EDGES, [1.0, 1.0])) * p1 * p0
        for mine, p1 in outcomes(3, (0.2, 0.3, 0.5))
        for theirs, p0 in outcomes(3, (0.5, 0.3, 0.2))
    )
    assert mean > 1.1


def intervals(rng: np.random.Generator, requests: float, share: float, slower: float) -> Iterator[LatencyInterval]:
    while True:
        mine, theirs = (int(rng.poisson(requests * part)) for part in (share, 1 - share))
        yield LatencyInterval(SLOW.buckets(rng, mine, slower), SLOW.buckets(rng, theirs))


def needed(rng: np.random.Generator, requests: float, share: float) -> tuple[int, int]:
    """Return after how many intervals all edges together, and the edge that tells most, show 1.3 times as slow."""
    seen: list[LatencyInterval] = []
    together = alone = 0
    for interval in intervals(rng, requests, share, 1.3):
        seen.append(interval)
        by_edge = (log_evidence_above([i.slower_than(edge) for i in seen], 1.25) for edge in JUDGED)
        together = together or len(seen) * (log_evidence_slower(seen, JUDGED, [1.25] * len(JUDGED)) > 6)
        alone = alone or len(seen) * (max(by_edge) > 6)
        if together and alone:
            return together, alone
    raise AssertionError


@pytest.mark.parametrize(("requests", "share"), [(3000, 0.01), (100, 0.1)])
def test_it_finds_a_slower_candidate_sooner_than_the_best_edge(requests: float, share: float) -> None:
    rng = np.random.default_rng(4)
    together, alone = zip(*(needed(rng, requests, share) for _ in range(15)), strict=True)
    assert median(together) < median(alone)


def test_where_it_does_not_know_what_is_usual_it_says_nothing() -> None:
    slow = LatencyInterval((0, 0, 900), (900, 0, 0))
    assert log_evidence_slower([slow], EDGES, [1.25, 1.25]) == 0
    assert log_evidence_slower([], EDGES, [1.25, 1.25]) == 0
    assert log_evidence_slower([slow, LatencyInterval((0, 0, 900), (0, 0, 0))], EDGES, [1.25, 1.25]) == 0
    assert log_evidence_slower([slow] * 3, (), ()) == pytest.approx(0)


def test_a_candidate_that_has_nearly_all_of_the_traffic_can_still_be_judged() -> None:
    """Stable's few requests would have to lose more than there is."""
    usual, slow = LatencyInterval((10, 0, 0), (5, 3, 2)), LatencyInterval((100, 200, 700), (5, 3, 2))
    assert log_evidence_slower([usual, slow, slow, slow], EDGES, [1.25, 1.25]) > 3


def test_one_interval_tells_no_more_than_it_may() -> None:
    usual, slow = LatencyInterval((10, 0, 0), (500, 300, 200)), LatencyInterval((0, 0, 900), (500, 300, 200))
    assert log_evidence_slower([usual, slow], EDGES, [1.25, 1.25], most_per_interval=2) <= 2
    assert log_evidence_slower([usual, slow], EDGES, [1.25, 1.25]) > 20


def test_what_is_usual_is_what_stable_did_lately() -> None:
    """In the morning both were much faster: compared with that, half of the evidence would be missed."""
    morning, ratios, total = Latency(median=0.012), [1.25] * len(JUDGED), 0.0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        before = [LatencyInterval(morning.buckets(rng, 1500), morning.buckets(rng, 1500)) for _ in range(60)]
        settled = [LatencyInterval(SLOW.buckets(rng, 300), SLOW.buckets(rng, 300)) for _ in range(20)]
        now = [LatencyInterval(SLOW.buckets(rng, 150, 1.3), SLOW.buckets(rng, 150)) for _ in range(12)]
        total += log_evidence_slower([*before, *settled, *now], JUDGED, ratios)
    assert total > 55
