"""Flagger's rule: a check that fails adds one to a counter, and the counter never goes down within a canary.

From fluxcd/flagger:
- pkg/controller/scheduler.go at 2944581a, advanceCanary: at each interval first a rollback where failedChecks has
  reached the threshold, then the analysis; a failed analysis adds one and advances nothing; a passed one advances the
  weight, here once the confirm-traffic-increase gate has let the step last its minutes.
- pkg/controller/scheduler_metrics.go at 06d32049, runBuiltinMetricChecks: a value below `min` or above `max` fails, and
  so does one that is absent or cannot be asked for; pkg/metrics/providers/prometheus.go at 7b7cdcf7: NaN is no value.
- docs/gitbook/usage/metrics.md: success rate at least 99 %, p99 at most 500 ms, interval 1m; threshold 5 as in the
  tutorials of docs/gitbook.
"""

from dataclasses import dataclass
from math import nan

from tests.benchmarks.judgement.latency import quantile
from tests.benchmarks.judgement.outcome import Ending, Path
from tests.benchmarks.judgement.steps import TICKS_A_MINUTE
from tests.benchmarks.judgement.traffic import Traffic

LONGEST_P99 = 0.5  # seconds


@dataclass(frozen=True, slots=True)
class Metrics:
    """What the queries of an interval return: the success rate, and the p99 of both versions in seconds.

    NaN where there were no requests, or where nobody answers.
    """

    success: float
    p99: float
    stable_p99: float


UNKNOWN = Metrics(nan, nan, nan)


@dataclass(frozen=True, slots=True)
class Flagger:
    """A canary's analysis: the lowest success rate, the number of failed checks that rolls back, and the longest p99.

    `longest_ratio` is for those who compare: a MetricTemplate that divides the candidate's p99 by stable's. `minutes`
    is the interval of the analysis, and of its queries.
    """

    name: str
    lowest_success: float
    threshold: int = 5
    longest: float = LONGEST_P99
    longest_ratio: float | None = None
    minutes: int = 1

    def passes(self, metrics: Metrics) -> bool:
        """Say whether the metrics of one interval pass; NaN is nothing's equal."""
        alike = self.longest_ratio is None or metrics.p99 <= self.longest_ratio * metrics.stable_p99
        return metrics.success >= self.lowest_success and metrics.p99 <= self.longest and alike

    def lead(self, traffic: Traffic) -> Path:
        """Return how the canary goes."""
        steps, began, failed, tick = traffic.steps, [0], 0, 0
        interval = self.minutes * TICKS_A_MINUTE
        while True:
            tick += interval
            if failed >= self.threshold:
                return Path(tuple(began), tick, Ending.ROLLED_BACK)
            if not self.passes(_metrics(traffic, len(began) - 1, began[-1], slice(tick - interval, tick))):
                failed += 1
            elif tick - began[-1] >= steps.ticks and len(began) == len(steps.weights):
                return Path(tuple(began), tick, Ending.PROMOTED)
            elif tick - began[-1] >= steps.ticks:
                began.append(tick)


def _metrics(traffic: Traffic, step: int, began: int, ticks: slice) -> Metrics:
    if traffic.is_dark(ticks.stop):
        return UNKNOWN
    mine, theirs = traffic.candidate(step, began, ticks), traffic.stable(step, ticks)
    requests, failed = int(mine.requests.sum()), int(mine.errors.sum())
    return Metrics(
        1 - failed / requests if requests else nan,
        quantile(mine.buckets.sum(axis=0), 0.99),
        quantile(theirs.buckets.sum(axis=0), 0.99),
    )
