"""The latency check: are the candidate's requests slow more often than stable's?

'Slow' is no one limit: at each bucket edge the share of requests slower than it is compared like an error rate. The
mean of the edges' e-values, and of that with the e-value of all edges together, decides on a Fail. A Pass must be shown
at every edge: that the candidate is not slow much more often, or that the edge is beyond the candidate's 95th
percentile.

One stall makes all the requests slow that wait for it, so slow requests come in bursts on any machine that is shared.
Evidence toward Fail counts the less, the more they scatter; evidence toward Pass is what it is.
"""

from collections.abc import Sequence
from statistics import fmean

from seatrial.judge import bernoulli, rate_ratio, whole_histogram
from seatrial.judge.conclusion import Claim, Samples, conclude, missing_side, most_per_interval, nothing_to_judge
from seatrial.judge.counts import Counts, LatencyInterval, pool
from seatrial.judge.latency_edges import SMALLEST_SHARE, Edge, edges_to_judge
from seatrial.judge.limits import RatioLimits
from seatrial.judge.mixture import log_mean_exp
from seatrial.judge.verdict import Finding
from seatrial.judge.wording import divided, duration, ratio_as_set, share_as_set

# Where next to none of stable's requests are slow, so many of the candidate's may be: a hiccup is no slowdown.
HICCUPS = 0.01
# What lies beyond the percentile that a Pass speaks of, the 95th.
SLOW = 0.05
# Pods have slow minutes of their own, which no count of requests would excuse.
INTERVALS_TO_FAIL = 3


def judge_latency(
    name: str,
    edges: Sequence[float],
    intervals: Sequence[LatencyInterval],
    limits: RatioLimits,
    counted: str = "requests",
) -> Finding:
    """Return the finding on the latencies since the stage began; `edges` in seconds, ascending.

    `counted` is what a person reads of which requests these are, where there are none.

    Raises:
        ValueError: where edges do not ascend from above 0, or an interval has not one bucket more than edges.
    """
    judged = edges_to_judge(edges, intervals)
    missing = missing_side(*_requests(intervals), counted) or _out_of_range(edges, judged)
    if missing:
        return nothing_to_judge(name, missing, limits.alpha)
    slower = [_toward_fail(edge, limits) for edge in judged]
    toward_fail = log_mean_exp([log_mean_exp(slower), _toward_fail_together(judged, intervals, limits)])
    claims = [_toward_pass(edge, limits) for edge in judged]
    weakest = min(claims, key=lambda claim: claim.evidence)
    told = judged[slower.index(max(slower)) if toward_fail > 0 else claims.index(weakest)]
    bursts = divided(told.dispersion) if toward_fail > 0 else ""
    samples = Samples(told.candidate.total, limits.samples_needed, "requests")
    return conclude(name, told.sentence() + bursts, toward_fail, limits.alpha, [weakest], samples)


def _toward_fail(edge: Edge, limits: RatioLimits) -> float:
    ratio = limits.maximum_ratio * edge.allowance
    most = _most(limits)
    by_ratio = rate_ratio.log_evidence_above(edge.intervals, ratio, edge.dispersion, most)
    if edge.stable.share >= SMALLEST_SHARE:
        return by_ratio
    candidate = [interval.candidate for interval in edge.intervals]
    return min(by_ratio, bernoulli.log_evidence_above(candidate, HICCUPS, edge.dispersion))


def _toward_fail_together(judged: Sequence[Edge], intervals: Sequence[LatencyInterval], limits: RatioLimits) -> float:
    """Where next to none of stable's requests are slow there is no ratio."""
    edges = [edge for edge in judged if edge.stable.share >= SMALLEST_SHARE]
    ratios = [limits.maximum_ratio * edge.allowance for edge in edges]
    scatter = fmean(edge.dispersion for edge in edges) if edges else 1.0
    indices = [edge.index for edge in edges]
    return whole_histogram.log_evidence_slower(intervals, indices, ratios, scatter, _most(limits))


def _most(limits: RatioLimits) -> float:
    """Half of the weight is on each edge by itself, half on all together: either alone may fail a candidate."""
    return most_per_interval(limits.alpha / 2, INTERVALS_TO_FAIL, limits.part)


def _toward_pass(edge: Edge, limits: RatioLimits) -> Claim:
    ratio, tail = limits.ratio_to_exclude, limits.share_to_exclude(SLOW)
    by_ratio = rate_ratio.log_evidence_below(edge.intervals, ratio)
    by_tail = bernoulli.log_evidence_below(edge.candidate, tail)
    what = ratio_as_set(ratio) if by_ratio >= by_tail else share_as_set(tail)
    return Claim(f"less than {what} beyond {duration(edge.seconds)}", max(by_ratio, by_tail))


def _requests(intervals: Sequence[LatencyInterval]) -> tuple[Counts, Counts]:
    totals = [i.slower_than(0) for i in intervals]
    return pool(i.candidate for i in totals), pool(i.stable for i in totals)


def _out_of_range(edges: Sequence[float], judged: Sequence[Edge]) -> str | None:
    if judged:
        return None
    return f"most of stable's requests are slower than the last bucket edge, {duration(edges[-1])}"
