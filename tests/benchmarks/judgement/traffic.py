"""Traffic: the requests of one world, the same whoever judges them.

All requests are split into slots: one for what each step adds to the candidate's share, one like it for a baseline of
the same size, and one for the rest. What either version would answer to a slot's requests is drawn once, so that two
judges who give the candidate different shares at different times still see the same requests.
"""

from dataclasses import dataclass
from functools import cached_property
from math import erf, log, sqrt

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from seatrial.contract.metrics import DURATION_EDGES
from tests.benchmarks.judgement.bursts import Counts, errors
from tests.benchmarks.judgement.steps import TICKS_A_MINUTE, Steps
from tests.benchmarks.judgement.worlds import Floats, World

MEDIAN, SIGMA = 0.050, 0.5  # of log-normal latencies: seconds, and the standard deviation of the logarithm
STALL = 1.0  # seconds: the median of the answers that stall
COLD_TICKS = 2 * TICKS_A_MINUTE  # how long a new pod is cold
BLOCK = 20 * TICKS_A_MINUTE  # ticks that are drawn at once
HISTORY_MINUTES = 120
_UNSHARED = 10_000  # a number that no block has


def shares_by_bucket(slower: float = 1.0, stalls: float = 0.0) -> Floats:
    """Return the share of requests in each bucket of the latency histogram, for a version `slower` times as slow.

    A share `stalls` of them has a median of a second instead.
    """

    def around(median: float) -> Floats:
        below = [(1 + erf(log(edge / median) / SIGMA / sqrt(2))) / 2 for edge in DURATION_EDGES]
        return np.diff(np.array([0.0, *below, 1.0]))

    return (1 - stalls) * around(slower * MEDIAN) + stalls * around(STALL)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a version answers: requests and errors by [tick, slot], latencies by [tick, slot, bucket].

    Where slots are taken together their axis is gone.
    """

    requests: Counts
    errors: Counts
    buckets: Counts

    def among(self, ticks: slice, slots: slice) -> "Answers":
        """Return the answers of these ticks, these slots together."""
        parts = (self.requests, self.errors, self.buckets)
        return Answers(*(part[ticks, slots].sum(axis=1) for part in parts))


@dataclass(frozen=True, slots=True)
class _Block:
    """What is drawn at once: the answers of both versions, and the latencies of cold pods of either."""

    candidate: Answers
    stable: Answers
    cold_candidate: Counts
    cold_stable: Counts

    def then(self, later: "_Block") -> "_Block":
        def joined(ours: Answers, theirs: Answers) -> Answers:
            return Answers(
                np.concatenate((ours.requests, theirs.requests)),
                np.concatenate((ours.errors, theirs.errors)),
                np.concatenate((ours.buckets, theirs.buckets)),
            )

        return _Block(
            joined(self.candidate, later.candidate),
            joined(self.stable, later.stable),
            np.concatenate((self.cold_candidate, later.cold_candidate)),
            np.concatenate((self.cold_stable, later.cold_stable)),
        )


class Traffic:
    """One world's requests at `rate` a minute, drawn as far as somebody looks; `seed` decides all of it.

    Times are in ticks since the trial began, `ticks` a slice of them; `step` counts the canary's steps from 0.
    """

    def __init__(self, world: World, steps: Steps, rate: float, seed: tuple[int, ...]) -> None:
        self.world, self.steps = world, steps
        self._rate, self._seed = rate, seed
        self._weather = world.weather(default_rng(seed))
        self._drawn: _Block | None = None
        self._blocks = 0

    def candidate(self, step: int, began: int, ticks: slice) -> Answers:
        """Return what the candidate answers in a step that began at a tick; the pods that came with it are cold."""
        block = self._until(ticks.stop)
        served = block.candidate.among(ticks, slice(step + 1))
        return self._chilled(served, block.candidate.buckets, block.cold_candidate, step, began, ticks)

    def stable(self, step: int, ticks: slice) -> Answers:
        """Return what stable answers beside it."""
        return self._until(ticks.stop).stable.among(ticks, slice(step + 1, None))

    def baseline(self, step: int, began: int, ticks: slice) -> Answers:
        """Return what new pods of stable's version answer to as many requests as the candidate gets."""
        block, first = self._until(ticks.stop), len(self.steps.weights)
        served = block.stable.among(ticks, slice(first, first + step + 1))
        return self._chilled(served, block.stable.buckets, block.cold_stable, first + step, began, ticks)

    def newcomers(self, step: int, ticks: slice) -> Counts:
        """Return the latencies, by [tick, bucket], of the candidate's pods that come with a step, while cold."""
        return self._until(ticks.stop).cold_candidate[ticks, step]

    def copied(self, ticks: slice) -> tuple[Answers, Answers]:
        """Return what candidate and stable answer to all requests: what a shadow compares."""
        block = self._until(ticks.stop)
        return block.candidate.among(ticks, slice(None)), block.stable.among(ticks, slice(None))

    def chance(self) -> Generator:
        """Return the chance of what only one judge sees."""
        return default_rng((*self._seed, _UNSHARED))

    @cached_property
    def history(self) -> Answers:
        """What stable answered by minute, in the two hours before the trial; latencies are left out."""
        rng, minutes = self._rng(0), np.arange(-HISTORY_MINUTES, 0.0)
        requests = rng.poisson(self._rate * self.world.traffic(minutes, self._weather))[:, None]
        failed = errors(rng, requests, self.world.stable_errors(minutes, self._weather), self.world.burst)
        return Answers(requests[:, 0], failed[:, 0], np.empty((HISTORY_MINUTES, 0), np.int64))

    def is_dark(self, tick: int) -> bool:
        """Say whether Prometheus is away at a tick."""
        return bool(self.world.dark(np.array([tick / TICKS_A_MINUTE]), self._weather)[0])

    def scraped(self, ticks: slice) -> NDArray[np.bool_]:
        """Say of the end of each tick whether Prometheus scrapes at it."""
        ends = np.arange(ticks.start + 1, ticks.stop + 1)
        return ~self.world.dark(ends / TICKS_A_MINUTE, self._weather)

    def _chilled(self, served: Answers, warm: Counts, cold: Counts, slot: int, began: int, ticks: slice) -> Answers:
        until = min(began + COLD_TICKS, ticks.stop)
        if self.world.cold == 1 or until <= ticks.start:
            return served
        chilled = slice(ticks.start, until)
        buckets = served.buckets.copy()
        buckets[: until - ticks.start] += cold[chilled, slot] - warm[chilled, slot]
        return Answers(served.requests, served.errors, buckets)

    def _until(self, tick: int) -> _Block:
        while self._drawn is None or self._blocks * BLOCK < tick:
            block = self._draw(self._rng(1 + self._blocks))
            self._drawn = block if self._drawn is None else self._drawn.then(block)
            self._blocks += 1
        return self._drawn

    def _rng(self, block: int) -> Generator:
        return default_rng((*self._seed, block))

    def _draw(self, rng: Generator) -> _Block:
        world, weather = self.world, self._weather
        minutes = (np.arange(BLOCK) + self._blocks * BLOCK) / TICKS_A_MINUTE
        widths = np.array([*self.steps.widths, *self.steps.widths, max(0.0, 1 - 2 * sum(self.steps.widths))])
        expected = self._rate / TICKS_A_MINUTE * world.traffic(minutes, weather)
        requests = rng.poisson(expected[:, None] * widths)

        def answers(shares: Floats, slower: float, stalls: float) -> tuple[Answers, Counts]:
            buckets = rng.multinomial(requests, shares_by_bucket(slower, stalls))
            chilled = shares_by_bucket(slower * world.cold, stalls)
            cold = buckets if world.cold == 1 else rng.multinomial(requests, chilled)
            return Answers(requests, errors(rng, requests, shares, world.burst), buckets), cold

        candidate, cold_candidate = answers(world.candidate_errors(minutes, weather), world.slower, world.stalls)
        stable, cold_stable = answers(world.stable_errors(minutes, weather), 1.0, 0.0)
        return _Block(candidate, stable, cold_candidate, cold_stable)
