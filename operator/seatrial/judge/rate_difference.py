"""The rate-difference bet: is the candidate's rate of bad requests more, or less, than stable's plus a given loss?

In an interval the candidate served n1 requests, the share w of both sides', stable n0. Let q0 be a rate that stable may
have and q1 = q0 + loss. A stake κ multiplies what one has by 1 + κ/w·(y - q1) for each request of the candidate, where
y is 1 if it was bad and otherwise 0, and by 1 - κ/(1-w)·(y - q0) for each of stable. With 1 + x <= exp(x) the mean of
the interval's product is at most exp((n1+n0)·κ·(p1 - p0 - loss)) for true rates p1 and p0: at most 1 where the null
holds, whatever q0 was guessed. So the product over the intervals is an e-process although the rates and the weights
change as they like, and so is its mean over the guesses. Where the weights stay it depends on the totals alone.

It has the form of the growth-optimal e-variables for two streams (Turner, Ly & Grünwald 2024), for which κ is about
the gap between p1 - p0 and the loss, divided by the variance of its estimate.
"""

from collections.abc import Sequence
from itertools import product
from math import log1p
from typing import NamedTuple

from seatrial.judge.counts import Counts, Interval, before_each
from seatrial.judge.mixture import Alternative, geometric, log_mean, log_mean_from_any_start, uniform
from seatrial.judge.paired_difference import check_loss

# Guesses: the lower of the two rates, in parts of what the loss leaves, and how far the true loss is from the limit.
# A guess far off costs requests, not validity; finer grids were not better.
LOWER_RATES = (0.02, 0.1, 0.3, 0.65)
GAPS = tuple(geometric(0.005, 0.4, 7))
# Nobody stakes all that he has: one request would end it.
HIGHEST_STAKE = 0.9


class Guess(NamedTuple):
    """Rates of bad requests at the edge of the null, first the side's that is said to be worse, and the gap to them."""

    worse: float
    other: float
    gap: float


def log_evidence_above(intervals: Sequence[Interval], loss: float) -> float:
    """Return the log e-value for 'the candidate's rate is more than stable's plus `loss`', since any interval.

    Raises:
        ValueError: unless 0 <= loss < 1.
    """
    check_loss(loss)
    compared = [(i.candidate, i.stable) for i in _of_both(intervals)]
    before = before_each(worse.total + other.total for worse, other in compared)
    return log_mean_from_any_start(_guesses(loss), lambda guess: _log_products(compared, guess), before)


def log_evidence_below(intervals: Sequence[Interval], loss: float) -> float:
    """Return the log e-value for 'the candidate's rate is less': stable's is more than the candidate's minus `loss`.

    Raises:
        ValueError: unless 0 <= loss < 1.
    """
    check_loss(loss)
    compared = [(i.stable, i.candidate) for i in _of_both(intervals)]
    return log_mean(_guesses(-loss), lambda guess: sum(_log_products(compared, guess)))


def _of_both(intervals: Sequence[Interval]) -> list[Interval]:
    return [i for i in intervals if i.candidate.total and i.stable.total]


def _guesses(difference: float) -> tuple[Alternative[Guess], ...]:
    return uniform([_guess(lower, gap, difference) for lower, gap in product(LOWER_RATES, GAPS)])


def _guess(part: float, gap: float, difference: float) -> Guess:
    lower = part * (1 - abs(difference))
    return Guess(lower + max(difference, 0), lower + max(-difference, 0), gap)


def _log_products(compared: Sequence[tuple[Counts, Counts]], guess: Guess) -> list[float]:
    return [_log_product(worse, other, guess) for worse, other in compared]


def _log_product(worse: Counts, other: Counts, guess: Guess) -> float:
    weight = worse.total / (worse.total + other.total)
    variance = guess.worse * (1 - guess.worse) / weight + guess.other * (1 - guess.other) / (1 - weight)
    all_of_it = min(weight / guess.worse, (1 - weight) / (1 - guess.other))
    stake = min(guess.gap / variance, HIGHEST_STAKE * all_of_it)
    return _log_growth(worse, guess.worse, stake / weight) + _log_growth(other, guess.other, -stake / (1 - weight))


def _log_growth(counts: Counts, rate: float, stake: float) -> float:
    return counts.bad * log1p(stake * (1 - rate)) + (counts.total - counts.bad) * log1p(-stake * rate)


def estimated_difference(intervals: Sequence[Interval]) -> float | None:
    """Return the candidate's rate minus stable's, compared within each interval (Mantel-Haenszel), None without both.

    Source: Greenland & Robins 1985.
    """
    weighted = weights = 0.0
    for candidate, stable in ((i.candidate, i.stable) for i in intervals):
        if candidate.total and stable.total:
            weight = candidate.total * stable.total / (candidate.total + stable.total)
            weighted += weight * (candidate.share - stable.share)
            weights += weight
    return weighted / weights if weights else None
