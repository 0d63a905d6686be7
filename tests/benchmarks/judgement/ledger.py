"""What Prometheus would have counted of a stage, and the evidence that the operator would read from it.

The same evidence as `core.evidence.read_evidence` gives for the same counters (a test compares them), in a thousandth
of its time: the counters are summed over pods already.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from seatrial.contract.metrics import DURATION_EDGES
from seatrial.core.observed import Evidence, Query
from seatrial.core.questions import DURATION, LABELS, REQUESTS
from seatrial.judge.counts import Comparisons, Counts, Interval, LatencyInterval, Pairs
from tests.benchmarks.judgement import bursts
from tests.benchmarks.judgement.steps import TICK_SECONDS
from tests.benchmarks.judgement.traffic import Answers

BUCKETS = len(DURATION_EDGES) + 1
LATENCY = "latency"  # the check that is told its own latencies


class Ledger:
    """Counters of candidate and stable since a stage began, at the ticks at which they were scraped."""

    def __init__(self, since: datetime, history: Answers, longest: int) -> None:
        self._since = since
        self._history = tuple(map(Counts, history.requests.tolist(), history.errors.tolist()))
        self._requests = np.zeros((2, longest + 1, 2), np.int64)  # by side and tick: requests, errors
        self._buckets = np.zeros((2, longest + 1, BUCKETS), np.int64)
        self._labels = np.zeros((2, longest + 1, 2), np.int64)  # by side and tick: labels, those of wrong answers
        self._comparisons: list[Comparisons] = []
        self._pairs: list[Pairs] = []
        self._scraped = np.zeros(longest + 1, np.int64)  # by tick: the last one at which Prometheus was there
        self.ticks = 0

    def add(self, candidate: Answers, stable: Answers, warm: bursts.Counts, scraped: NDArray[np.bool_]) -> None:
        """Add what both answered in the next ticks; `warm` are the latencies of the candidate's pods that count."""
        first, last = self.ticks, self.ticks + len(candidate.requests)
        for side, answers, buckets in ((0, candidate, warm), (1, stable, stable.buckets)):
            both = np.stack((answers.requests, answers.errors), axis=1)
            self._requests[side, first + 1 : last + 1] = self._requests[side, first] + np.cumsum(both, axis=0)
            self._buckets[side, first + 1 : last + 1] = self._buckets[side, first] + np.cumsum(buckets, axis=0)
        seen = np.where(scraped, np.arange(first + 1, last + 1), self._scraped[first])
        self._scraped[first + 1 : last + 1] = np.maximum.accumulate(seen)
        self.ticks = last

    def label(self, labels: bursts.Counts) -> None:
        """Add the labels of the ticks added last, by [side, tick]: how many, and how many of wrong answers."""
        first, last = self.ticks - labels.shape[1], self.ticks
        self._labels[:, first + 1 : last + 1] = self._labels[:, first, None] + np.cumsum(labels, axis=1)

    def pair(self, pairs: Pairs) -> None:
        """Add labels of requests that both sides answered."""
        self._pairs.append(pairs)

    def compare(self, agree: int, disagree: int, failed: int) -> None:
        """Add what a shadow's answers were beside stable's."""
        self._comparisons.append(Comparisons(agree, disagree, failed))

    def evidence(self, asked: Mapping[str, Query]) -> Evidence:
        """Return the evidence at the last tick, read at the points that the operator's questions name."""
        requests, buckets = self._grown(self._requests, asked[REQUESTS]), self._grown(self._buckets, asked[DURATION])
        labels = self._grown(self._labels, asked[LABELS]) if LABELS in asked else np.zeros((2, 0, 2), np.int64)
        return Evidence(
            since=self._since,
            step=asked[REQUESTS].seconds,
            requests=_intervals(requests),
            latency={LATENCY: tuple(LatencyInterval(tuple(m), tuple(t)) for m, t in side_by_side(buckets))},
            comparisons=tuple(self._comparisons),
            labels=_intervals(labels),
            pairs=tuple(self._pairs),
            history=self._history,
        )

    def _grown(self, counters: bursts.Counts, query: Query) -> bursts.Counts:
        """Return how much the counters grew between the query's points; none is before the stage or after now."""
        seconds = [(at - self._since).total_seconds() for at in points(query)]
        ticks = np.unique(np.clip(np.array(seconds) // TICK_SECONDS, 0, self.ticks).astype(np.int64))
        return np.diff(counters[:, self._scraped[ticks]], axis=1)


def _intervals(counts: bursts.Counts) -> tuple[Interval, ...]:
    return tuple(Interval(Counts(*mine), Counts(*theirs)) for mine, theirs in side_by_side(counts))


def points(query: Query) -> list[datetime]:
    """Return the moments at which a question reads counters: those of its past come before its own."""
    count = round((query.end - query.start).total_seconds() / query.seconds)
    own = [query.start + timedelta(seconds=query.seconds * place) for place in range(count + 1)]
    past = [] if query.past is None else points(query.past)
    return [*(at for at in past if at < query.start), *own]


def side_by_side(counts: bursts.Counts) -> list[tuple[list[int], list[int]]]:
    """Return the counts of both sides, [side, point, what], in stretches in each of which both counted something."""
    counted: NDArray[np.bool_] = np.asarray(counts.any(axis=2))
    begins, mine, theirs = [0], False, False
    for point, (one, other) in enumerate(counted.T.tolist()):
        mine, theirs = mine or one, theirs or other
        if mine and theirs:
            begins.append(point + 1)
            mine = theirs = False
    if not (mine or theirs):
        begins.pop()  # nothing was counted after the last stretch
    if not begins:
        return []
    together = np.add.reduceat(counts, begins, axis=1)
    return list(zip(together[0].tolist(), together[1].tolist(), strict=True))
