"""Kayenta's rule (NetflixACAJudge): metric by metric a Mann-Whitney test, then a score.

From spinnaker/spinnaker kayenta (at f8b98eba) and the pages of spinnaker.io on canary:
- kayenta-judge/…/NetflixACAJudge.scala: NaN is removed, then outliers beyond 3 times the interquartile range or the
  1st and 99th percentiles, whichever is farther; tolerance 0.25, confidence 98 %.
- …/classifiers/metric/MannWhitneyClassifier.scala: High where the interval's lower bound is above the tolerance times
  the size of the Hodges-Lehmann estimate; no data on a side is Nodata; equal data pass.
- …/scorers/WeightedSumScorer.scala: a group scores its share of Pass, one without data 100; half of the metrics without
  data or more fail the canary. …/classifiers/score/ThresholdScoreClassifier.scala: pass and marginal are inclusive.
- guides/user/canary/best-practices: a baseline of the same size, deployed at the same time; at least 50 points a metric
  and run (here one every 10 seconds: 60 a step); marginal 75, pass 95; a run below marginal ends the canary, the last
  one must pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from tests.benchmarks.judgement.bursts import Floats
from tests.benchmarks.judgement.latency import means, ratio
from tests.benchmarks.judgement.mann_whitney import shift
from tests.benchmarks.judgement.outcome import Ending, Path
from tests.benchmarks.judgement.traffic import Traffic

TOLERANCE, CONFIDENCE, OUTLIER_FACTOR = 0.25, 0.98, 3.0
MOST_WITHOUT_DATA = 50  # percent
MARGINAL, PASS = 75.0, 95.0


class Label(StrEnum):
    """What a metric of the candidate is beside the baseline's; lower is no harm to these."""

    PASS = "Pass"
    HIGH = "High"
    NODATA = "Nodata"


def classify(candidate: Floats, baseline: Floats) -> Label:
    """Return the label of one metric's points, with direction `increase`."""
    x, y = _without_outliers(candidate[~np.isnan(candidate)]), _without_outliers(baseline[~np.isnan(baseline)])
    if not (x.size and y.size):
        return Label.NODATA
    if np.array_equal(np.sort(x), np.sort(y)):
        return Label.PASS
    found = shift(x, y, CONFIDENCE)
    return Label.HIGH if found.lower > TOLERANCE * abs(found.estimate) else Label.PASS


def _without_outliers(values: Floats) -> Floats:
    """Percentiles as Apache Commons Math has them: at (n + 1)·p."""
    if not values.size:
        return values
    low, first, third, high = np.percentile(values, (1, 25, 75, 99), method="weibull")
    reach = OUTLIER_FACTOR * (third - first)
    within = (values >= min(low, first - reach)) & (values <= max(high, third + reach))
    return np.asarray(values[within], np.float64)


def score(labels: Mapping[str, Label]) -> float:
    """Return the score of metrics, each a group of its own and all of the same weight; 0 to 100."""
    without = sum(label is Label.NODATA for label in labels.values())
    if 100 * without / len(labels) >= MOST_WITHOUT_DATA:
        return 0.0
    return 100 * sum(label is not Label.HIGH for label in labels.values()) / len(labels)


@dataclass(frozen=True, slots=True)
class Kayenta:
    """A canary of which each step is a run."""

    name: str

    def lead(self, traffic: Traffic) -> Path:
        """Return how the canary goes."""
        each = traffic.steps.ticks
        ends = [each * (step + 1) for step in range(len(traffic.steps.weights))]
        for step, end in enumerate(ends):
            reached = score(_labels(traffic, step, end))
            if reached < (PASS if end == ends[-1] else MARGINAL):
                return Path(tuple(e - each for e in ends[: step + 1]), end, Ending.ROLLED_BACK)
        return Path(tuple(e - each for e in ends), ends[-1], Ending.PROMOTED)


def _labels(traffic: Traffic, step: int, end: int) -> Mapping[str, Label]:
    began = end - traffic.steps.ticks
    ticks = slice(began, end)
    seen = np.array([not traffic.is_dark(tick + 1) for tick in range(began, end)])
    mine, theirs = traffic.candidate(step, began, ticks), traffic.baseline(step, began, ticks)
    return {
        "errors": classify(ratio(mine.errors, mine.requests)[seen], ratio(theirs.errors, theirs.requests)[seen]),
        "latency": classify(means(mine.buckets)[seen], means(theirs.buckets)[seen]),
    }
