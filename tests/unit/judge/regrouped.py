"""What the operator has of a stage that lasts: its last intervals, and those before merged, ever more into one."""

from collections.abc import Sequence
from dataclasses import astuple
from itertools import pairwise
from math import ceil, log2
from typing import TypeVar

from seatrial.judge.counts import ClassInterval, Comparisons, Counts, Interval, LatencyInterval, Pairs, pool

POINTS, RECENT = 120, 60  # of seatrial.core.resolution, in intervals of half a minute

T = TypeVar("T", Interval, LatencyInterval, ClassInterval, Counts, Comparisons, Pairs)


def regrouped(intervals: Sequence[T], points: int = POINTS, recent: int = RECENT) -> list[T]:
    """Return the intervals of a stage as they are read at its end."""
    return [_merged(intervals[start:end]) for start, end in pairwise(boundaries(len(intervals), points, recent))]


def boundaries(intervals: int, points: int = POINTS, recent: int = RECENT) -> list[int]:
    """Return after how many intervals of a stage of so many an interval ends that is read, from 0 on."""
    if intervals <= points:
        return [*range(intervals + 1)]
    seam = intervals - recent
    step = 1 << max(0, ceil(log2(seam / points)))
    return [*range(0, seam, step), *range(seam, intervals + 1)]


def _merged(intervals: Sequence[T]) -> T:
    first = intervals[0]
    match first:
        case Interval():
            return Interval(pool(i.candidate for i in intervals), pool(i.stable for i in intervals))
        case LatencyInterval() | ClassInterval():
            sides = ([getattr(i, side) for i in intervals] for side in ("candidate", "stable"))
            return type(first)(*(tuple(map(sum, zip(*side, strict=True))) for side in sides))
    return type(first)(*map(sum, zip(*map(astuple, intervals), strict=True)))
