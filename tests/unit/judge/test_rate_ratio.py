"""The rate-ratio e-process: exactly valid, and with the properties that a reader would expect of it."""

from dataclasses import replace
from itertools import product
from math import comb, exp, inf, isfinite, log
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seatrial.judge.counts import Counts, Interval
from seatrial.judge.rate_ratio import (
    estimated_ratio,
    log_evidence_above,
    log_evidence_above_at_once,
    log_evidence_below,
)
from tests.unit.judge.strategies import begun, dispersions, intervals, ratios, seeded


def interval(n1: int, e1: int, n0: int, e0: int) -> Interval:
    return Interval(Counts(n1, e1), Counts(n0, e0))


def binomial(n: int, k: int, p: float) -> float:
    return comb(n, k) * p**k * (1 - p) ** (n - k)


SIZES = [(1, 3), (4, 2), (2, 6)]


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize(("ratio", "rate"), [(1.0, 0.02), (1.2, 0.3), (2.0, 0.45), (0.5, 0.9), (1.2, 0.8)])
@pytest.mark.parametrize(("phi", "most"), [(1.0, inf), (2.5, inf), (1.0, 0.7)])
def test_the_mean_of_the_e_value_is_at_most_one(
    sizes: tuple[int, int], ratio: float, rate: float, phi: float, most: float
) -> None:
    """Summed over every outcome of two intervals at the edge of the null, with the rate halved in the second."""
    n1, n0 = sizes
    mean_above = mean_below = 0.0
    for e1, e0, f1, f0 in product(range(n1 + 1), range(n0 + 1), range(n1 + 1), range(n0 + 1)):
        chance = (
            binomial(n1, e1, min(1, rate * ratio))
            * binomial(n0, e0, rate)
            * binomial(n1, f1, min(1, rate * ratio / 2))
            * binomial(n0, f0, rate / 2)
        )
        seen = [interval(n1, e1, n0, e0), interval(n1, f1, n0, f0)]
        mean_above += chance * exp(log_evidence_above(seen, ratio, phi, most))
        mean_below += chance * exp(log_evidence_below(seen, ratio, phi))
    assert mean_above <= 1 + 1e-9
    if rate * ratio <= 1:  # a candidate that is capped at 1 is better than the edge of the null
        assert mean_below <= 1 + 1e-9


def test_the_likelihood_ratio_is_the_binomial_one() -> None:
    """Against the textbook: the mixture of binomial likelihoods of the candidate's share of the bad requests."""
    n1, e1, n0, e0, ratio = 1380, 41, 2712, 27, 1.2
    grid = [1.15 * ratio * (20 / (1.15 * ratio)) ** (k / 11) for k in range(12)]

    def share(value: float) -> float:
        return value * n1 / (value * n1 + n0)

    s = share(ratio)
    likelihood_ratios = [(share(v) / s) ** e1 * ((1 - share(v)) / (1 - s)) ** e0 for v in grid]
    near = [exp(-((log(v / 3.0) / 0.7) ** 2) / 2) for v in grid]
    weights = [0.7 * one / sum(near) + 0.3 / 12 for one in near]
    expected = log(sum(w * likelihood for w, likelihood in zip(weights, likelihood_ratios, strict=True)))
    assert log_evidence_above_at_once(interval(n1, e1, n0, e0), ratio) == pytest.approx(expected)
    assert log_evidence_above([interval(n1, e1, n0, e0)], ratio) == pytest.approx(begun(expected))


@seeded
@given(intervals(), ratios, dispersions, st.data())
def test_more_candidate_errors_never_lower_the_evidence_toward_fail(
    seen: list[Interval], ratio: float, phi: float, data: st.DataObject
) -> None:
    most = data.draw(st.sampled_from([inf, 2.0]))
    room = [k for k, i in enumerate(seen) if i.candidate.bad < i.candidate.total]
    assume(room)
    k = data.draw(st.sampled_from(room))
    candidate = seen[k].candidate
    more = data.draw(st.integers(1, candidate.total - candidate.bad))
    worse = [*seen]
    worse[k] = replace(seen[k], candidate=Counts(candidate.total, candidate.bad + more))
    tolerance = 1e-9 * (1 + abs(log_evidence_above(seen, ratio, phi, most)))
    assert log_evidence_above(worse, ratio, phi, most) >= log_evidence_above(seen, ratio, phi, most) - tolerance
    tolerance = 1e-9 * (1 + abs(log_evidence_below(seen, ratio, phi)))
    assert log_evidence_below(worse, ratio, phi) <= log_evidence_below(seen, ratio, phi) + tolerance


