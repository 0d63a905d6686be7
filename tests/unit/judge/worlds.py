"""Seeded worlds for every check: what is counted minute by minute while something changes that no judge may mind.

Requests grow from minute to minute, so that few looks reach from the first evidence to plenty of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf, nan, sin
from typing import Any

from numpy.random import Generator

from seatrial.judge.counts import ClassInterval, Comparisons, Counts, Interval, LatencyInterval, Pairs
from seatrial.judge.latency_edges import edges_to_judge
from seatrial.judge.query import Reading

EDGES = (0.010, 0.014, 0.020, 0.028)  # seconds, of the latency histogram
MINUTES = 12
STEPS = tuple(share for share in (0.01, 0.05, 0.25, 0.5) for _ in range(MINUTES // 4))


def incident(minute: int) -> float:
    """A level that swings by half, and is eight times as high for two minutes."""
    return 8.0 if 4 <= minute < 6 else 1 + 0.5 * sin(minute / 2)


@dataclass(frozen=True, slots=True)
class World:
    """Requests in the first minute and their growth, the candidate's share of them and a level that both sides share.

    `lost` is how often a pod restarts in a minute, so that much of what it counted is never seen; `together` is how
    many requests one accident, or one caller, makes alike.
    """

    name: str
    rate: float = 40
    growth: float = 1.8
    shares: Sequence[float] = (0.25,) * MINUTES
    level: Callable[[int], float] = lambda _minute: 1.0
    lost: float = 0.0
    together: int = 1

    def __str__(self) -> str:
        return self.name

    def minutes(self, rng: Generator) -> Iterator[tuple[int, int, float]]:
        """Yield what is counted of the candidate's requests and of stable's, and the level, of each minute."""
        for minute, share in enumerate(self.shares):
            rate = self.rate * self.growth**minute
            yield self._counted(rng, rate * share), self._counted(rng, rate * (1 - share)), self.level(minute)

    def _counted(self, rng: Generator, requests: float) -> int:
        seen = rng.random() if rng.random() < self.lost else 1.0
        return int(rng.poisson(requests * seen))

    def bad(self, rng: Generator, requests: int, rate: float) -> Counts:
        """Return so many requests, some of them bad at this rate."""
        bad = self.together * int(rng.binomial(requests // self.together, min(max(rate, 0.0), 1.0)))
        return Counts(requests, bad)

    def classes(self, rng: Generator, requests: int, shares: Sequence[float]) -> tuple[int, ...]:
        """Return how many of so many requests are predicted to be of each class."""
        return tuple(self.together * int(n) for n in rng.multinomial(requests // self.together, shares))


WORLDS = (
    World("steady"),
    World("weights that change", shares=STEPS),
    World("a level that changes", level=incident),
    World("weights and a level that change", shares=STEPS[::-1], level=incident),
    World("pods that restart", shares=STEPS, lost=0.3),
    World("few requests", rate=20, growth=1.0),
)
BURSTS = (
    World("bursts", rate=600, growth=1.0, together=20),
    World("bursts and a level that changes", rate=600, growth=1.0, together=20, level=incident),
)

Minutes = Iterator[Any]


def errors(world: World, rng: Generator, ratio: float) -> Minutes:
    """The candidate fails `ratio` times as often as stable, which fails 2 % at level 1."""
    for candidate, stable, level in world.minutes(rng):
        yield Interval(world.bad(rng, candidate, 0.02 * level * ratio), world.bad(rng, stable, 0.02 * level))


def latencies(world: World, rng: Generator, ratio: float) -> Minutes:
    """The candidate is slower than each of four edges `ratio` times as often, beyond what is tolerated."""
    for candidate, stable, level in world.minutes(rng):
        slower = [min(share * level, 0.45) for share in (0.4, 0.2, 0.06, 0.01)]
        most = [min(share * ratio * each, 1.0) for share, each in zip(slower, _tolerated(tuple(slower)), strict=True)]
        yield LatencyInterval(
            world.classes(rng, candidate, _between(most)), world.classes(rng, stable, _between(slower))
        )


@cache
def _tolerated(slower: tuple[float, ...]) -> list[float]:
    """Return by how much more often than the ratio a candidate may be slower than each edge."""
    stable = tuple(round(share * 10**6) for share in _between(slower))
    return [edge.allowance for edge in edges_to_judge(EDGES, [LatencyInterval(stable, stable)])]


def _between(slower: Sequence[float]) -> list[float]:
    return [high - low for high, low in zip((1.0, *slower), (*slower, 0.0), strict=True)]


def comparisons(world: World, rng: Generator, share: float) -> Minutes:
    """The candidate disagrees on this share of the requests."""
    for candidate, _, _ in world.minutes(rng):
        disagree = int(rng.binomial(candidate, share))
        yield Comparisons(candidate - disagree, disagree, 0)


def pairs(world: World, rng: Generator, loss: float) -> Minutes:
    """The candidate loses this share of the requests to stable; the level is how often the two differ."""
    for candidate, _, level in world.minutes(rng):
        won, lost = (0.02 * level + max(gain, 0.0) for gain in (-loss, loss))
        yield Pairs(*rng.multinomial(candidate, (0.4, won, lost, 0.6 - won - lost)).tolist())


def labels(world: World, rng: Generator, loss: float) -> Minutes:
    """The candidate is wrong on this share of the requests more than stable, which is on 5 % at level 1."""
    for candidate, stable, level in world.minutes(rng):
        yield Interval(world.bad(rng, candidate, 0.05 * level + loss), world.bad(rng, stable, 0.05 * level))


def predictions(world: World, rng: Generator, ratio: float) -> Minutes:
    """The candidate predicts the rarest of three classes `ratio` times as often."""
    for candidate, stable, level in world.minutes(rng):
        mine, theirs = min(0.03 * level * ratio, 1.0), 0.03 * level
        yield ClassInterval(
            world.classes(rng, candidate, (mine, 0.4 * (1 - mine), 0.6 * (1 - mine))),
            world.classes(rng, stable, (theirs, 0.4 * (1 - theirs), 0.6 * (1 - theirs))),
        )


def readings(world: World, rng: Generator, ratio: float) -> Minutes:
    """The candidate's value is `ratio` times stable's in the median minute; now and then there is none."""
    for candidate, _, level in list(world.minutes(rng)) * 2:
        yield Reading(
            level * ratio * rng.lognormal(0.0, 0.3) if candidate else nan, level if rng.random() < 0.95 else inf
        )
