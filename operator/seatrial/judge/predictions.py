"""The predictions check: does the candidate predict some class far more often, or far more rarely, than stable does?

No labels are needed: both answer the same callers, so that what they predict is distributed alike. Each class is
counted like an error, the candidate's against stable's and stable's against the candidate's, and the mean of all these
e-values decides on a Fail. A Pass must be shown both ways for every class that is not rare.

What one caller asks together is answered alike, as requests that wait for the same stall are slow together. So evidence
toward Fail counts the less, the more a class scatters from interval to interval.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seatrial.judge import rate_ratio
from seatrial.judge.conclusion import Claim, Samples, conclude, missing_side, most_per_interval, nothing_to_judge
from seatrial.judge.counts import ClassInterval, Counts, Interval, pool
from seatrial.judge.dispersion import dispersion_beside
from seatrial.judge.limits import RatioLimits
from seatrial.judge.mixture import log_mean_exp
from seatrial.judge.verdict import Finding
from seatrial.judge.wording import counted, divided, ratio_as_set, times

# So many classes are judged, the rarest beyond as one: each of them makes the mean of the e-values smaller.
MOST_CLASSES = 50
ALL_OTHERS = "all other classes"
# What neither side predicts as often need not be shown to be predicted alike.
RARE = 0.01
# One caller's strange minutes make no other model, and how much a class scatters is not known from three intervals.
INTERVALS_TO_FAIL = 4


@dataclass(frozen=True, slots=True)
class Move:
    """A class, and one of the two ways in which the candidate may predict it otherwise than stable.

    Bad requests are predictions of the class. `sides` are the intervals with the side first that would predict it more.
    """

    label: str
    more: bool
    intervals: Sequence[Interval]
    sides: Sequence[Interval]
    candidate: Counts
    stable: Counts
    dispersion: float

    @property
    def rare(self) -> bool:
        """Whether a Pass need not speak of it."""
        return max(self.candidate.share, self.stable.share) < RARE

    def sentence(self) -> str:
        """Return what both sides predicted of the class."""
        ratio = times(rate_ratio.estimated_ratio(self.intervals))
        return f"{self.label}: candidate {counted(self.candidate)} vs stable {counted(self.stable)}{ratio}"


def judge_predictions(
    name: str, classes: Sequence[str], intervals: Sequence[ClassInterval], limits: RatioLimits
) -> Finding:
    """Return the finding on what was predicted since the stage began; `classes` names what the intervals count.

    Fail where classes are shown to be predicted more than `maximum_ratio` times as often, or as rarely, as by stable.
    Pass where each class of at least 1 % of either side's predictions is shown to be within the ratio that a Pass
    excludes, both ways. The line is about the class that moved most.

    Raises:
        ValueError: where an interval does not count as many classes as are named.
    """
    _check(classes, intervals)
    everything = range(len(classes))
    missing = missing_side(*_totals([i.predicting(everything) for i in intervals]), "predictions")
    if missing:
        return nothing_to_judge(name, missing, limits.alpha)
    moves = list(_moves(classes, intervals))
    moved = [_toward_fail(move, limits) for move in moves]
    toward_fail = log_mean_exp(moved)
    usual = [move for move in moves if not move.rare]
    claims = [_toward_pass(move, limits) for move in usual]
    weakest = min(claims, key=lambda claim: claim.evidence)
    told = moves[moved.index(max(moved))] if toward_fail > 0 else usual[claims.index(weakest)]
    bursts = divided(told.dispersion) if toward_fail > 0 else ""
    samples = Samples(told.candidate.total, limits.samples_needed, "predictions")
    return conclude(name, told.sentence() + bursts, toward_fail, limits.alpha, [weakest], samples)


def _check(classes: Sequence[str], intervals: Sequence[ClassInterval]) -> None:
    for interval in intervals:
        if len(interval.candidate) != len(classes):
            raise ValueError(f"an interval counts {len(interval.candidate)} classes, where {len(classes)} are named")


def _moves(classes: Sequence[str], intervals: Sequence[ClassInterval]) -> Iterator[Move]:
    """Yield both ways of every class, the rarest pooled."""
    ranked = sorted(range(len(classes)), key=lambda k: -sum(i.candidate[k] + i.stable[k] for i in intervals))
    judged = ranked if len(ranked) <= MOST_CLASSES else ranked[: MOST_CLASSES - 1]
    for k in sorted(judged):
        yield from _both_ways(classes[k], [i.predicting([k]) for i in intervals])
    if rest := ranked[len(judged) :]:
        yield from _both_ways(ALL_OTHERS, [i.predicting(rest) for i in intervals])


def _both_ways(label: str, intervals: Sequence[Interval]) -> Iterator[Move]:
    candidate, stable = _totals(intervals)
    for more in (True, False):
        sides = intervals if more else [Interval(i.stable, i.candidate) for i in intervals]
        yield Move(label, more, intervals, sides, candidate, stable, dispersion_beside(sides))


def _toward_fail(move: Move, limits: RatioLimits) -> float:
    most = most_per_interval(limits.alpha, INTERVALS_TO_FAIL, limits.part)
    return rate_ratio.log_evidence_above(move.sides, limits.maximum_ratio, move.dispersion, most)


def _toward_pass(move: Move, limits: RatioLimits) -> Claim:
    ratio = limits.ratio_to_exclude
    what = f"{move.label} less than {ratio_as_set(ratio)} as {'often' if move.more else 'rarely'}"
    return Claim(what, rate_ratio.log_evidence_below(move.sides, ratio))


def _totals(intervals: Sequence[Interval]) -> tuple[Counts, Counts]:
    return pool(i.candidate for i in intervals), pool(i.stable for i in intervals)
