"""The paired accuracy check: exactly valid, and sparing with labels."""

from itertools import product
from math import exp, factorial, isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.judge.accuracy import (
    judge_paired_accuracy,
    log_evidence_of_loss_above,
    log_evidence_of_loss_below,
)
from seatrial.judge.verdict import Finding, Verdict
from tests.unit.judge.strategies import seeded

pairs = st.integers(0, 10**9)


def judge(candidate_only: int, stable_only: int, both: int, loss: float = 0.02) -> Finding:
    return judge_paired_accuracy("accuracy", candidate_only, stable_only, both, loss, 200, alpha=0.01)


@pytest.mark.parametrize("loss", [0.0, 0.02, 0.3])
@pytest.mark.parametrize("discordant", [0.3, 0.6, 1.0])
def test_the_mean_of_the_e_value_is_at_most_one(loss: float, discordant: float) -> None:
    n, stable_only, candidate_only = 12, (discordant + loss) / 2, (discordant - loss) / 2
    above = below = 0.0
    for b, c in product(range(n + 1), repeat=2):
        if b + c <= n:
            both = n - b - c
            ways = factorial(n) / (factorial(b) * factorial(c) * factorial(both))
            chance = ways * candidate_only**b * stable_only**c * (1 - discordant) ** both
            above += chance * exp(log_evidence_of_loss_above(b, c, both, loss))
            below += chance * exp(log_evidence_of_loss_below(b, c, both, loss))
    assert above == pytest.approx(1)
    assert below == pytest.approx(1)


@pytest.mark.parametrize(
    ("candidate_only", "stable_only", "both", "verdict"),
    [
        (12, 41, 907, Verdict.FAIL),  # 3 points in 960 pairs
        (41, 12, 907, Verdict.PASS),
        (48, 48, 2304, Verdict.PASS),
        (20, 22, 438, Verdict.INCONCLUSIVE),
        (0, 0, 199, Verdict.INCONCLUSIVE),
        (0, 0, 300, Verdict.PASS),
        (0, 12, 20, Verdict.FAIL),
        (0, 100, 9900, Verdict.PASS),  # surely worse, by the one point that is allowed
        (0, 0, 0, Verdict.INCONCLUSIVE),
    ],
)
def test_verdicts(candidate_only: int, stable_only: int, both: int, verdict: Verdict) -> None:
    assert judge(candidate_only, stable_only, both).verdict is verdict


def test_sentences() -> None:
    assert judge(0, 0, 0).line() == "accuracy: Inconclusive · no labelled pairs yet"
    assert judge(12, 41, 907).line() == (
        "accuracy: Fail · only the candidate right on 12, only stable on 41 of 960 · -3.0 points · "
        "evidence 525:1, needs 100:1"
    )
    assert judge(41, 12, 907).sentence.endswith(
        "+3.0 points · loses less than 2 points: evidence over 1,000,000:1, needs 20:1"
    )


@seeded
@given(pairs, pairs, pairs, st.floats(0.001, 0.9))
def test_huge_counts_stay_finite_and_swapping_swaps(b: int, c: int, both: int, loss: float) -> None:
    assert isfinite(log_evidence_of_loss_above(b, c, both, loss))
    assert isfinite(log_evidence_of_loss_below(b, c, both, loss))
    assert log_evidence_of_loss_above(b, c, both, 0.0) == log_evidence_of_loss_below(c, b, both, 0.0)


@seeded
@given(st.integers(0, 999), st.integers(0, 999), st.integers(1, 9999))
def test_a_pair_that_stable_alone_got_right_is_worse_than_one_alike(b: int, c: int, both: int) -> None:
    assert log_evidence_of_loss_above(b, c + 1, both - 1, 0.02) > log_evidence_of_loss_above(b, c, both, 0.02)
    assert log_evidence_of_loss_below(b, c + 1, both - 1, 0.02) < log_evidence_of_loss_below(b, c, both, 0.02)


@pytest.mark.parametrize(
    ("b", "loss", "names"), [(-1, 0.02, "pairs are -1"), (1, 0.0, "maximum_loss is 0"), (1, 1.0, "maximum_loss")]
)
def test_what_cannot_be_is_refused(b: int, loss: float, names: str) -> None:
    with pytest.raises(ValueError, match=names):
        judge(b, 0, 0, loss)
