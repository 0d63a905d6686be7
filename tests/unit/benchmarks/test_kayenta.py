"""Kayenta's test and score turn where its source says."""

from math import nan

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from tests.benchmarks.judgement.bursts import Floats
from tests.benchmarks.judgement.kayenta import Kayenta, Label, classify, score
from tests.benchmarks.judgement.mann_whitney import shift
from tests.benchmarks.judgement.outcome import Ending
from tests.benchmarks.judgement.steps import DEFAULT
from tests.benchmarks.judgement.traffic import Traffic
from tests.benchmarks.judgement.worlds import HEALTHY, World

STEADY = np.linspace(10.0, 11.0, 60)


def standardized(x: Floats, y: Floats, by: float) -> float:
    """The rank sum of x shifted down by `by`, as MannWhitney.scala's wilcoxonDiff has it."""
    ranks = rankdata(np.concatenate((x - by, y)))
    n, m = len(x), len(y)
    from_mean = ranks[:n].sum() - n * (n + 1) / 2 - n * m / 2
    ties = np.unique(ranks, return_counts=True)[1].astype(float)
    variance = n * m / 12 * (n + m + 1 - (ties**3 - ties).sum() / ((n + m) * (n + m - 1)))
    return float((from_mean - np.sign(from_mean) * 0.5) / np.sqrt(variance))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sizes", [(60, 60), (12, 7)])
def test_the_shift_is_where_the_rank_sum_reaches_its_quantiles(seed: int, sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(1.0, 1.0, sizes[0]), rng.normal(0.0, 1.5, sizes[1])
    found, quantile = shift(x, y, 0.98), float(norm.ppf(0.99))
    for root, value in ((found.lower, quantile), (found.upper, -quantile), (found.estimate, 0.0)):
        assert standardized(x, y, root - 1e-9) >= value >= standardized(x, y, root + 1e-9)


def test_the_estimate_is_the_median_difference() -> None:
    """Hodges and Lehmann's, on Hollander and Wolfe's permeability constants."""
    x = np.array([0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
    y = np.array([1.15, 0.88, 0.90, 0.74, 1.21])
    assert shift(x, y, 0.98).estimate == pytest.approx(0.305, abs=0.01)


@pytest.mark.parametrize(
    ("candidate", "label"),
    [
        (STEADY + 5, Label.HIGH),
        (STEADY - 5, Label.PASS),
        (STEADY[::-1], Label.PASS),
        (STEADY + np.tile([0.0, 0.4], 30), Label.PASS),
        (np.full(60, nan), Label.NODATA),
        (np.array([]), Label.NODATA),
    ],
    ids=["higher", "lower", "the same", "hardly higher", "only NaN", "nothing"],
)
def test_only_what_is_surely_higher_is_high(candidate: Floats, label: Label) -> None:
    assert classify(candidate, STEADY) is label


def test_nan_and_outliers_count_for_nothing() -> None:
    wild = np.concatenate((STEADY, [nan, nan], np.full(1, 1e6)))
    assert classify(np.tile(wild, 3), np.tile(STEADY, 3)) is Label.PASS


@pytest.mark.parametrize(
    ("errors", "latency", "expected"),
    [
        (Label.PASS, Label.PASS, 100.0),
        (Label.HIGH, Label.PASS, 50.0),
        (Label.HIGH, Label.HIGH, 0.0),
        (Label.PASS, Label.NODATA, 0.0),
    ],
)
def test_the_score_is_the_share_that_passes_and_nothing_with_half_the_data_missing(
    errors: Label, latency: Label, expected: float
) -> None:
    assert score({"errors": errors, "latency": latency}) == expected


def test_each_step_is_a_run_and_a_failed_one_ends_the_canary() -> None:
    broken = Kayenta("kayenta").lead(Traffic(World("broken", ratio=50.0), DEFAULT, 6_000, (1,)))
    healthy = Kayenta("kayenta").lead(Traffic(HEALTHY, DEFAULT, 6_000, (1,)))
    assert (broken.steps, broken.ended, broken.ending) == ((0,), DEFAULT.ticks, Ending.ROLLED_BACK)
    assert (healthy.ended, healthy.ending) == (4 * DEFAULT.ticks, Ending.PROMOTED)
