"""The information limit agrees with what can be computed by hand."""

from collections.abc import Sequence
from math import exp, inf, log

import numpy as np
import pytest

from tests.benchmarks.judgement.limit import (
    NEVER,
    entropy,
    limit,
    needed,
    of_bernoulli,
    of_latencies,
    of_loss,
    of_paired_loss,
    of_ratio,
)
from tests.benchmarks.judgement.steps import Steps

HALF = Steps((50,))


def test_a_surer_test_needs_more_information() -> None:
    assert needed(0.01) == pytest.approx(log(100))
    assert needed(0.001) - needed(0.01) == pytest.approx(log(10))


def test_equal_distributions_tell_nothing_and_others_what_their_logarithms_differ_by() -> None:
    p, q = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    assert entropy(p, p) == 0
    assert entropy(p, q) == pytest.approx(0.5 * log(2) + 0.5 * log(2 / 3))
    assert of_bernoulli(0.5, 0.25) == pytest.approx(entropy(p, q))


def test_what_is_allowed_tells_nothing_against_itself() -> None:
    assert of_ratio(0.5, candidate=0.012, stable=0.01, ratio=1.2) == 0


def test_against_equal_rates_a_request_tells_jensen_and_shannons_divergence() -> None:
    mixed = 0.1 * 0.03 + 0.9 * 0.01
    expected = 0.1 * of_bernoulli(0.03, mixed) + 0.9 * of_bernoulli(0.01, mixed)
    assert of_ratio(0.1, candidate=0.03, stable=0.01, ratio=1.0) == pytest.approx(expected, rel=1e-6)


def test_rare_errors_tell_what_the_conditional_test_on_their_shares_can() -> None:
    """Of all errors the candidate has s where its rate is as allowed, and q where it is three times as high."""
    s, q = 1.2 / 2.2, 3.0 / 4.0
    an_error = q * log(q / s) + (1 - q) * log((1 - q) / (1 - s))
    errors_a_request = 0.5 * (3e-5 + 1e-5)
    assert of_ratio(0.5, candidate=3e-5, stable=1e-5, ratio=1.2) == pytest.approx(errors_a_request * an_error, rel=1e-3)


def test_with_one_edge_latencies_tell_what_errors_do() -> None:
    found = latencies(0.1, candidate=[0.97, 0.03], stable=[0.99, 0.01], ratios=[1.2])
    assert found == pytest.approx(of_ratio(0.1, candidate=0.03, stable=0.01, ratio=1.2), rel=1e-3)


def test_more_edges_tell_more_and_looser_limits_less() -> None:
    candidate, stable = [0.5, 0.3, 0.2], [0.7, 0.2, 0.1]
    both = latencies(0.1, candidate, stable, [1.2, 1.2])
    assert both > latencies(0.1, candidate, stable, [1.2, 2.0]) > 0
    assert both > latencies(0.1, candidate, stable, [1.2, 1.2], most=[0.0, 0.25]) > 0
    assert latencies(0.1, candidate, stable, [2.0, 2.0]) == pytest.approx(0, abs=1e-6)


def latencies(
    share: float,
    candidate: Sequence[float],
    stable: Sequence[float],
    ratios: Sequence[float],
    most: Sequence[float] | None = None,
) -> float:
    limits = np.array(ratios), np.array(most or [0.0] * len(ratios))
    return of_latencies(share, np.array(candidate), np.array(stable), *limits)


def test_a_loss_that_is_allowed_tells_nothing() -> None:
    assert of_loss(0.5, candidate=0.12, stable=0.10, loss=0.02) == 0
    assert of_paired_loss((0.85, 0.03, 0.05, 0.07), 0.02) == pytest.approx(0, abs=1e-6)


def test_a_loss_without_anything_allowed_tells_what_a_ratio_without_does() -> None:
    assert of_loss(0.1, 0.03, 0.01, 0.0) == pytest.approx(of_ratio(0.1, 0.03, 0.01, 1.0), rel=1e-6)


def test_of_pairs_only_those_tell_in_which_one_is_right() -> None:
    """Where no loss is allowed they are coins that should be fair."""
    told = of_paired_loss((0.8, 0.04, 0.09, 0.07), 0.0)
    assert told == pytest.approx(0.13 * of_bernoulli(0.04 / 0.13, 0.5), rel=1e-6)


def test_the_limit_is_the_information_over_what_a_minute_tells() -> None:
    found = limit(HALF, rate=100, told=lambda share: 0.02 * share, harm=0.03, nats=5.0)
    assert (found.minutes, found.requests, found.harm) == pytest.approx((5.0, 250.0, 7.5))


def test_the_steps_before_bring_what_they_can() -> None:
    found = limit(Steps((1, 50)), rate=100, told=lambda share: 0.02 * share, harm=1.0, nats=5.2)
    assert (found.minutes, found.requests) == pytest.approx((15.0, 260.0))


def test_nobody_knows_anything_before_the_first_look() -> None:
    assert limit(HALF, rate=1e6, told=lambda share: share, harm=0.0, nats=5.0).minutes == pytest.approx(0.5)


def test_what_tells_nothing_is_never_known() -> None:
    assert limit(HALF, rate=100, told=lambda _share: 0.0, harm=1.0, nats=5.0) == NEVER
    assert NEVER.minutes == inf


@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_a_sequential_test_that_knows_the_fault_needs_about_the_limit(alpha: float) -> None:
    """Wald's own test of 3 % against 1 %, one side known: its mean is the limit and its last step beyond it."""
    rng, needs, gains = np.random.default_rng(1), [], (log(0.97 / 0.99), log(3.0))
    for _ in range(400):
        evidence, requests = 0.0, 0
        while evidence <= needed(alpha):
            evidence, requests = evidence + gains[int(rng.random() < 0.03)], requests + 1
        needs.append(requests)
    least = needed(alpha) / of_bernoulli(0.03, 0.01)
    assert least < np.mean(needs) < least + 1.2 * log(3.0) / of_bernoulli(0.03, 0.01)
    assert exp(-needed(alpha)) == pytest.approx(alpha)
