"""The check of a user's own query: does the candidate's value keep its limit in most intervals?

No distribution is assumed of values that may be anything. Each interval is one observation, which keeps the limit or
breaks it; where the limit holds for the median interval, one breaks it with chance 1/2 at most. What is tested is that
chance, so ten intervals that all keep it or all break it say as much as ten throws of a coin.

That chance is each interval's given those before it. So a query looks back no further than an interval is long:
windows that overlap break a limit together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from statistics import median

from seatrial.judge import bernoulli
from seatrial.judge.conclusion import Claim, Samples, conclude, nothing_to_judge
from seatrial.judge.counts import Counts, pool
from seatrial.judge.verdict import Finding
from seatrial.judge.wording import counted, number, ratio_as_set

# The chance that an interval breaks a limit which the median interval just keeps.
EVEN_CHANCE = 0.5


class Bound(StrEnum):
    """What a limit bounds: the candidate's value over stable's in the same interval, or the value itself."""

    MAXIMUM_RATIO = "maximumRatio"
    MINIMUM_RATIO = "minimumRatio"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the query said at the end of an interval, for either side: NaN where it said nothing of the candidate,
    None where it said nothing of stable or was not asked.
    """

    candidate: float
    stable: float | None


@dataclass(frozen=True, slots=True)
class QueryLimit:
    """The limit that a candidate's values are held to.

    Raises:
        ValueError: where the value is not finite, or a ratio is not positive; names it.
    """

    bound: Bound
    value: float

    def __post_init__(self) -> None:
        if not isfinite(self.value):
            raise ValueError(f"{self.bound} is {self.value}: a finite number, such as 1.2")
        if self.is_ratio and self.value <= 0:
            raise ValueError(f"{self.bound} is {self.value}: a positive number, such as 1.2")

    @property
    def is_ratio(self) -> bool:
        """Whether the candidate is compared with stable."""
        return self.bound in (Bound.MAXIMUM_RATIO, Bound.MINIMUM_RATIO)

    def tells(self, reading: Reading) -> bool:
        """Say whether a reading can keep or break the limit: finite values, for a ratio of both sides and from 0 on."""
        if not self.is_ratio:
            return isfinite(reading.candidate)
        sides = (reading.candidate, reading.stable)
        return all(side is not None and isfinite(side) and side >= 0 for side in sides)

    def broken_by(self, reading: Reading) -> bool:
        """Say whether a reading that tells breaks the limit.

        A ratio is compared as a product: beside a stable at 0, a candidate at 0 keeps any, one above breaks a maximum.
        """
        allowed = self.value * (reading.stable or 0.0) if self.is_ratio else self.value
        if self.bound in (Bound.MAXIMUM, Bound.MAXIMUM_RATIO):
            return reading.candidate > allowed
        return reading.candidate < allowed

    def __str__(self) -> str:
        """Return the limit as its user reads it: 'at most 1.2× stable's', 'at least 0.8'."""
        which = "at most" if self.bound in (Bound.MAXIMUM, Bound.MAXIMUM_RATIO) else "at least"
        return f"{which} {ratio_as_set(self.value)} stable's" if self.is_ratio else f"{which} {number(self.value)}"


def judge_query(
    name: str, readings: Sequence[Reading], limit: QueryLimit, minimum_samples: int, alpha: float
) -> Finding:
    """Return the finding on the values since the stage began, one reading for each interval.

    Fail where most intervals are shown to break the limit, Pass where most are shown to keep it. Intervals without the
    values that the limit needs count for nothing.
    """
    telling = [reading for reading in readings if limit.tells(reading)]
    if not telling:
        return nothing_to_judge(name, _nothing(limit, len(readings)), alpha)
    each = [Counts(1, int(limit.broken_by(reading))) for reading in telling]
    broken = pool(each)
    left_out = _left_out(len(readings) - len(telling))
    return conclude(
        name,
        f"{_medians(telling)} · {limit}: broken in {counted(broken)} intervals{left_out}",
        bernoulli.log_evidence_above(each, EVEN_CHANCE),
        alpha,
        [Claim("kept in most", bernoulli.log_evidence_below(broken, EVEN_CHANCE))],
        Samples(len(telling), minimum_samples, "intervals"),
    )


def _nothing(limit: QueryLimit, intervals: int) -> str:
    if not intervals:
        return "no values yet; an answer that is empty, NaN or infinite is none"
    needed = "numbers from 0 on of both sides" if limit.is_ratio else "a number"
    return f"no values to judge by in {intervals:,} intervals: the queries must return {needed}"


def _medians(telling: Sequence[Reading]) -> str:
    candidate = f"in the median candidate {number(median(reading.candidate for reading in telling))}"
    beside = [reading.stable for reading in telling if reading.stable is not None and isfinite(reading.stable)]
    return f"{candidate} vs stable {number(median(beside))}" if beside else candidate


def _left_out(intervals: int) -> str:
    return f", {intervals:,} without values left out" if intervals else ""
