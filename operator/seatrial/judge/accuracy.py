"""The paired accuracy check: both versions answered the same requests, and the truth came in later.

A pair of which exactly one was right is worth +1 to the loss where it was stable and -1 where it was the candidate;
all others are worth 0. A bet of λ on 'the mean loss is above m' multiplies its stake by 1 + λ·(loss - m) at each
pair, which gains nothing on average where the claim is wrong (betting on a bounded mean: Waudby-Smith & Ramdas 2024).
The product depends on the three totals alone. At m = 0 it is McNemar's test of b/(b+c) <= 1/2 as an e-process.
"""

from math import log1p

from seatrial.judge.conclusion import Claim, Samples, conclude, nothing_to_judge
from seatrial.judge.mixture import geometric, log_mean, uniform
from seatrial.judge.verdict import Finding

# Stakes, as parts of the largest that cannot lose everything.
STAKES = uniform(geometric(0.01, 0.99, 24))


def log_evidence_of_loss_above(candidate_only: int, stable_only: int, alike: int, loss: float) -> float:
    """Return the log e-value for 'the candidate's accuracy is more than `loss` below stable's'."""
    return _log_wealth(gains=stable_only, losses=candidate_only, alike=alike, mean=loss)


def log_evidence_of_loss_below(candidate_only: int, stable_only: int, alike: int, loss: float) -> float:
    """Return the log e-value for 'the candidate's accuracy is less than `loss` below stable's'."""
    return _log_wealth(gains=candidate_only, losses=stable_only, alike=alike, mean=-loss)


def _log_wealth(gains: int, losses: int, alike: int, mean: float) -> float:
    def log_ratio(part: float) -> float:
        stake = part / (1 + mean)
        return gains * log1p(stake * (1 - mean)) + losses * log1p(-stake * (1 + mean)) + alike * log1p(-stake * mean)

    return log_mean(STAKES, log_ratio)


def judge_paired_accuracy(
    name: str,
    candidate_only_right: int,
    stable_only_right: int,
    both: int,
    maximum_loss: float,
    minimum_samples: int,
    alpha: float,
) -> Finding:
    """Return the finding on the labelled pairs so far; `both` counts those on which both were right or both wrong.

    Fail where the candidate is shown to be worse at all and the loss seen is above `maximum_loss` (a share of the
    pairs): to show the limit itself broken would take ten times the labels. Pass where the loss is shown to be less.

    Raises:
        ValueError: where a count is negative or maximum_loss or alpha is out of its range.
    """
    pairs = candidate_only_right + stable_only_right + both
    _check(candidate_only_right, stable_only_right, both, maximum_loss)
    if not pairs:
        return nothing_to_judge(name, "no labelled pairs yet", alpha)
    loss = (stable_only_right - candidate_only_right) / pairs
    worse = log_evidence_of_loss_above(candidate_only_right, stable_only_right, both, 0.0)
    within = log_evidence_of_loss_below(candidate_only_right, stable_only_right, both, maximum_loss)
    return conclude(
        name,
        f"only the candidate right on {candidate_only_right:,}, only stable on {stable_only_right:,} "
        f"of {pairs:,} · {-100 * loss:+.1f} points",
        worse if loss > maximum_loss else min(worse, 0.0),
        alpha,
        [Claim(f"loses less than {100 * maximum_loss:g} points", within)],
        Samples(pairs, minimum_samples, "labelled pairs"),
    )


def _check(candidate_only: int, stable_only: int, both: int, maximum_loss: float) -> None:
    if min(candidate_only, stable_only, both) < 0:
        raise ValueError(f"pairs are {candidate_only}, {stable_only}, {both}: counts, none below 0")
    if not 0 < maximum_loss < 1:
        raise ValueError(f"maximum_loss is {maximum_loss}: a share between 0 and 1, such as 0.02")
