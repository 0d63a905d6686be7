"""Kayenta's Mann-Whitney test: the confidence interval and the estimate of how much larger x is than y.

From spinnaker/spinnaker kayenta-mannwhitney/…/MannWhitney.scala (at acff987c), which follows R's wilcox.test with
exact = FALSE: it solves for the shift at which the normal approximation of the rank sum, corrected for continuity and
for ties, reaches a quantile. As the rank sum of shifted values changes only at a difference of two of them, the roots
are among those differences.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import norm

from tests.benchmarks.judgement.bursts import Floats


@dataclass(frozen=True, slots=True)
class Shift:
    """By how much x is larger than y: the bounds of the confidence interval, and the Hodges-Lehmann estimate."""

    lower: float
    upper: float
    estimate: float


def shift(x: Floats, y: Floats, confidence: float) -> Shift:
    """Return the shift between two samples, neither of them empty."""
    differences = np.sort(np.subtract.outer(x, y), axis=None)
    deviation = _deviation(x, y)
    quantile = float(norm.ppf((1 + confidence) / 2))
    return Shift(
        _root(differences, quantile * deviation + 0.5),
        _root(differences, -quantile * deviation - 0.5),
        _root(differences, 0.0),
    )


def _root(differences: Floats, rank_sum: float) -> float:
    """Return the shift at which the rank sum, measured from its mean, falls to a value: an end where it never does.

    Beyond k of the differences the rank sum is len/2 - k.
    """
    beyond = int(np.ceil(len(differences) / 2 - rank_sum))
    return float(differences[min(max(beyond - 1, 0), len(differences) - 1)])


def _deviation(x: Floats, y: Floats) -> float:
    """Return the standard deviation of the rank sum, with the ties within each sample: shifted, they tie with few."""
    n = len(x) + len(y)
    ties = sum(float((counts**3 - counts).sum()) for counts in (_multiplicities(x), _multiplicities(y)))
    return sqrt(len(x) * len(y) / 12 * (n + 1 - ties / (n * (n - 1))))


def _multiplicities(values: Floats) -> Floats:
    return np.unique(values, return_counts=True)[1].astype(np.float64)
