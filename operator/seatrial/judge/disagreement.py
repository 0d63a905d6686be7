"""The shadow check: does the candidate answer the same requests as stable does?"""

from collections.abc import Sequence

from seatrial.judge import bernoulli
from seatrial.judge.conclusion import Claim, Samples, conclude, nothing_to_judge
from seatrial.judge.counts import Comparisons, pool
from seatrial.judge.limits import HIGHEST_LIMIT, LOWEST_LIMIT
from seatrial.judge.verdict import Finding
from seatrial.judge.wording import counted, share_as_set


def judge_disagreement(
    name: str, intervals: Sequence[Comparisons], maximum: float, minimum_samples: int, alpha: float
) -> Finding:
    """Return the finding on the shadow's comparisons, by interval since the stage began.

    Fail where the share that is not agreed on is shown to be above `maximum`, Pass where it is shown to be below.

    Raises:
        ValueError: where maximum or alpha is no share.
    """
    if not 0 <= maximum <= 1:
        raise ValueError(f"maximum is {maximum}: a share of the comparisons between 0 and 1, such as 0.1")
    each = [interval.counts for interval in intervals]
    compared, errors = pool(each), sum(interval.errors for interval in intervals)
    if not compared.total:
        return nothing_to_judge(name, "no shadow comparisons yet", alpha)
    limit = min(max(maximum, LOWEST_LIMIT), HIGHEST_LIMIT)
    among_them = f", {errors:,} of them errors," if errors else ","
    return conclude(
        name,
        f"disagreed on {counted(compared)}{among_them} at most {share_as_set(limit)}",
        bernoulli.log_evidence_above(each, limit),
        alpha,
        [Claim(f"less than {share_as_set(limit)}", bernoulli.log_evidence_below(compared, limit))],
        Samples(compared.total, minimum_samples, "comparisons"),
    )
