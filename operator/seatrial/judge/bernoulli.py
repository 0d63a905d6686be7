"""Bernoulli e-processes: is the candidate's own rate of bad requests above, or below, a given limit?

The likelihood ratio of a rate θ against the limit m after `bad` of `total` requests is
bad·ln(θ/m) + (total-bad)·ln((1-θ)/(1-m)). It depends on the totals alone, so it may be computed anew at every look,
and mixed over θ it is an e-process for 'at most m' (θ > m) or 'at least m' (θ < m).
"""

from collections.abc import Sequence
from math import exp, log, log1p

from seatrial.judge.counts import Counts, before_each
from seatrial.judge.mixture import geometric, log_mean, log_mean_from_any_start, uniform, with_favourite

# How far the alternatives lie from the limit, in log odds.
NEAREST, FARTHEST_BELOW = 0.1, 4.0
HIGHEST_RATE = 0.995
# No limit is nearer to 0 or 1: it could not be told from them.
SMALLEST = 1e-6


def log_evidence_above(intervals: Sequence[Counts], limit: float, dispersion: float = 1.0) -> float:
    """Return the log e-value for 'the rate is above the limit', since any interval.

    The limit lies strictly between 0 and 1.

    Raises:
        ValueError: where limit is not between 0 and 1.
    """
    check_limit("limit", limit)
    farthest = max(_log_odds(HIGHEST_RATE) - _log_odds(limit), 1.0)
    rates = uniform([_shifted(limit, gap) for gap in geometric(NEAREST, farthest, 24)])
    before = before_each(one.total for one in intervals)
    return log_mean_from_any_start(rates, lambda rate: _log_ratios(intervals, limit, rate, dispersion), before)


def log_evidence_below(counts: Counts, limit: float, dispersion: float = 1.0) -> float:
    """Return the log e-value for 'the rate is below the limit'.

    Half of the mixture's weight is on a rate near zero: what a healthy candidate has.

    Raises:
        ValueError: where limit is not between 0 and 1.
    """
    check_limit("limit", limit)
    rates = [_shifted(limit, -gap) for gap in geometric(NEAREST, FARTHEST_BELOW, 16)]
    alternatives = with_favourite(rates, _shifted(limit, -FARTHEST_BELOW))
    return log_mean(alternatives, lambda rate: sum(_log_ratios([counts], limit, rate, dispersion)))


def _log_ratios(intervals: Sequence[Counts], limit: float, rate: float, dispersion: float) -> list[float]:
    if_bad, if_good = log(rate / limit) / dispersion, (log1p(-rate) - log1p(-limit)) / dispersion
    return [one.bad * if_bad + (one.total - one.bad) * if_good for one in intervals]


def check_limit(name: str, limit: float) -> None:
    """Raise a ValueError, which names the limit, unless it lies between 0 and 1 and can be told from them."""
    if not SMALLEST <= limit <= 1 - SMALLEST:
        raise ValueError(f"{name} is {limit}: a share between {SMALLEST} and {1 - SMALLEST}, such as 0.01")


def _log_odds(rate: float) -> float:
    return log(rate) - log1p(-rate)


def _shifted(rate: float, gap: float) -> float:
    return 1 / (1 + exp(-_log_odds(rate) - gap))
