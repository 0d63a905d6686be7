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
from typing import NamedTuple

from seatrial.judge.counts import Interval, before_each
from seatrial.judge.mixture import (
    Alternative,
    around,
    geometric,
    log_mean,
    log_mean_from_any_start,
    uniform,
    with_favourite,
)

EQUAL = 1.0
EXPECTED = 2.5  # how many times the limit most bad candidates have


class Telling(NamedTuple):
    """What an interval with bad requests tells: e1/φ, (e0+e1)/φ, n1 / (ratio·n1+n0), and the requests before it."""

    candidate_bad: float
    bad: float
    growth: float
    before: int


def log_evidence_above(
    intervals: Sequence[Interval], ratio: float, dispersion: float = 1.0, most_per_interval: float = inf
) -> float:
    """Return the log e-value for 'the candidate's rate is more than `ratio` times stable's', since any interval.

    `dispersion` divides the log-likelihood (quasi-likelihood, McCullagh & Nelder ch. 9); at 1 or more it keeps the
    test valid, since E[L^(1/φ)] <= E[L]^(1/φ). `most_per_interval` cuts off what one interval adds, which keeps it
    valid too, since min(L, c) <= L.

    Raises:
        ValueError: unless ratio > 0 and dispersion >= 1.
    """
    _check(ratio, dispersion)
    telling = _telling(intervals, ratio, dispersion)
    before = [one.before for one in telling]
    return log_mean_from_any_start(
        _above(ratio), lambda value: _log_ratios(telling, ratio, value), before, most_per_interval
    )


def log_evidence_above_at_once(interval: Interval, ratio: float, dispersion: float = 1.0) -> float:
    """Return the log e-value for 'the candidate's rate is more than `ratio` times stable's' in this one interval.

    Raises:
        ValueError: unless ratio > 0 and dispersion >= 1.
    """
    _check(ratio, dispersion)
    telling = _telling([interval], ratio, dispersion)
    return log_mean(_above(ratio), lambda value: sum(_log_ratios(telling, ratio, value)))


def without_worst(intervals: Sequence[Interval], ratio: float, count: int) -> list[Interval]:
    """Return the intervals without the `count` that speak most against the candidate."""

    def against(number: int) -> float:
        return sum(_log_ratios(_telling([intervals[number]], ratio, 1.0), ratio, EXPECTED * ratio))

    worst = set(sorted(range(len(intervals)), key=against, reverse=True)[:count])
    return [interval for number, interval in enumerate(intervals) if number not in worst]


def log_evidence_below(intervals: Sequence[Interval], ratio: float, dispersion: float = 1.0) -> float:
    """Return the log e-value for 'the candidate's rate is less than `ratio` times stable's', in all of the intervals.

    Half of the mixture's weight is on equal rates, where that is below `ratio`: what a healthy candidate has.

    Raises:
        ValueError: unless ratio > 0 and dispersion >= 1.
    """
    _check(ratio, dispersion)
    values = geometric(0.1 * ratio, 0.9 * ratio, 8)
    alternatives = with_favourite(values, EQUAL) if ratio > EQUAL else uniform(values)
    telling = _telling(intervals, ratio, dispersion)
    return log_mean(alternatives, lambda value: sum(_log_ratios(telling, ratio, value)))


def _above(ratio: float) -> tuple[Alternative[float], ...]:
    """Most of the weight is about where most bad versions are; the rest leaves none out.

    Twice as many, and up to 40 times, were no quicker to find anything and took twice the time of a look.
    """
    return around(EXPECTED * ratio, geometric(1.15 * ratio, max(20.0, 5 * ratio), 12))


def _log_ratios(telling: Sequence[Telling], ratio: float, value: float) -> list[float]:
    """Return the log-likelihood ratio of each interval, for an alternative's value."""
    gain, gap = log(value / ratio), value - ratio
    return [candidate_bad * gain - bad * log1p(gap * growth) for candidate_bad, bad, growth, _ in telling]


def _telling(intervals: Sequence[Interval], ratio: float, dispersion: float) -> list[Telling]:
    compared = [(i.candidate, i.stable) for i in intervals if i.candidate.total and i.stable.total]
    before = before_each(candidate.total + stable.total for candidate, stable in compared)
    return [
        Telling(
            candidate.bad / dispersion,
            (candidate.bad + stable.bad) / dispersion,
            candidate.total / (ratio * candidate.total + stable.total),
            counted,
        )
        for (candidate, stable), counted in zip(compared, before, strict=True)
        if candidate.bad + stable.bad
    ]


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
