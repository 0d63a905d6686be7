"""What the tests are given: requests counted per interval, for the candidate and for stable side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import accumulate


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
class Pairs:
    """Requests that both sides answered and whose truth is known, by which of the two was right.

    Raises:
        ValueError: where a count is negative; names it.
    """

    both_right: int
    candidate_right: int
    stable_right: int
    both_wrong: int

    def __post_init__(self) -> None:
        _check_counts(self, "pairs")

    @property
    def total(self) -> int:
        """The number of requests."""
        return self.same + self.candidate_right + self.stable_right

    @property
    def same(self) -> int:
        """The requests that both or neither answered right."""
        return self.both_right + self.both_wrong

    def __add__(self, other: "Pairs") -> "Pairs":
        """Return the pairs of both."""
        return Pairs(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def candidate(self) -> Counts:
        """The requests, those that the candidate answered wrong as bad."""
        return Counts(self.total, self.stable_right + self.both_wrong)

    @property
    def stable(self) -> Counts:
        """The requests, those that stable answered wrong as bad."""
        return Counts(self.total, self.candidate_right + self.both_wrong)


@dataclass(frozen=True, slots=True)
class Comparisons:
    """What the shadow's answers were, beside stable's to the same requests.

    Raises:
        ValueError: where a count is negative; names it.
    """

    agree: int
    disagree: int
    errors: int

    def __post_init__(self) -> None:
        _check_counts(self, "comparisons")

    @property
    def counts(self) -> Counts:
        """The comparisons, those without the same answer as bad: a request that failed is not agreed on."""
        return Counts(self.agree + self.disagree + self.errors, self.disagree + self.errors)


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
        _check_side_by_side(self.candidate, self.stable, "buckets", "edges")

    def slower_than(self, edge: int) -> Interval:
        """Return the interval's counts of requests slower than the edge of this index."""
        return Interval(_slower(self.candidate, edge), _slower(self.stable, edge))


@dataclass(frozen=True, slots=True)
class ClassInterval:
    """How many predictions of each class, or bin of a number, both sides made in the same interval.

    Both count the same classes in the same order; each row that was answered is one prediction.

    Raises:
        ValueError: where a count is negative or the sides differ in length.
    """

    candidate: tuple[int, ...]
    stable: tuple[int, ...]

    def __post_init__(self) -> None:
        _check_side_by_side(self.candidate, self.stable, "classes", "classes")

    def predicting(self, indices: Sequence[int]) -> Interval:
        """Return the interval's counts, predictions of the classes of these indices as bad."""
        return Interval(_among(self.candidate, indices), _among(self.stable, indices))


def _check_counts(counted: Pairs | Comparisons, unit: str) -> None:
    for field in fields(counted):
        if (count := getattr(counted, field.name)) < 0:
            raise ValueError(f"{field.name} is {count}: a number of {unit}, 0 or more")


def _check_side_by_side(candidate: tuple[int, ...], stable: tuple[int, ...], counted: str, shared: str) -> None:
    if len(candidate) != len(stable):
        raise ValueError(
            f"candidate and stable have {len(candidate)} and {len(stable)} {counted}: they share their {shared}"
        )
    if min(candidate + stable, default=0) < 0:
        raise ValueError(f"{counted} hold counts, none below 0: {candidate}, {stable}")


def _among(classes: tuple[int, ...], indices: Sequence[int]) -> Counts:
    return Counts(total=sum(classes), bad=sum(classes[index] for index in indices))


def _slower(buckets: tuple[int, ...], edge: int) -> Counts:
    return Counts(total=sum(buckets), bad=sum(buckets[edge + 1 :]))


def pool(counts: Iterable[Counts]) -> Counts:
    """Return the sum of the counts."""
    total = bad = 0
    for one in counts:
        total, bad = total + one.total, bad + one.bad
    return Counts(total, bad)


def before_each(counted: Iterable[int]) -> list[int]:
    """Return, for each interval, how much was counted in those before it."""
    return list(accumulate(counted, initial=0))[:-1]


NO_PAIRS = Pairs(0, 0, 0, 0)
