"""What the tests are given: requests counted per interval, for the candidate and for stable side by side."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests of one side in one interval, and how many of them were bad (failed, slow, wrong).

    Raises:
        ValueError: unless 0 <= bad <= total.
    """

    total: int
    bad: int

    def __post_init__(self) -> None:
        if not 0 <= self.bad <= self.total:
            raise ValueError(f"bad is {self.bad} of total {self.total}: counts are 0 <= bad <= total")

    @property
    def share(self) -> float:
        """The share of bad requests, 0 where there were none at all."""
        return self.bad / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Interval:
    """What both sides did in the same interval of time."""

    candidate: Counts
    stable: Counts


@dataclass(frozen=True, slots=True)
class LatencyInterval:
    """How many requests fell into each bucket of the latency histogram in the same interval, for both sides.

    Not cumulative; one bucket more than there are edges: the last counts what is above the last edge.

    Raises:
        ValueError: where a count is negative or the sides differ in length.
    """

    candidate: tuple[int, ...]
    stable: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.candidate) != len(self.stable):
            lengths = f"{len(self.candidate)} and {len(self.stable)}"
            raise ValueError(f"candidate and stable have {lengths} buckets: they share their edges")
        if min(self.candidate + self.stable, default=0) < 0:
            raise ValueError(f"buckets hold counts, none below 0: {self.candidate}, {self.stable}")

    def slower_than(self, edge: int) -> Interval:
        """Return the interval's counts of requests slower than the edge of this index."""
        return Interval(_slower(self.candidate, edge), _slower(self.stable, edge))


def _slower(buckets: tuple[int, ...], edge: int) -> Counts:
    return Counts(total=sum(buckets), bad=sum(buckets[edge + 1 :]))


def pool(counts: Iterable[Counts]) -> Counts:
    """Return the sum of the counts."""
    total = bad = 0
    for one in counts:
        total, bad = total + one.total, bad + one.bad
    return Counts(total, bad)
