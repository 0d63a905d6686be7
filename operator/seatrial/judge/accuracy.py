"""The accuracy check: is the candidate wrong more often than stable, by more than may be lost?

Where both answered the same requests the pairs are judged: only those tell on which exactly one was right, so that few
labels do. Where they answered different ones, as in a canary, the rates are compared, which takes about five times the
labels where each got half of them, and more where it did not.
"""

from collections.abc import Sequence

from seatrial.judge import paired_difference, rate_difference
from seatrial.judge.conclusion import Claim, Samples, conclude, missing_side, nothing_to_judge
from seatrial.judge.counts import NO_PAIRS, Interval, Pairs, pool
from seatrial.judge.limits import HIGHEST_LIMIT, LOWEST_LIMIT, check_exposure, samples_needed, share_to_exclude
from seatrial.judge.verdict import Finding
from seatrial.judge.wording import counted, points, points_as_set

NEVER_TOGETHER = "no interval has labels of both candidate and stable"


def judge_paired_accuracy(
    name: str, intervals: Sequence[Pairs], maximum_loss: float, minimum_samples: int, alpha: float
) -> Finding:
    """Return the finding on labelled requests that both sides answered, by interval since the trial began.

    Fail where the candidate is shown to lose more than `maximum_loss` (a share of the requests) of its accuracy to
    stable, Pass where it is shown to lose less.

    Raises:
        ValueError: where maximum_loss or alpha is out of its range; names it.
    """
    _check(maximum_loss)
    pairs = sum(intervals, start=NO_PAIRS)
    if not pairs.total:
        return nothing_to_judge(name, "no labelled pairs yet", alpha)
    fail, passed = _limits(maximum_loss)
    return conclude(
        name,
        f"candidate wrong {counted(pairs.candidate)} vs stable {counted(pairs.stable)} on the same requests"
        f" · only candidate right {pairs.candidate_right:,}, only stable {pairs.stable_right:,}"
        f" · {_loss((pairs.stable_right - pairs.candidate_right) / pairs.total, fail)}",
        paired_difference.log_evidence_above(intervals, fail),
        alpha,
        [Claim(f"loses less than {points_as_set(passed)}", paired_difference.log_evidence_below(pairs, passed))],
        Samples(pairs.total, minimum_samples, "labelled pairs"),
    )


def judge_unpaired_accuracy(
    name: str,
    intervals: Sequence[Interval],
    maximum_loss: float,
    minimum_samples: int,
    alpha: float,
    exposure: float = 1.0,
) -> Finding:
    """Return the finding on labelled requests of either side, those answered wrong as bad, since the stage began.

    The rates are compared within each interval, so that requests which become harder while the weights move mislead
    nobody. Labels may come in bulk: one interval alone may fail the candidate. A Pass that gives the candidate the
    share `exposure` of the traffic shows as much less as in `RatioLimits`.

    Raises:
        ValueError: where maximum_loss, alpha or exposure is out of its range; names it.
    """
    _check(maximum_loss)
    check_exposure(exposure)
    candidate, stable = pool(i.candidate for i in intervals), pool(i.stable for i in intervals)
    lost = rate_difference.estimated_difference(intervals)
    if lost is None:
        return nothing_to_judge(name, missing_side(candidate, stable, "labels") or NEVER_TOGETHER, alpha)
    fail, at_full_exposure = _limits(maximum_loss)
    passed = share_to_exclude(at_full_exposure, exposure)
    return conclude(
        name,
        f"candidate wrong {counted(candidate)} vs stable {counted(stable)} · {_loss(lost, fail)}",
        rate_difference.log_evidence_above(intervals, fail),
        alpha,
        [Claim(f"loses less than {points_as_set(passed)}", rate_difference.log_evidence_below(intervals, passed))],
        Samples(candidate.total, samples_needed(minimum_samples, exposure), "labels"),
    )


def _check(maximum_loss: float) -> None:
    if not 0 <= maximum_loss <= 1:
        raise ValueError(f"maximum_loss is {maximum_loss}: a share of the requests between 0 and 1, such as 0.02")


def _limits(maximum_loss: float) -> tuple[float, float]:
    """Return the losses against which a Fail and a Pass are shown."""
    fail = min(maximum_loss, HIGHEST_LIMIT)
    return fail, max(fail, LOWEST_LIMIT)


def _loss(lost: float, limit: float) -> str:
    return f"{'gains' if lost < 0 else 'loses'} {points(abs(lost))}, at most {points_as_set(limit)}"
