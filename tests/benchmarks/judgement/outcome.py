"""How a judge led the candidate through a world, and what came of it."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from tests.benchmarks.judgement.steps import TICKS_A_MINUTE
from tests.benchmarks.judgement.traffic import Answers, Traffic, shares_by_bucket
from tests.benchmarks.judgement.worlds import Harm

# Slow is what is beyond the first bucket edge that at most one in twenty of stable's answers exceed.
SLOW = 0.05
SLOW_BUCKET = int(np.searchsorted(np.cumsum(shares_by_bucket()), 1 - SLOW)) + 1


class Ending(StrEnum):
    """What became of the candidate; Held: neither, by the end of the judge's own patience."""

    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Path:
    """At which tick each of the canary's steps began that the candidate reached, and how and when that ended."""

    steps: tuple[int, ...]
    ended: int
    ending: Ending


@dataclass(frozen=True, slots=True)
class Outcome:
    """A path's ending, after how many minutes, and how many bad answers the candidate gave to callers meanwhile."""

    ending: Ending
    minute: float
    harm: float


def outcome(traffic: Traffic, path: Path) -> Outcome:
    """Return what a path comes to in its world."""
    parts = pairwise((*path.steps, path.ended))
    harm = sum(
        _harm(traffic, traffic.candidate(step, begin, slice(begin, end)))
        for step, (begin, end) in enumerate(parts)
        if end > begin
    )
    return Outcome(path.ending, path.ended / TICKS_A_MINUTE, harm)


def _harm(traffic: Traffic, served: Answers) -> float:
    match traffic.world.harm:
        case Harm.SLOW:
            return float(served.buckets[:, SLOW_BUCKET:].sum())
        case Harm.WRONG:
            return float(served.requests.sum()) * (1 - traffic.world.accuracy)
        case Harm.ERRORS | None:
            return float(served.errors.sum())
