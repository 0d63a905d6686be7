"""Seeded traffic for the judge's tests: what both sides would have counted, minute by minute."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import comb, erf, log, sqrt
from typing import TypeVar

from numpy.random import Generator

from seatrial.contract.metrics import DURATION_EDGES
from seatrial.judge.counts import Counts, Interval, LatencyInterval
from seatrial.judge.limits import RatioLimits
from seatrial.judge.verdict import Finding, Verdict

WEIGHTS = (5, 10, 25, 50)
MINUTES_A_STEP = 10
LIMITS = RatioLimits(maximum_ratio=1.2, pass_ratio=2.0, minimum_samples=500, alpha=0.005)
LATENCY_LIMITS = RatioLimits(maximum_ratio=1.25, pass_ratio=2.0, minimum_samples=500, alpha=0.005)


def steps(weights: Sequence[int] = WEIGHTS, minutes: int = MINUTES_A_STEP) -> list[float]:
    """The candidate's share of the traffic in each minute of a canary."""
    return [weight / 100 for weight in weights for _ in range(minutes)]


def split(rng: Generator, rate: float, weight: float) -> tuple[int, int]:
    """One minute's requests of candidate and stable."""
    total = int(rng.poisson(rate))
    candidate = int(rng.binomial(total, weight))
    return candidate, total - candidate


def errors(
    rng: Generator,
    rate: float,
    ratio: float = 1.0,
    baseline: Callable[[int], float] = lambda _minute: 0.01,
    shares: Sequence[float] | None = None,
) -> Iterator[Interval]:
    """Minutes in which the candidate fails `ratio` times as often as stable's baseline of that minute."""
    for minute, weight in enumerate(steps() if shares is None else shares):
        p = baseline(minute)
        candidate, stable = split(rng, rate, weight)
        yield Interval(
            Counts(candidate, int(rng.binomial(candidate, min(1.0, ratio * p)))),
            Counts(stable, int(rng.binomial(stable, p))),
        )


@dataclass(frozen=True, slots=True)
class Latency:
    """Log-normal latencies: their median in seconds and the standard deviation of their logarithm."""

    median: float = 0.0133
    sigma: float = 0.5

    def buckets(self, rng: Generator, requests: int, slower: float = 1.0) -> tuple[int, ...]:
        """How many of the requests fall into each bucket."""
        below = [0.0, *(self._below(edge / slower) for edge in DURATION_EDGES), 1.0]
        shares = [high - low for low, high in pairwise(below)]
        return tuple(int(count) for count in rng.multinomial(requests, shares))

    def _below(self, seconds: float) -> float:
        return (1 + erf(log(seconds / self.median) / self.sigma / sqrt(2))) / 2


LOGNORMAL = Latency()


def latencies(
    rng: Generator,
    rate: float,
    slower: float = 1.0,
    shared: float = 0.0,
    own: float = 0.0,
    latency: Latency = LOGNORMAL,
) -> Iterator[LatencyInterval]:
    """Minutes in which the candidate is `slower` times as slow; both drift by `shared`, each alone by `own`."""
    for weight in steps():
        candidate, stable = split(rng, rate, weight)
        common = rng.lognormal(0.0, shared)
        yield LatencyInterval(
            latency.buckets(rng, candidate, slower * common * rng.lognormal(0.0, own)),
            latency.buckets(rng, stable, common * rng.lognormal(0.0, own)),
        )


def stalls(rng: Generator, rate: float, share: float, each: int, intervals: int) -> Iterator[LatencyInterval]:
    """Intervals of `rate` requests a side, `share` of them in stalls that make `each` request in them slow.

    Stalls hit a side alone and by chance: neither side is the slower one.
    """
    fast, slow = (0,) * 4, (0,) * (len(DURATION_EDGES) - 12)

    def side() -> tuple[int, ...]:
        stalled = min(each * int(rng.poisson(rate * share / each)), int(rate))
        usual = rng.multinomial(int(rate) - stalled, (0.4, 0.3, 0.2, 0.05, 0.03, 0.01, 0.01))
        return (*fast, *(int(count) for count in usual), stalled, *slow, 0)

    for _ in range(intervals):
        yield LatencyInterval(side(), side())


T = TypeVar("T")


def looks_until_fail(intervals: Iterable[T], judge: Callable[[Sequence[T]], Finding]) -> int | None:
    """Look after every interval, and return after how many the judge failed the candidate, None for never."""
    seen: list[T] = []
    for interval in intervals:
        seen.append(interval)
        if judge(seen).verdict is Verdict.FAIL:
            return len(seen)
    return None


def no_more_than(alpha: float, runs: int) -> int:
    """The most false Fails that a test of level alpha has with a chance of 99.9 %.

    One more, and the Clopper-Pearson interval of their rate lies above alpha.
    """
    chance, most = 0.0, -1
    while chance < 0.999:
        most += 1
        chance += comb(runs, most) * alpha**most * (1 - alpha) ** (runs - most)
    return most
