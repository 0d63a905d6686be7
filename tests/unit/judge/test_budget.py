"""What is left of alpha: a bound on the chance of a false Fail that holds from every look on."""

from math import inf, log, sqrt

import numpy as np
import pytest

from seatrial.judge.accuracy import judge_paired_accuracy
from seatrial.judge.budget import alpha_left
from seatrial.judge.disagreement import judge_disagreement
from seatrial.judge.verdict import Finding, Verdict, fail_threshold
from tests.unit.judge.worlds import World, comparisons, pairs

ALPHA = 0.01


def finding(odds: float, checks: int = 2, verdict: Verdict = Verdict.INCONCLUSIVE) -> Finding:
    """A finding with this e-value toward Fail, of a check that shares alpha with others."""
    return Finding("errors", verdict, "why", log(odds) if odds else -inf, fail_threshold(ALPHA / checks))


@pytest.mark.parametrize(
    ("findings", "left"),
    [
        ([], 0.01),
        ([finding(1), finding(1)], 0.01),
        ([finding(0), finding(0)], 0.01),  # nothing seen yet
        ([finding(1e-9), finding(1e-9)], 0.0),
        ([finding(1e-9), finding(0)], 0.005),
        ([finding(20), finding(1e-9)], 0.1),
        ([finding(199), finding(1e-9)], 0.995),
        ([finding(150), finding(150)], 1.0),
        ([finding(1, verdict=Verdict.FAIL), finding(1e-9)], 1.0),
        ([Finding("restarts", Verdict.FAIL, "why", inf, 0.0)], 1.0),
        ([Finding("errors", Verdict.INCONCLUSIVE, "Prometheus is away", -inf, 0.0)], 0.01),
        ([finding(1e300, checks=1)], 1.0),
    ],
)
def test_what_is_left(findings: list[Finding], left: float) -> None:
    assert alpha_left(findings, ALPHA) == pytest.approx(left, abs=1e-9)


@pytest.mark.parametrize("look", [2, 5, 8])
def test_no_more_candidates_at_their_limits_fail_from_a_look_on_than_what_is_left_then(look: int) -> None:
    """Two checks that share an alpha of 0.2: among those of which much is left, and among those of which little is."""
    alpha, rng, world = 0.2, np.random.default_rng(17), World("steady", growth=1.5)
    left, failed = [], []
    for _ in range(400):
        compared, labelled = list(comparisons(world, rng, 0.1)), list(pairs(world, rng, 0.02))
        looks = [
            [
                judge_disagreement("answers", compared[:minutes], 0.1, 0, alpha / 2),
                judge_paired_accuracy("accuracy", labelled[:minutes], 0.02, 0, alpha / 2),
            ]
            for minutes in range(1, len(compared) + 1)
        ]
        fails = [any(found.verdict is Verdict.FAIL for found in findings) for findings in looks]
        if not any(fails[: look + 1]):
            left.append(alpha_left(looks[look], alpha))
            failed.append(any(fails))
    much = np.array(left) > alpha
    for group in (much, ~much):
        expected, seen = np.array(left)[group].sum(), np.array(failed)[group].sum()
        assert 0 < seen <= expected + 3 * sqrt(expected)
