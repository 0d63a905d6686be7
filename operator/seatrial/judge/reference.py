"""The errors check of probation: stable has no traffic any more, so its past is what the candidate is held to."""

from seatrial.judge import rate_ratio
from seatrial.judge.conclusion import Samples, conclude, nothing_to_judge
from seatrial.judge.counts import Counts, Interval
from seatrial.judge.errors import good_enough, missing_requests
from seatrial.judge.limits import RatioLimits
from seatrial.judge.verdict import Finding
from seatrial.judge.wording import counted, divided, times


def judge_against_reference(
    name: str, candidate: Counts, reference: Counts, limits: RatioLimits, dispersion: float = 1.0
) -> Finding:
    """Return the finding on the candidate's counts since it was promoted against stable's during the canary.

    Nothing is shared between now and then, so an incident that hits everybody looks like the candidate's fault. So a
    Fail asks for more than in a canary: an error rate above the objective and more than `pass_ratio` times stable's.
    """
    missing = missing_requests(candidate, reference)
    if missing:
        return nothing_to_judge(name, missing, limits.alpha)
    then_and_now = [Interval(candidate, reference)]
    ratio = max(limits.maximum_ratio, limits.pass_ratio)
    worse = rate_ratio.log_evidence_above(then_and_now, ratio, dispersion)
    return conclude(
        name,
        f"candidate {counted(candidate)} vs stable before {counted(reference)}"
        f"{times(rate_ratio.estimated_ratio(then_and_now))}{divided(dispersion)}",
        worse if candidate.share > limits.objective else min(worse, 0.0),
        limits.alpha,
        good_enough(then_and_now, candidate, limits, dispersion),
        Samples(candidate.total, limits.samples_needed, "requests"),
    )
