"""Judging in probation: stable has no traffic any more, so its past is what the candidate is held to."""

from collections.abc import Sequence

from seatrial.judge import rate_ratio
from seatrial.judge.conclusion import Samples, conclude, missing_side, nothing_to_judge
from seatrial.judge.counts import Counts, Interval, before_each, pool
from seatrial.judge.dispersion import dispersion
from seatrial.judge.errors import accident_intervals, good_enough
from seatrial.judge.limits import RatioLimits
from seatrial.judge.mixture import log_mean_of_starts
from seatrial.judge.verdict import Finding
from seatrial.judge.wording import counted, divided, times


def judge_against_reference(
    name: str, since: Sequence[Counts], before: Sequence[Counts], limits: RatioLimits, usual: float = 1.0
) -> Finding:
    """Return the finding on the candidate's counts since it was promoted against stable's before, both by interval.

    Nothing is shared between now and then, so an incident that hits everybody looks like the candidate's fault. So a
    Fail asks for more than in a canary: a share above the objective and more than `pass_ratio` times stable's, also
    without the candidate's two worst whole intervals, and divided by how much either side scatters (`usual`: known
    before).
    """
    since = [counts for counts in since if counts.total]
    candidate, reference = pool(since), pool(before)
    missing = missing_side(candidate, reference, "requests")
    if missing:
        return nothing_to_judge(name, missing, limits.alpha)
    then_and_now = [Interval(candidate, reference)]
    known = max(usual, dispersion(before))
    bursts = [max(known, dispersion(since[:first]), dispersion(since[first:])) for first in range(len(since))]
    worse = [_worse(since[first:], reference, limits, scatter) for first, scatter in enumerate(bursts)]
    return conclude(
        name,
        f"candidate {counted(candidate)} vs stable before {counted(reference)}"
        f"{times(rate_ratio.estimated_ratio(then_and_now))}{divided(bursts[0])}",
        log_mean_of_starts(worse, before_each(counts.total for counts in since)),
        limits.alpha,
        good_enough(then_and_now, candidate, limits, usual),
        Samples(candidate.total, limits.samples_needed, "requests"),
    )


def _worse(since: Sequence[Counts], reference: Counts, limits: RatioLimits, bursts: float) -> float:
    """Return the log e-value for 'worse than before', from the first of these intervals on."""
    ratio, all_of_it = limits.pass_ratio, pool(since)
    found = min(
        rate_ratio.log_evidence_above_at_once(Interval(counts, reference), ratio, bursts)
        for counts in (all_of_it, _without_worst(since, accident_intervals(limits.part)))
    )
    return found if all_of_it.share > limits.objective else min(found, 0.0)


def _without_worst(counts: Sequence[Counts], worst: int) -> Counts:
    """Return the sum of all but so many intervals with the most bad requests, which may be an accident."""
    return pool(sorted(counts, key=lambda one: one.bad)[: max(0, len(counts) - worst)])
