"""Argo Rollouts' rule: a background analysis whose measurements each fail or succeed, and which may fail a few times.

From argoproj/argo-rollouts:
- utils/evaluate/evaluate.go at 0b95b276, EvaluateResult: without a failureCondition what does not meet the
  successCondition is Failed; with both, what meets neither is Inconclusive. `NaN >= 0.95` is false, so NaN is Failed.
- analysis/analysis.go at c9dd7ea0, assessMetricFailureInconclusiveOrError: Failed where failed > failureLimit,
  Inconclusive where inconclusive > inconclusiveLimit, Error where consecutive errors > 4; a query that cannot be
  answered is an error and is tried again after ten seconds; anything else begins the count of errors anew.
- docs/features/analysis.md: successCondition >= 0.95, failureLimit 3, interval 5m and a query over as long, beside
  steps of ten minutes. The first measurement comes after an interval (initialDelay), when there is something to
  measure. A failed or erroneous run aborts, an inconclusive one pauses; the steps themselves go on by the clock.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from math import nan

from tests.benchmarks.judgement.outcome import Ending, Path
from tests.benchmarks.judgement.steps import TICK_SECONDS, TICKS_A_MINUTE
from tests.benchmarks.judgement.traffic import Traffic

RETRY_TICKS = 10 // TICK_SECONDS  # DefaultErrorRetryInterval
MOST_CONSECUTIVE_ERRORS = 4  # DefaultConsecutiveErrorLimit


class Phase(StrEnum):
    """What a measurement, or an analysis, is."""

    RUNNING = "Running"
    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    INCONCLUSIVE = "Inconclusive"
    ERROR = "Error"


@dataclass(frozen=True, slots=True)
class Measurements:
    """How many measurements of a run were what, and how many of the last ones in a row were errors."""

    failed: int = 0
    inconclusive: int = 0
    errors: int = 0

    def and_then(self, phase: Phase) -> "Measurements":
        """Return the counts after one more measurement."""
        match phase:
            case Phase.ERROR:
                return replace(self, errors=self.errors + 1)
            case Phase.FAILED:
                return replace(self, failed=self.failed + 1, errors=0)
            case Phase.INCONCLUSIVE:
                return replace(self, inconclusive=self.inconclusive + 1, errors=0)
            case _:
                return replace(self, errors=0)


@dataclass(frozen=True, slots=True)
class Argo:
    """An AnalysisTemplate: succeed at `success` or more; fail below `failure`, or where that is None, otherwise.

    `minutes` is its interval, and how far its query looks back.
    """

    name: str
    success: float
    minutes: int = 5
    failure: float | None = None
    failure_limit: int = 3
    inconclusive_limit: int = 0

    def measure(self, result: float | None) -> Phase:
        """Return what a success rate is: NaN without requests, None where the query failed."""
        if result is None:
            return Phase.ERROR
        succeeds = result >= self.success
        fails = not succeeds if self.failure is None else result < self.failure
        if fails:
            return Phase.FAILED
        return Phase.SUCCESSFUL if succeeds else Phase.INCONCLUSIVE

    def assess(self, seen: Measurements) -> Phase:
        """Return what the run is after these measurements."""
        if seen.errors > MOST_CONSECUTIVE_ERRORS:
            return Phase.ERROR
        if seen.inconclusive > self.inconclusive_limit:
            return Phase.INCONCLUSIVE
        return Phase.FAILED if seen.failed > self.failure_limit else Phase.RUNNING

    def lead(self, traffic: Traffic) -> Path:
        """Return how the rollout goes."""
        interval = self.minutes * TICKS_A_MINUTE
        steps, seen, tick = traffic.steps, Measurements(), interval
        while tick <= steps.shortest * TICKS_A_MINUTE:
            phase = self.measure(_success_rate(traffic, tick, interval))
            seen = seen.and_then(phase)
            match self.assess(seen):
                case Phase.FAILED | Phase.ERROR:
                    return Path(_began(traffic, tick), tick, Ending.ROLLED_BACK)
                case Phase.INCONCLUSIVE:
                    return Path(_began(traffic, tick), tick, Ending.HELD)
            tick += RETRY_TICKS if phase is Phase.ERROR else interval
        end = steps.shortest * TICKS_A_MINUTE
        return Path(_began(traffic, end), end, Ending.PROMOTED)


def _began(traffic: Traffic, tick: int) -> tuple[int, ...]:
    """Return when the steps began that had begun before a tick."""
    each = traffic.steps.ticks
    return tuple(step * each for step in range(len(traffic.steps.weights)) if step * each < tick)


def _success_rate(traffic: Traffic, tick: int, interval: int) -> float | None:
    if traffic.is_dark(tick):
        return None
    began = _began(traffic, tick)
    ticks = slice(max(began[-1], tick - interval), tick)
    served = traffic.candidate(len(began) - 1, began[-1], ticks)
    requests = int(served.requests.sum())
    return 1 - int(served.errors.sum()) / requests if requests else nan
