"""The errors check: does the candidate fail more of its requests than stable does of its own?"""

from collections.abc import Sequence
from math import ceil

from seatrial.judge import bernoulli, rate_ratio
from seatrial.judge.conclusion import Claim, Samples, conclude, missing_side, most_per_interval, nothing_to_judge
from seatrial.judge.counts import Counts, Interval, pool
from seatrial.judge.limits import RatioLimits
from seatrial.judge.verdict import Finding, fail_threshold
from seatrial.judge.wording import counted, divided, ratio_as_set, share_as_set, times

# An accident that is shorter than an interval lies in two as a rule, also where its pods are scraped one after the
# other: it ends no trial, and a bad candidate costs two intervals more.
INTERVALS_TO_FAIL = 3
# Without the intervals of an accident so much of the evidence must be left: a third interval alone tells it.
LEFT_TO_FAIL = 0.32


def judge_errors(name: str, intervals: Sequence[Interval], limits: RatioLimits, dispersion: float = 1.0) -> Finding:
    """Return the finding on the error rates since the stage began, counted in these intervals.

    Fail by the ratio, in three intervals at least. Pass by the ratio (less than `pass_ratio` times stable's rate) or
    by the objective (the candidate's own rate below it): where there are no errors at all no ratio can be shown.
    """
    candidate, stable = pool(i.candidate for i in intervals), pool(i.stable for i in intervals)
    missing = missing_side(candidate, stable, "requests")
    if missing:
        return nothing_to_judge(name, missing, limits.alpha)
    ratio = rate_ratio.estimated_ratio(intervals)
    return conclude(
        name,
        f"candidate {counted(candidate)} vs stable {counted(stable)}{times(ratio)}{divided(dispersion)}",
        _toward_fail(intervals, limits, dispersion),
        limits.alpha,
        good_enough(intervals, candidate, limits, dispersion),
        Samples(candidate.total, limits.samples_needed, "requests"),
    )


def _toward_fail(intervals: Sequence[Interval], limits: RatioLimits, dispersion: float) -> float:
    """Return the log e-value for 'worse than allowed', of which a part must be left without the worst intervals.

    Two intervals alone do not reach the threshold, but nearly; what other intervals tell may be chance.
    """
    ratio, threshold = limits.maximum_ratio, fail_threshold(limits.alpha)
    most = most_per_interval(limits.alpha, INTERVALS_TO_FAIL, limits.part)
    found = rate_ratio.log_evidence_above(intervals, ratio, dispersion, most)
    if found <= threshold:
        return found
    others = rate_ratio.without_worst(intervals, ratio, accident_intervals(limits.part))
    left = rate_ratio.log_evidence_above(others, ratio, dispersion, most)
    enough = LEFT_TO_FAIL * threshold
    return found if left >= enough else threshold - (enough - left)


def accident_intervals(part: float) -> int:
    """Return in how many intervals of this part of a whole one a single accident lies."""
    return ceil((INTERVALS_TO_FAIL - 1) / part)


def good_enough(
    intervals: Sequence[Interval], candidate: Counts, limits: RatioLimits, dispersion: float
) -> tuple[Claim, Claim]:
    """Return the two claims of which either passes an errors check."""
    ratio, objective = limits.ratio_to_exclude, limits.share_to_exclude(limits.objective)
    by_ratio = rate_ratio.log_evidence_below(intervals, ratio, dispersion)
    by_objective = bernoulli.log_evidence_below(candidate, objective, dispersion)
    return (
        Claim(f"less than {ratio_as_set(ratio)}", by_ratio),
        Claim(f"less than {share_as_set(objective)}", by_objective),
    )
