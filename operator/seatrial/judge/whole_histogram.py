"""Are the candidate's requests slower all over than stable's, by more than is allowed at any edge?

One edge alone sees which requests are slower than it; a whole histogram tells also by how much. Let S₁(j) and S₀(j) be
the shares of candidate's and stable's requests beyond edge j. Allowed is S₁(j) <= r(j)·S₀(j) at every edge. For any
a(k) > 0 that grows with the bucket k, let each of the candidate's n₁ requests multiply the evidence by a(k), and each
of stable's n₀ by

    b(k) = 1 - n₁/n₀ · (a(0) - 1 + Σ_{j<=k} r(j)·(a(j) - a(j-1)))

Then E[Π a·Π b] <= exp(n₁·(E₁[a] - 1) + n₀·(E₀[b] - 1)) <= 1 for all shares that are allowed, since with summation by
parts E₁[a] = a(0) + Σ S₁(j)·(a(j) - a(j-1)). Which a(k) is only a matter of power. Taken is what is best where the
latencies' logarithms are normal and a candidate just within the limits is compared with one whose are shifted: an
exponential tilt, e^{ηk}, of the histogram that is just allowed beside stable's latest.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from math import exp, inf, log1p
from typing import NamedTuple

from seatrial.judge.counts import LatencyInterval, before_each
from seatrial.judge.mixture import log_mean_from_any_start, uniform

# Shifts by an eighth of a bucket to one and a half.
TILTS = (0.12, 0.25, 0.4, 0.65, 1.0, 1.6)
# Stable's latest histogram is the mean of about so many intervals: load and its latencies change within minutes.
KEPT = 0.9
# No request of stable's may take all: where a(k) would have it so, all stakes are lowered alike, which is fair too.
MOST_LOST = 0.95


class Compared(NamedTuple):
    """An interval's requests by bucket, those below the first edge as one; the slowest shares allowed; what was before.

    `odds` are n₁/n₀. `before` counts requests; `allowed` follows from stable's latest histogram, not from this one's.
    """

    candidate: Sequence[int]
    stable: Sequence[int]
    odds: float
    allowed: Sequence[float]
    before: int


def log_evidence_slower(
    intervals: Sequence[LatencyInterval],
    edges: Sequence[int],
    ratios: Sequence[float],
    dispersion: float = 1.0,
    most_per_interval: float = inf,
) -> float:
    """Return the log e-value for 'beyond one of these edges more than its ratio times as often', since any interval.

    `edges` are indices, ascending, `ratios` the limit at each. `dispersion` and `most_per_interval` are as in
    rate_ratio. 0 where there are no edges, or too few intervals to know what is usual.
    """
    compared = list(_compared(intervals, edges, ratios))

    def log_ratios(tilt: float) -> list[float]:
        tilted = [exp(tilt * bucket) for bucket in range(len(edges) + 1)]
        return [_log_ratio(one, ratios, tilted) / dispersion for one in compared]

    return log_mean_from_any_start(uniform(TILTS), log_ratios, [one.before for one in compared], most_per_interval)


def _compared(
    intervals: Sequence[LatencyInterval], edges: Sequence[int], ratios: Sequence[float]
) -> Iterator[Compared]:
    """Yield what can be compared: the first interval only tells what is usual."""
    totals = [(i, sum(i.candidate), sum(i.stable)) for i in intervals]
    both = [(i, mine, theirs) for i, mine, theirs in totals if mine and theirs]
    before = before_each(mine + theirs for _, mine, theirs in both)
    usual = [0.0] * (len(edges) + 1)
    for (interval, mine, theirs), counted in zip(both, before, strict=True):
        stable = _grouped(interval.stable, edges)
        if counted:
            candidate, allowed = _grouped(interval.candidate, edges), _allowed(usual, ratios)
            yield Compared(candidate, stable, mine / theirs, allowed, counted)
        usual = [KEPT * old + new for old, new in zip(usual, stable, strict=True)]


def _grouped(buckets: Sequence[int], edges: Sequence[int]) -> list[int]:
    bounds = [0, *(edge + 1 for edge in edges), len(buckets)]
    return [sum(buckets[start:end]) for start, end in pairwise(bounds)]


def _allowed(usual: Sequence[float], ratios: Sequence[float]) -> list[float]:
    """Return the shares by bucket of the slowest candidate that is allowed beside stable's usual counts."""
    total = sum(usual)
    beyond = [*accumulate(reversed(usual[1:]))][::-1]
    most = (min(1.0, ratio * slower / total) for ratio, slower in zip(ratios, beyond, strict=True))
    return [near - far for near, far in pairwise([*accumulate(most, min, initial=1.0), 0.0])]


def _log_ratio(one: Compared, ratios: Sequence[float], tilted: Sequence[float]) -> float:
    gains = _gains(one, tilted)
    losses = _losses(one, ratios, gains)
    most = max(losses)
    part = min(1.0, MOST_LOST / most) if most > 0 else 1.0
    won = sum(n * log1p(part * gain) for n, gain in zip(one.candidate, gains, strict=True) if n)
    return won + sum(n * log1p(-part * loss) for n, loss in zip(one.stable, losses, strict=True) if n)


def _gains(one: Compared, tilted: Sequence[float]) -> list[float]:
    """Return a(k) - 1, of mean 0 for the slowest candidate that is allowed, the smaller the larger its share is."""
    share = one.odds / (1 + one.odds)
    mean = _mean(one.allowed, tilted)
    damped = [factor / (share * factor + (1 - share) * mean) for factor in tilted]
    norm = _mean(one.allowed, damped)
    return [factor / norm - 1 for factor in damped]


def _losses(one: Compared, ratios: Sequence[float], gains: Sequence[float]) -> list[float]:
    """Return 1 - b(k)."""
    steps = (ratio * (far - near) for ratio, (near, far) in zip(ratios, pairwise(gains), strict=True))
    return [one.odds * paid for paid in accumulate(steps, initial=gains[0])]


def _mean(shares: Sequence[float], values: Sequence[float]) -> float:
    return sum(share * value for share, value in zip(shares, values, strict=True))