@seeded
@given(intervals(), ratios, st.randoms(use_true_random=False))
def test_toward_a_pass_the_order_of_the_intervals_does_not_matter(
    seen: list[Interval], ratio: float, random: Random
) -> None:
    shuffled = random.sample(seen, len(seen))
    assert log_evidence_below(shuffled, ratio) == pytest.approx(log_evidence_below(seen, ratio), rel=1e-9, abs=1e-6)


@seeded
@given(intervals(), ratios, st.integers(0, 100_000))
def test_what_compares_nothing_tells_nothing(seen: list[Interval], ratio: float, requests: int) -> None:
    """Intervals without errors, or with traffic on one side only, change nothing, whatever that side did."""
    idle = [interval(requests, 0, requests, 0), interval(requests, requests, 0, 0), interval(0, 0, requests, requests)]
    assert log_evidence_above(seen + idle, ratio) == log_evidence_above(seen, ratio)
    assert log_evidence_below(seen + idle, ratio) == log_evidence_below(seen, ratio)


@seeded
@given(st.integers(1, 1000), st.integers(1, 1000), st.integers(0, 1000), st.integers(0, 1000), ratios)
def test_where_weights_stay_only_sums_count(n1: int, n0: int, e1: int, e0: int, ratio: float) -> None:
    e1, e0 = min(e1, n1), min(e0, n0)
    one = [interval(2 * n1, 2 * e1, 2 * n0, 2 * e0)]
    two = [interval(n1, e1, n0, e0)] * 2
    assert log_evidence_below(two, ratio) == pytest.approx(log_evidence_below(one, ratio), abs=1e-6)
    assert log_evidence_above(two, ratio) >= log_evidence_above(one, ratio) - log(2)


@seeded
@given(intervals(), dispersions)
def test_swapping_the_sides_swaps_the_news(seen: list[Interval], phi: float) -> None:
    swapped = [Interval(i.stable, i.candidate) for i in seen]
    ratio, other = estimated_ratio(seen), estimated_ratio(swapped)
    if ratio and other:
        assert ratio * other == pytest.approx(1) or {ratio, other} == {0, inf}
    if log_evidence_below(seen, 1.0, phi) > 1e-9:
        assert log_evidence_below(swapped, 1.0, phi) <= 1e-9


@seeded
@given(intervals(most=10**12), ratios, dispersions)
def test_huge_counts_stay_finite(seen: list[Interval], ratio: float, phi: float) -> None:
    assert isfinite(log_evidence_above(seen, ratio, phi))
    assert isfinite(log_evidence_below(seen, ratio, phi))


@pytest.mark.parametrize(("calm", "evidence"), [(0, [0, 3, 6, 9]), (200, [-2, 0, 3, 6, 9])])
def test_one_interval_adds_no_more_than_it_may(calm: int, evidence: list[float]) -> None:
    """After hours without a fault it may undo what they said, but not more: an interval more is needed."""
    outage, before = interval(30, 30, 570, 6), [interval(30, 0, 570, 6)] * calm
    assert log_evidence_above([*before, outage], 1.2) > 10
    found = [log_evidence_above([*before, *[outage] * n], 1.2, most_per_interval=3.0) for n in range(len(evidence))]
    assert found == pytest.approx(evidence, abs=0.75)


def test_dispersion_divides_the_evidence() -> None:
    seen = [interval(3000, 300, 3000, 30)]
    assert log_evidence_above(seen, 1.2, 4.0) < log_evidence_above(seen, 1.2) / 3


@pytest.mark.parametrize(("ratio", "phi", "names"), [(0.0, 1.0, "ratio is 0"), (1.2, 0.5, "dispersion is 0.5")])
def test_limits_out_of_range_are_refused(ratio: float, phi: float, names: str) -> None:
    for evidence in (log_evidence_above, log_evidence_below):
        with pytest.raises(ValueError, match=names):
            evidence([], ratio, phi)


def test_the_estimate_is_not_misled_by_weights_that_moved_with_the_common_rate() -> None:
    """10 % for both while the candidate has half of the traffic, 1 % for both while it has next to none."""
    seen = [interval(100, 1, 9900, 99), interval(5000, 500, 5000, 500)]
    assert estimated_ratio(seen) == pytest.approx(1)
    assert estimated_ratio([interval(10, 3, 10, 0)]) == inf
    assert estimated_ratio([interval(10, 0, 10, 0), interval(10, 3, 0, 0)]) is None
