"""Overdispersion: how many times counts scatter more than those of independent requests would, from 1 to 10.

Bad requests come in bursts: a lost connection fails all that use it, a stall makes all slow that wait for it. The log
evidence is divided by φ (quasi-likelihood, McCullagh & Nelder ch. 9), Pearson's chi-square over its degrees of
freedom. The test stays valid where φ is estimated from what is judged: for φ >= 1, E^(1/φ) > 1/alpha needs E > 1/alpha.
A mean of such values over tests with a φ each needs a mean of E above 1/alpha - 1.
"""

from collections.abc import Sequence
from itertools import chain
from math import inf

from seatrial.judge.counts import Counts, Interval, pool
from seatrial.judge.rate_ratio import estimated_ratio

# Beyond ten the test loses more by waiting than it gains by doubting.
MOST_DISPERSION = 10.0
QUARTER = 15  # minutes
# So many intervals, a quarter of an hour, are compared with each other: bursts are shorter, and a version that turned
# bad an hour ago, and scatters little since, is not taken for a burst. Of a stage of many hours the older intervals are
# longer, and what drifts over hours counts as scatter.
STRETCH = 30


def dispersion(counts: Sequence[Counts]) -> float:
    """Return the dispersion of one side's counts around their pooled share; 1 where too few or too clean to tell."""
    return _bounded(_scatter([counts]))


def usual_dispersion(history: Sequence[Counts]) -> float:
    """Return the dispersion that is usual of one side's counts by minute, from 1 to 10.

    Each quarter of an hour is compared with itself, and the worst quarter of them left out: an incident of an hour ago
    is no habit, and would blind the next trial.
    """
    quarters = [_residuals(history[first : first + QUARTER]) for first in range(0, len(history), QUARTER)]
    scatter = sorted((q for q in quarters if len(q) > 1), key=lambda residuals: _over_freedom([residuals]))
    return _bounded(_over_freedom(scatter[: len(scatter) - len(scatter) // 4]))


def dispersion_beside(intervals: Sequence[Interval]) -> float:
    """Return the dispersion of the candidate's counts as seen beside stable's: what hits both at once cancels out.

    The more of two: how much the ratio changes from interval to interval, and how much the candidate scatters beyond
    what stable does. Where stable has next to no bad requests only the second tells.
    """
    stretches = [intervals[first : first + STRETCH] for first in range(0, len(intervals), STRETCH)]
    return _bounded(max(_scatter_of_ratio(stretches), _scatter_of_its_own(stretches)))


def _scatter_of_ratio(stretches: Sequence[Sequence[Interval]]) -> float:
    """Return the scatter of the candidate's share of the bad requests around what each stretch's ratio expects."""
    return _over_freedom([_residuals_of_ratio(stretch) for stretch in stretches])


def _residuals_of_ratio(intervals: Sequence[Interval]) -> list[float]:
    ratio = estimated_ratio(intervals)
    if ratio is None or ratio in (0.0, inf):
        return []
    telling = [i for i in intervals if i.candidate.total and i.stable.total and i.candidate.bad + i.stable.bad]
    return [_residual(i.candidate.bad, i.candidate.bad + i.stable.bad, _expected_share(i, ratio)) for i in telling]


def _expected_share(interval: Interval, ratio: float) -> float:
    weighted = ratio * interval.candidate.total
    return weighted / (weighted + interval.stable.total)


def _scatter_of_its_own(stretches: Sequence[Sequence[Interval]]) -> float:
    """Return the candidate's scatter less what stable's would be on as many bad requests.

    A share p that moves by a coefficient of variation τ makes m bad requests an interval scatter 1 + τ²·m / (1-p).
    """
    candidate = [[i.candidate for i in stretch] for stretch in stretches]
    stable = [[i.stable for i in stretch] for stretch in stretches]
    excess = max(_scatter(stable) - 1, 0.0)
    return _scatter(candidate) - (excess * _odds(candidate) / _odds(stable) if excess else 0.0)


def _odds(stretches: Sequence[Sequence[Counts]]) -> float:
    """Return m / (1-p) but for the number of intervals, which both sides share."""
    total = pool(chain.from_iterable(stretches))
    return total.bad / (1 - total.share) if total.share < 1 else inf


def _scatter(stretches: Sequence[Sequence[Counts]]) -> float:
    """Return Pearson's chi-square around each stretch's share over its degrees of freedom."""
    return _over_freedom([_residuals(stretch) for stretch in stretches])


def _residuals(counts: Sequence[Counts]) -> list[float]:
    """Return the squared Pearson residuals, none where all or none of the requests are bad: nothing can scatter."""
    share = pool(counts).share
    return [_residual(c.bad, c.total, share) for c in counts if c.total] if 0 < share < 1 else []


def _residual(bad: int, total: int, share: float) -> float:
    """Return the squared Pearson residual of a binomial count, 0 where no other count can be."""
    variance = total * share * (1 - share)
    return (bad - total * share) ** 2 / variance if variance else 0.0


def _over_freedom(stretches: Sequence[Sequence[float]]) -> float:
    """Return the mean of the squared residuals, 1 where too few tell."""
    freedom = sum(len(residuals) - 1 for residuals in stretches if residuals)
    return sum(map(sum, stretches)) / freedom if freedom else 1.0


def _bounded(scatter: float) -> float:
    return min(max(scatter, 1.0), MOST_DISPERSION)
