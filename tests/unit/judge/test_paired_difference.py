"""The paired bet: exactly valid, and quick on the pairs that tell."""

from dataclasses import replace
from itertools import product
from math import exp, factorial, isfinite, log, prod

import numpy as np
import pytest
from hypothesis import given

from seatrial.judge.bernoulli import log_evidence_above as bernoulli_above
from seatrial.judge.counts import Counts, Pairs
from seatrial.judge.paired_difference import log_evidence_above, log_evidence_below
from tests.unit.judge.strategies import begun, losses, pairs, seeded


def chances(n: int, shares: tuple[float, float, float]) -> list[tuple[float, Pairs]]:
    """Every outcome of n pairs and its chance: shares of only the candidate right, only stable right, and neither."""
    outcomes = [(won, lost, n - won - lost) for won, lost in product(range(n + 1), repeat=2) if won + lost <= n]
    return [
        (
            factorial(n) * prod(share**count / factorial(count) for share, count in zip(shares, counts, strict=True)),
            Pairs(0, *counts),
        )
        for counts in outcomes
    ]


@pytest.mark.parametrize("loss", [0.0, 0.02, 0.1, 0.6])
@pytest.mark.parametrize("won", [0.0, 0.05, 0.2])
def test_the_mean_of_the_e_value_is_one_at_the_edge_of_the_null(loss: float, won: float) -> None:
    """Summed over every outcome of 30 pairs."""
    outcomes = chances(30, (won, won + loss, 1 - 2 * won - loss))
    assert sum(chance for chance, _ in outcomes) == pytest.approx(1)
    assert sum(chance * exp(log_evidence_above([seen], loss)) for chance, seen in outcomes) == pytest.approx(1)
    assert sum(chance * exp(log_evidence_below(seen, loss)) for chance, seen in outcomes) == pytest.approx(1)


@pytest.mark.parametrize(("true", "limit"), [(0.0, 0.05), (-0.1, 0.05), (0.04, 0.05)])
def test_a_smaller_loss_than_the_limit_lowers_the_mean_toward_fail(true: float, limit: float) -> None:
    outcomes = chances(30, (0.2 - true / 2, 0.2 + true / 2, 0.6))
    assert sum(chance * exp(log_evidence_above([seen], limit)) for chance, seen in outcomes) < 0.99
    assert sum(chance * exp(log_evidence_below(seen, limit)) for chance, seen in outcomes) > 1.01


def test_where_nothing_may_be_lost_it_is_mcnemars_test() -> None:
    """Only pairs that exactly one got right tell, and the evidence is a mixture of binomial likelihood ratios."""
    lost, won = 38, 10
    likelihood_ratio = sum((1 + k / 20) ** lost * (1 - k / 20) ** won for k in range(1, 20)) / 19
    expected = (1 + likelihood_ratio) / 2  # half of the weight is on tests that begin later
    assert log_evidence_above([Pairs(830, won, lost, 22)], 0.0) == pytest.approx(log(expected))
    assert log_evidence_above([Pairs(1, won, lost, 90_000)], 0.0) == pytest.approx(log(expected))
    assert log_evidence_above([Pairs(0, won, lost, 0)], 0.0) == pytest.approx(
        bernoulli_above([Counts(48, 38)], 0.5), abs=1
    )


def test_three_points_lost_are_found_in_a_thousand_pairs() -> None:
    """Where the two differ on a tenth of the requests, at 100:1."""
    rng, needed = np.random.default_rng(3), []
    for _ in range(100):
        x = np.cumsum(rng.multinomial(1, (0.035, 0.065, 0.9), size=6000), axis=0).tolist()
        looks = range(10, 6000, 10)
        needed.append(next((n for n in looks if log_evidence_above([Pairs(0, *x[n - 1])], 0.0) > log(100)), 6000))
    assert np.median(needed) <= 1200


@pytest.mark.parametrize(("loss", "most"), [(0.01, 500), (0.02, 240), (0.05, 100)])
def test_two_that_never_differ_are_shown_to_be_alike_by_few_pairs(loss: float, most: int) -> None:
    needed = next(n for n in range(1000) if log_evidence_below(Pairs(n, 0, 0, 0), loss) > log(20))
    assert needed <= most


@seeded
@given(pairs(10**12), losses)
def test_the_two_sides_are_finite_and_never_both_strong(seen: Pairs, loss: float) -> None:
    above, below = log_evidence_above([seen], loss), log_evidence_below(seen, loss)
    assert isfinite(above)
    assert isfinite(below)
    assert min(above, below) <= 1e-9


@seeded
@given(pairs(), losses)
def test_one_more_request_that_only_stable_got_right_is_worse(seen: Pairs, loss: float) -> None:
    worse = replace(seen, stable_right=seen.stable_right + 1)
    assert log_evidence_above([worse], loss) > log_evidence_above([seen], loss) - 1e-6
    assert log_evidence_below(worse, loss) < log_evidence_below(seen, loss) + 1e-6


@seeded
@given(pairs(most=500))
def test_swapping_the_sides_swaps_the_news(seen: Pairs) -> None:
    swapped = replace(seen, candidate_right=seen.stable_right, stable_right=seen.candidate_right)
    above, below = log_evidence_above([seen], 0.0), log_evidence_below(swapped, 0.0)
    assert above == pytest.approx(begun(below), abs=1e-9)


@pytest.mark.parametrize("loss", [-0.01, 1.0, float("nan")])
def test_a_loss_that_is_no_share_is_refused(loss: float) -> None:
    with pytest.raises(ValueError, match=f"loss is {loss}"):
        log_evidence_above([Pairs(1, 0, 0, 0)], loss)
    with pytest.raises(ValueError, match=f"loss is {loss}"):
        log_evidence_below(Pairs(1, 0, 0, 0), loss)
