"""The Bernoulli e-processes: exactly valid, and quick where there is nothing bad at all."""

from math import comb, exp, isfinite, log, log1p

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.judge.bernoulli import log_evidence_above, log_evidence_below
from seatrial.judge.counts import Counts
from tests.unit.judge.strategies import counts, seeded

limits = st.floats(1e-6, 1 - 1e-6)


@pytest.mark.parametrize("limit", [1e-6, 0.01, 0.1, 0.5, 0.97])
@pytest.mark.parametrize("phi", [1.0, 3.0])
@pytest.mark.parametrize("better", [1.0, 0.5])
def test_the_mean_of_the_e_value_is_at_most_one(limit: float, phi: float, better: float) -> None:
    n = 60
    p, q = limit * better, 1 - (1 - limit) * better
    outcomes = [Counts(n, k) for k in range(n + 1)]
    above = sum(exp(_log_chance(seen, p) + log_evidence_above([seen], limit, phi)) for seen in outcomes)
    below = sum(exp(_log_chance(seen, q) + log_evidence_below(seen, limit, phi)) for seen in outcomes)
    assert above <= 1 + 1e-9
    assert below <= 1 + 1e-9


def _log_chance(seen: Counts, rate: float) -> float:
    good = seen.total - seen.bad
    return log(comb(seen.total, seen.bad)) + seen.bad * log(rate) + good * log1p(-rate)


@pytest.mark.parametrize(("limit", "most"), [(0.01, 370), (0.05, 75), (0.1, 40)])
def test_without_anything_bad_about_ln20_over_the_limit_is_enough(limit: float, most: int) -> None:
    needed = next(n for n in range(10_000) if log_evidence_below(Counts(n, 0), limit) > log(20))
    assert log(20) / limit <= needed <= most


@seeded
@given(counts(10**12), limits, st.floats(1, 10))
def test_the_two_sides_are_finite_and_never_both_strong(seen: Counts, limit: float, phi: float) -> None:
    above, below = log_evidence_above([seen], limit, phi), log_evidence_below(seen, limit, phi)
    assert isfinite(above)
    assert isfinite(below)
    assert min(above, below) < log(2)


@seeded
@given(counts(), limits)
def test_one_more_bad_request_is_worse(seen: Counts, limit: float) -> None:
    more = Counts(seen.total + 1, seen.bad + 1)
    assert log_evidence_above([more], limit) >= log_evidence_above([seen], limit) - 1e-6
    assert log_evidence_below(more, limit) <= log_evidence_below(seen, limit) + 1e-6


@pytest.mark.parametrize("limit", [0.0, 1.0, -0.1, float("nan")])
def test_a_limit_that_is_no_share_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match="limit is"):
        log_evidence_above([Counts(1, 0)], limit)
    with pytest.raises(ValueError, match="limit is"):
        log_evidence_below(Counts(1, 0), limit)
