"""At which bucket edges latencies are compared, and what is known of each.

Judged are the edges that half of stable's requests or fewer exceed, down to the first that next to none do: there a
candidate shows that is slower by a lot. Steps of √2 between the edges keep the power that wider buckets lose.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log

from seatrial.judge.counts import Counts, Interval, LatencyInterval, pool
from seatrial.judge.dispersion import dispersion_beside
from seatrial.judge.rate_ratio import estimated_ratio
from seatrial.judge.wording import counted, duration, times

# The shares of stable's requests slower than an edge between which the edge tells most.
LARGEST_SHARE, SMALLEST_SHARE = 0.5, 0.005
# A candidate that is this much slower is not worth a rollback, however much traffic there is to show it.
TOLERATED_SLOWDOWN = 1.05


@dataclass(frozen=True, slots=True)
class Edge:
    """One bucket edge to judge at, the one of this index; bad requests are those slower than `seconds`.

    `allowance` is the factor by which stable's own share would grow were stable slower by TOLERATED_SLOWDOWN;
    `dispersion` how many times the candidate's slow requests scatter more than independent ones, beside stable's.
    """

    index: int
    seconds: float
    intervals: Sequence[Interval]
    candidate: Counts
    stable: Counts
    allowance: float
    dispersion: float

    def sentence(self) -> str:
        """Return what both sides did at this edge."""
        ratio = times(estimated_ratio(self.intervals))
        return (
            f"slower than {duration(self.seconds)}: "
            f"candidate {counted(self.candidate)} vs stable {counted(self.stable)}{ratio}"
        )


def edges_to_judge(edges: Sequence[float], intervals: Sequence[LatencyInterval]) -> list[Edge]:
    """Return the edges to judge at, ascending; none where most of stable's requests are slower than the last.

    Raises:
        ValueError: where edges do not ascend from above 0, or an interval has not one bucket more than edges.
    """
    _check(edges, intervals)
    judged: list[Edge] = []
    nearer, share_nearer = 0.0, 1.0
    for index, share in enumerate(_shares_slower(intervals)):
        if share <= LARGEST_SHARE:
            allowance = _allowance(share_nearer, share, nearer, edges[index])
            judged.append(_edge(index, edges[index], [i.slower_than(index) for i in intervals], allowance))
        if share < SMALLEST_SHARE:
            break
        nearer, share_nearer = edges[index], share
    return judged


def _edge(index: int, seconds: float, intervals: Sequence[Interval], allowance: float) -> Edge:
    candidate, stable = pool(i.candidate for i in intervals), pool(i.stable for i in intervals)
    return Edge(index, seconds, intervals, candidate, stable, allowance, dispersion_beside(intervals))


def _shares_slower(intervals: Sequence[LatencyInterval]) -> Iterable[float]:
    """Yield the share of stable's requests slower than each edge."""
    buckets = [sum(column) for column in zip(*(i.stable for i in intervals), strict=True)]
    total = slower = sum(buckets)
    for bucket in buckets[:-1]:
        slower -= bucket
        yield slower / total if total else 0.0


def _allowance(share_nearer: float, share: float, nearer: float, edge: float) -> float:
    """Interpolate the share slower than edge/TOLERATED_SLOWDOWN, geometrically between this edge and the nearer one.

    A distribution's tail falls ever faster on these scales, so the true growth is the larger: none is made up.
    """
    if not nearer:
        return 1.0
    part = min(log(TOLERATED_SLOWDOWN) / log(edge / nearer), 1.0)
    return exp(part * log(share_nearer / max(share, SMALLEST_SHARE)))


def _check(edges: Sequence[float], intervals: Sequence[LatencyInterval]) -> None:
    if not edges or edges[0] <= 0 or any(b <= a for a, b in pairwise(edges)):
        raise ValueError(f"edges are {tuple(edges)}: seconds, ascending from above 0")
    for interval in intervals:
        if len(interval.candidate) != len(edges) + 1:
            raise ValueError(f"an interval has {len(interval.candidate)} buckets for {len(edges)} edges")
