"""The paired bet: does the candidate lose more, or less, of its accuracy than a given share of the same requests?

Of a request x is +1 where only stable was right, -1 where only the candidate was, and 0 otherwise, so its mean is the
accuracy that the candidate loses. Who has 1 and stakes λ on a loss above δ has 1 + λ(x - δ) after it, never below 0
for 0 <= λ <= 1/(1+δ), and at most 1 in the mean where the loss is at most δ. So has the product over the requests, at
every look and whatever each request's own loss is (Waudby-Smith & Ramdas 2024). It depends on totals alone. At δ = 0
it is the likelihood ratio of (1+λ)/2 against 1/2 on the requests that exactly one got right: McNemar's test, made
sequential.
"""

from collections.abc import Sequence
from math import log1p

from seatrial.judge.counts import Pairs, before_each
from seatrial.judge.mixture import log_mean, log_mean_from_any_start, uniform

# In parts of the highest stake. Evenly spaced they find what is lost on few requests soonest, 3 points of 10 % on
# which the two differ in nearly as few pairs as any other spacing does, and little on many not much later.
STAKES = uniform([part / 20 for part in range(1, 20)])


def log_evidence_above(intervals: Sequence[Pairs], loss: float) -> float:
    """Return the log e-value for 'the candidate loses more than this share to stable', since any interval.

    Raises:
        ValueError: unless 0 <= loss < 1.
    """
    check_loss(loss)

    def log_products(part: float) -> list[float]:
        return [_log_product(part, pairs.stable_right, pairs.candidate_right, pairs.same, loss) for pairs in intervals]

    return log_mean_from_any_start(STAKES, log_products, before_each(pairs.total for pairs in intervals))


def log_evidence_below(pairs: Pairs, loss: float) -> float:
    """Return the log e-value for 'the candidate loses less': that stable loses more than -loss to the candidate.

    Raises:
        ValueError: unless 0 <= loss < 1.
    """
    check_loss(loss)

    def log_product(part: float) -> float:
        return _log_product(part, pairs.candidate_right, pairs.stable_right, pairs.same, -loss)

    return log_mean(STAKES, log_product)


def _log_product(part: float, lost: int, won: int, same: int, loss: float) -> float:
    """Return what one has after the requests who stakes this part of the highest stake."""
    stake = part / (1 + loss)
    return lost * log1p(stake * (1 - loss)) + won * log1p(-part) + same * log1p(-stake * loss)


def check_loss(loss: float) -> None:
    """Raise a ValueError unless the loss is a share that can be exceeded."""
    if not 0 <= loss < 1:
        raise ValueError(f"loss is {loss}: a share of the requests from 0 to below 1, such as 0.02")
