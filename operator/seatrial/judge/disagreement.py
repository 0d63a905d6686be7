"""The shadow check: does the candidate answer the same requests as stable does?"""

from seatrial.judge import bernoulli
from seatrial.judge.conclusion import Claim, Samples, conclude, nothing_to_judge
from seatrial.judge.counts import Counts
from seatrial.judge.limits import HIGHEST_LIMIT, LOWEST_LIMIT
from seatrial.judge.verdict import Finding
from seatrial.judge.wording import counted, share_as_set


def judge_disagreement(
    name: str, agree: int, disagree: int, errors: int, maximum: float, minimum_samples: int, alpha: float
) -> Finding:
    """Return the finding on the shadow's comparisons so far.

    A request that the candidate failed is not agreed on. Fail where the share is shown to be above `maximum`, Pass
    where it is shown to be below.

    Raises:
        ValueError: where a count is negative, or maximum or alpha is no share.
    """
    if not 0 <= maximum <= 1:
        raise ValueError(f"maximum is {maximum}: a share of the comparisons between 0 and 1, such as 0.1")
    if min(agree, disagree, errors) < 0:
        raise ValueError(f"agree, disagree, errors are {agree}, {disagree}, {errors}: counts, none below 0")
    compared = Counts(agree + disagree + errors, disagree + errors)
    if not compared.total:
        return nothing_to_judge(name, "no shadow comparisons yet", alpha)
    limit = min(max(maximum, LOWEST_LIMIT), HIGHEST_LIMIT)
    among_them = f", {errors:,} of them errors," if errors else ","
    return conclude(
        name,
        f"disagreed on {counted(compared)}{among_them} at most {share_as_set(limit)}",
        bernoulli.log_evidence_above([compared], limit),
        alpha,
        [Claim(f"less than {share_as_set(limit)}", bernoulli.log_evidence_below(compared, limit))],
        Samples(compared.total, minimum_samples, "comparisons"),
    )
