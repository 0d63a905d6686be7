"""The rate-difference bet: valid whatever the rates and weights do, and nearly as quick as if they were known."""

from itertools import product
from math import comb, exp, isfinite, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.judge.counts import Counts, Interval, pool
from seatrial.judge.rate_difference import estimated_difference, log_evidence_above, log_evidence_below
from tests.unit.judge.strategies import begun, counts, intervals, losses, seeded


def interval(n1: int, e1: int, n0: int, e0: int) -> Interval:
    return Interval(Counts(n1, e1), Counts(n0, e0))


def binomial(n: int, k: int, p: float) -> float:
    return comb(n, k) * p**k * (1 - p) ** (n - k)


@pytest.mark.parametrize("sizes", [(1, 3), (4, 2), (2, 6)])
@pytest.mark.parametrize(("loss", "rate"), [(0.0, 0.02), (0.0, 0.5), (0.02, 0.1), (0.02, 0.9), (0.2, 0.0), (0.2, 0.7)])
def test_the_mean_of_the_e_value_is_at_most_one(sizes: tuple[int, int], loss: float, rate: float) -> None:
    """Summed over every outcome of two intervals at the edge of the null, with other rates and weights in each."""
    (n1, n0), other = sizes, rate / 3
    mean_above = mean_below = 0.0
    for e1, e0, f1, f0 in product(range(n1 + 1), range(n0 + 1), range(n0 + 1), range(n1 + 1)):
        chance = (
            binomial(n1, e1, rate + loss)
            * binomial(n0, e0, rate)
            * binomial(n0, f1, other + loss)
            * binomial(n1, f0, other)
        )
        seen = [interval(n1, e1, n0, e0), interval(n0, f1, n1, f0)]
        mean_above += chance * exp(log_evidence_above(seen, loss))
        mean_below += chance * exp(log_evidence_below(seen, loss))
    assert 0.5 < mean_above <= 1 + 1e-9
    assert 0.5 < mean_below <= 1 + 1e-9


def labels_needed(wrong: float, lost: float, weight: float, limit: float) -> float:
    """The median number of labels after which the loss is shown to be above the limit, at 300:1."""
    rng, needed, mine, theirs = np.random.default_rng(4), [], round(100 * weight), round(100 * (1 - weight))
    for _ in range(40):
        candidate = rng.binomial(mine, wrong + lost, size=100).tolist()
        stable = rng.binomial(theirs, wrong, size=100).tolist()
        seen = [interval(mine, one, theirs, other) for one, other in zip(candidate, stable, strict=True)]
        looks = (n for n in range(1, 101) if log_evidence_above(seen[:n], limit) > log(300))
        needed.append(100 * next(looks, 10**6))
    return float(np.median(needed))


@pytest.mark.parametrize(
    ("wrong", "lost", "weight", "limit", "most"),
    [
        (0.1, 0.1, 0.1, 0.02, 3800),
        (0.05, 0.25, 0.1, 0.02, 500),
        (0.1, 0.05, 0.5, 0.0, 3300),
        (0.3, 0.1, 0.25, 0.02, 3600),
    ],
)
def test_how_many_labels_a_loss_takes(wrong: float, lost: float, weight: float, limit: float, most: int) -> None:
    assert most / 2 <= labels_needed(wrong, lost, weight, limit) <= most


def test_requests_that_become_harder_while_the_weights_move_mislead_nobody() -> None:
    """Both are wrong on 2 % while the candidate has next to nothing, and on 30 % while it has half."""
    seen = [interval(100, 2, 9900, 198), interval(5000, 1500, 5000, 1500)]
    pooled = [interval(5100, 1502, 14_900, 1698)]
    assert estimated_difference(seen) == pytest.approx(0)
    assert log_evidence_above(seen, 0.02) < 0
    assert log_evidence_above(pooled, 0.02) > 20


@seeded
@given(st.integers(1, 1000), st.integers(1, 1000), st.integers(0, 1000), st.integers(0, 1000), losses)
def test_where_weights_stay_only_sums_count(n1: int, n0: int, e1: int, e0: int, loss: float) -> None:
    e1, e0 = min(e1, n1), min(e0, n0)
    one, two = [interval(2 * n1, 2 * e1, 2 * n0, 2 * e0)], [interval(n1, e1, n0, e0)] * 2
    assert log_evidence_below(two, loss) == pytest.approx(log_evidence_below(one, loss), rel=1e-9, abs=1e-6)
    assert log_evidence_above(two, loss) >= log_evidence_above(one, loss) - log(2)


@seeded
@given(intervals(), losses, st.integers(0, 1000))
def test_an_interval_of_one_side_alone_tells_nothing(seen: list[Interval], loss: float, labels: int) -> None:
    alone = [interval(labels, labels, 0, 0), interval(0, 0, labels, labels)]
    assert log_evidence_above(seen + alone, loss) == log_evidence_above(seen, loss)
    assert log_evidence_below(seen + alone, loss) == log_evidence_below(seen, loss)
    assert estimated_difference(alone) is None


@seeded
@given(intervals(10**12), losses)
def test_huge_counts_stay_finite(seen: list[Interval], loss: float) -> None:
    assert isfinite(log_evidence_above(seen, loss))
    assert isfinite(log_evidence_below(seen, loss))


@seeded
@given(counts(), counts(), losses)
def test_one_interval_never_shows_both(candidate: Counts, stable: Counts, loss: float) -> None:
    seen = [Interval(candidate, stable)]
    assert min(log_evidence_above(seen, loss), log_evidence_below(seen, loss)) < log(2)


@seeded
@given(intervals(most=50))
def test_swapping_the_sides_swaps_the_news(seen: list[Interval]) -> None:
    together = [Interval(pool(i.candidate for i in seen), pool(i.stable for i in seen))]
    swapped = [Interval(i.stable, i.candidate) for i in together]
    expected = begun(log_evidence_below(swapped, 0.0)) if estimated_difference(together) is not None else 0.0
    assert log_evidence_above(together, 0.0) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("loss", [-0.01, 1.0, float("nan")])
def test_a_loss_that_is_no_share_is_refused(loss: float) -> None:
    for evidence in (log_evidence_above, log_evidence_below):
        with pytest.raises(ValueError, match=f"loss is {loss}"):
            evidence([], loss)
