"""The rate-ratio e-process: is the candidate's rate of bad requests more, or less, than `ratio` times stable's?

In interval i the candidate served n1 requests with e1 bad, stable n0 with e0 bad. Of the e0 + e1 bad ones the
candidate's share is s = ratio·n1 / (ratio·n1 + n0) where its rate is exactly `ratio` times stable's, and
q = θ·n1 / (θ·n1 + n0) where it is θ times. The likelihood ratio of q against s,

    e1·ln(q/s) + e0·ln((1-q)/(1-s))  =  e1·ln(θ/ratio) - (e0+e1)·ln((θ·n1+n0) / (ratio·n1+n0)),

knows nothing of the rate that both share nor of the weights, so both may change from interval to interval. Its
product over the intervals has mean at most 1 at every look for independent requests of any rates that keep the null
(with 1 + x <= exp(x) for each request), so the mixture over θ is an e-process: it exceeds 1/alpha, ever, with chance
alpha at most. Sequential binomial tests of this kind: Lindon & Malek 2022.
"""

from collections.abc import Sequence
from math import inf, isfinite, log, log1p

from seatrial.judge.counts import Interval
from seatrial.judge.mixture import (
    from_any_start,
    geometric,
    log_mean,
    log_mean_of_suffixes,
    uniform,
    with_favourite,
)

EQUAL = 1.0


def log_evidence_above(
    intervals: Sequence[Interval], ratio: float, dispersion: float = 1.0, most_per_interval: float = inf
) -> float:
    """Return the log e-value for 'the candidate's rate is more than `ratio` times stable's'.

    `dispersion` divides the log-likelihood (quasi-likelihood, McCullagh & Nelder ch. 9); at 1 or more it keeps the
    test valid, since E[L^(1/φ)] <= E[L]^(1/φ). `most_per_interval` cuts off what one interval adds, which keeps it
    valid too, since min(L, c) <= L.

    Raises:
        ValueError: unless ratio > 0 and dispersion >= 1.
    """
    _check(ratio, dispersion)
    alternatives = uniform(geometric(1.15 * ratio, max(40.0, 5 * ratio), 24))
    telling = _telling(intervals, ratio)
    gains = [(weight, _gains(telling, ratio, value, dispersion, most_per_interval)) for value, weight in alternatives]
    return from_any_start(log_mean_of_suffixes(gains))


def log_evidence_below(intervals: Sequence[Interval], ratio: float, dispersion: float = 1.0) -> float:
    """Return the log e-value for 'the candidate's rate is less than `ratio` times stable's'.

    Half of the mixture's weight is on equal rates, where that is below `ratio`: what a healthy candidate has.

    Raises:
        ValueError: unless ratio > 0 and dispersion >= 1.
    """
    _check(ratio, dispersion)
    values = geometric(0.1 * ratio, 0.9 * ratio, 16)
    alternatives = with_favourite(values, EQUAL) if ratio > EQUAL else uniform(values)
    telling = _telling(intervals, ratio)
    return log_mean(alternatives, lambda value: sum(_gains(telling, ratio, value, dispersion, inf)))


def _gains(
    telling: Sequence[tuple[int, int, float]], ratio: float, value: float, dispersion: float, most_per_interval: float
) -> list[float]:
    """Return the log-likelihood ratio of each interval, for an alternative's value."""
    gain, gap = log(value / ratio), value - ratio
    return [
        min((candidate_bad * gain - bad * log1p(gap * growth)) / dispersion, most_per_interval)
        for candidate_bad, bad, growth in telling
    ]


def _telling(intervals: Sequence[Interval], ratio: float) -> list[tuple[int, int, float]]:
    """Return e1, e0 + e1 and n1 / (ratio·n1 + n0) of the intervals that tell something of the ratio."""
    telling = []
    for candidate, stable in ((i.candidate, i.stable) for i in intervals):
        bad = candidate.bad + stable.bad
        if candidate.total and stable.total and bad:
            growth = candidate.total / (ratio * candidate.total + stable.total)
            telling.append((candidate.bad, bad, growth))
    return telling


def _check(ratio: float, dispersion: float) -> None:
    if not (ratio > 0 and isfinite(ratio)):
        raise ValueError(f"ratio is {ratio}: a positive number, such as 1.2")
    if not (dispersion >= 1 and isfinite(dispersion)):
        raise ValueError(f"dispersion is {dispersion}: 1 (independent requests) or more")


def estimated_ratio(intervals: Sequence[Interval]) -> float | None:
    """Return the rate ratio compared within each interval (Mantel-Haenszel), inf where only the candidate had bad
    requests, None where there is nothing to divide.

    Pooled shares would mislead where the weights moved while the common rate did.
    """
    above = below = 0.0
    for interval in intervals:
        candidate, stable = interval.candidate, interval.stable
        if candidate.total and stable.total:
            both = candidate.total + stable.total
            above += candidate.bad * stable.total / both
            below += stable.bad * candidate.total / both
    if below:
        return above / below
    return inf if above else None
