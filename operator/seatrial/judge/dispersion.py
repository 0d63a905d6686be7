"""Overdispersion: how many times counts scatter more than those of independent requests would, from 1 to 10.

Bad requests come in bursts: a lost connection fails all that use it, a stall makes all slow that wait for it. The log
evidence is divided by φ (quasi-likelihood, McCullagh & Nelder ch. 9), Pearson's chi-square over its degrees of
freedom. The test stays valid where φ is estimated from what is judged: for φ >= 1, E^(1/φ) > 1/alpha needs E > 1/alpha.
A mean of such values over tests with a φ each needs a mean of E above 1/alpha - 1.
"""

from collections.abc import Sequence
from math import inf

from seatrial.judge.counts import Counts, Interval, pool
from seatrial.judge.rate_ratio import estimated_ratio

# Beyond ten the test loses more by waiting than it gains by doubting.
MOST_DISPERSION = 10.0


def dispersion(counts: Sequence[Counts]) -> float:
    """Return the dispersion of one side's counts around their pooled share; 1 where too few or too clean to tell."""
    return _bounded(_scatter(counts))


def dispersion_beside(intervals: Sequence[Interval]) -> float:
    """Return the dispersion of the candidate's counts as seen beside stable's: what hits both at once cancels out.

    The more of two: how much the ratio changes from interval to interval, and how much the candidate scatters beyond
    what stable does. Where stable has next to no bad requests only the second tells.
    """
    return _bounded(max(_scatter_of_ratio(intervals), _scatter_of_its_own(intervals)))


def _scatter_of_ratio(intervals: Sequence[Interval]) -> float:
    """Return the scatter of the candidate's share of the bad requests around what the estimated ratio expects."""
    ratio = estimated_ratio(intervals)
    if ratio is None or ratio in (0.0, inf):
        return 1.0
    both = [i for i in intervals if i.candidate.total and i.stable.total]
    residuals = [_residual(i.candidate.bad, i.candidate.bad + i.stable.bad, _expected_share(i, ratio)) for i in both]
    return _over_freedom(residuals, sum(i.candidate.bad + i.stable.bad > 0 for i in both))


def _expected_share(interval: Interval, ratio: float) -> float:
    weighted = ratio * interval.candidate.total
    return weighted / (weighted + interval.stable.total)


def _scatter_of_its_own(intervals: Sequence[Interval]) -> float:
    """Return the candidate's scatter less what stable's would be on as many bad requests.

    A share p that moves by a coefficient of variation τ makes m bad requests an interval scatter 1 + τ²·m / (1-p).
    """
    candidate, stable = [i.candidate for i in intervals], [i.stable for i in intervals]
    excess = max(_scatter(stable) - 1, 0.0)
    return _scatter(candidate) - (excess * _odds(candidate) / _odds(stable) if excess else 0.0)


def _odds(counts: Sequence[Counts]) -> float:
    """Return m / (1-p) but for the number of intervals, which both sides share."""
    total = pool(counts)
    return total.bad / (1 - total.share) if total.share < 1 else inf


def _scatter(counts: Sequence[Counts]) -> float:
    """Return Pearson's chi-square over its degrees of freedom."""
    used = [c for c in counts if c.total]
    share = pool(used).share
    return _over_freedom([_residual(c.bad, c.total, share) for c in used], len(used))


def _residual(bad: int, total: int, share: float) -> float:
    """Return the squared Pearson residual of a binomial count, 0 where no other count can be."""
    variance = total * share * (1 - share)
    return (bad - total * share) ** 2 / variance if variance else 0.0


def _over_freedom(residuals: Sequence[float], intervals: int) -> float:
    return sum(residuals) / (intervals - 1) if intervals > 1 else 1.0


def _bounded(scatter: float) -> float:
    return min(max(scatter, 1.0), MOST_DISPERSION)
