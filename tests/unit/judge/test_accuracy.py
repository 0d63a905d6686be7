"""The accuracy checks: their verdicts and their sentences, on the same requests and on different ones."""

from math import inf

import pytest

from seatrial.judge.accuracy import judge_paired_accuracy, judge_unpaired_accuracy
from seatrial.judge.counts import Counts, Interval, Pairs
from seatrial.judge.verdict import Finding, Verdict

ALPHA = 0.01 / 3


def paired(pairs: Pairs, loss: float = 0.02, samples: int = 200) -> Finding:
    return judge_paired_accuracy("accuracy", [pairs], loss, samples, ALPHA)


def unpaired(*minutes: tuple[int, int, int, int], loss: float = 0.02, samples: int = 200) -> Finding:
    """Judge minutes of (candidate wrong, candidate labels, stable wrong, stable labels)."""
    seen = [Interval(Counts(n1, e1), Counts(n0, e0)) for e1, n1, e0, n0 in minutes]
    return judge_unpaired_accuracy("accuracy", seen, loss, samples, ALPHA)


ON_THE_SAME = [
    (Pairs(0, 0, 0, 0), "Inconclusive · no labelled pairs yet"),
    (
        Pairs(800, 10, 68, 22),
        "Fail · candidate wrong 90/900 (10.0 %) vs stable 32/900 (3.6 %) on the same requests"
        " · only candidate right 10, only stable 68 · loses 6.4 points, at most 2 points"
        " · evidence 23,948:1, needs 300:1",
    ),
    (
        Pairs(840, 18, 12, 30),
        "Pass · candidate wrong 42/900 (4.7 %) vs stable 48/900 (5.3 %) on the same requests"
        " · only candidate right 18, only stable 12 · gains 0.7 points, at most 2 points"
        " · loses less than 2 points: evidence 1,230:1, needs 20:1",
    ),
    (
        Pairs(150, 0, 0, 9),
        "Inconclusive · candidate wrong 9/159 (5.7 %) vs stable 9/159 (5.7 %) on the same requests"
        " · only candidate right 0, only stable 0 · loses 0.0 points, at most 2 points"
        " · against it: evidence 1:2, needs 300:1 · 159 of 200 labelled pairs",
    ),
]
ON_DIFFERENT = [
    ([], "Inconclusive · no labels yet"),
    ([(0, 0, 1, 10)], "Inconclusive · candidate got no labels: stable got 10"),
    ([(1, 5, 0, 0), (0, 0, 2, 9)], "Inconclusive · no interval has labels of both candidate and stable"),
    (
        [(50, 250, 225, 2250)] * 2,
        "Fail · candidate wrong 100/500 (20.0 %) vs stable 450/4,500 (10.0 %) · loses 10.0 points, at most 2 points"
        " · evidence 2,528:1, needs 300:1",
    ),
    (
        [(100, 1000, 900, 9000)],
        "Inconclusive · candidate wrong 100/1,000 (10.0 %) vs stable 900/9,000 (10.0 %)"
        " · loses 0.0 points, at most 2 points"
        " · against it: evidence 1:2, needs 300:1 · loses less than 2 points: evidence 1:1, needs 20:1",
    ),
]


@pytest.mark.parametrize(("pairs", "line"), ON_THE_SAME)
def test_a_paired_finding_explains_itself(pairs: Pairs, line: str) -> None:
    assert paired(pairs).line() == f"accuracy: {line}"


@pytest.mark.parametrize(("minutes", "line"), ON_DIFFERENT)
def test_an_unpaired_finding_explains_itself(minutes: list[tuple[int, int, int, int]], line: str) -> None:
    assert unpaired(*minutes).line() == f"accuracy: {line}"


def test_no_labels_are_no_evidence() -> None:
    assert paired(Pairs(0, 0, 0, 0)).evidence == -inf
    assert unpaired((0, 0, 1, 10)).evidence == -inf


def test_as_good_as_stable_passes_with_labels_enough() -> None:
    assert unpaired((1200, 12_000, 1200, 12_000)).verdict is Verdict.PASS
    assert paired(Pairs(2700, 100, 100, 100)).verdict is Verdict.PASS


def test_which_side_is_worse_matters() -> None:
    assert paired(Pairs(600, 200, 10, 190)).verdict is Verdict.PASS
    assert paired(Pairs(600, 10, 200, 190)).verdict is Verdict.FAIL
    assert unpaired((50, 1000, 300, 1000)).verdict is Verdict.PASS
    assert unpaired((300, 1000, 50, 1000)).verdict is Verdict.FAIL


def test_pairs_need_a_fifth_of_the_labels() -> None:
    """9 points lost of 90 % on 300 requests: plain where they are the same ones."""
    assert paired(Pairs(240, 3, 30, 27)).verdict is Verdict.FAIL
    assert unpaired((57, 300, 30, 300)).verdict is Verdict.INCONCLUSIVE
    assert unpaired((57 * 5, 1500, 30 * 5, 1500)).verdict is Verdict.FAIL


def test_where_nothing_may_be_lost_only_a_better_candidate_passes() -> None:
    """Asked for as less than a tenth of a point, which can be shown."""
    found = paired(Pairs(9000, 60, 10, 30), loss=0.0)
    assert found.verdict is Verdict.PASS
    assert "at most 0 points · loses less than 0.1 points: evidence" in found.sentence
    assert paired(Pairs(9000, 30, 30, 30), loss=0.0).verdict is Verdict.INCONCLUSIVE
    assert paired(Pairs(9000, 10, 60, 30), loss=0.0).verdict is Verdict.FAIL


@pytest.mark.parametrize("loss", [0.0, 0.02])
def test_labels_in_bulk_may_fail_a_candidate_at_once(loss: float) -> None:
    assert unpaired((400, 1000, 100, 1000), loss=loss).verdict is Verdict.FAIL


def test_a_pass_waits_for_the_candidates_own_labels() -> None:
    minute = (10, 1500, 400, 30_000)
    assert unpaired(minute).verdict is Verdict.PASS
    found = unpaired(minute, samples=2000)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.sentence.endswith("1,500 of 2,000 labels")


def test_before_a_small_step_a_pass_shows_less() -> None:
    """20 points, of which a twentieth of the callers would notice as much as all of them of one."""
    seen = [Interval(Counts(60, 6), Counts(1140, 114))]
    assert judge_unpaired_accuracy("accuracy", seen, 0.01, 200, ALPHA).verdict is Verdict.INCONCLUSIVE
    found = judge_unpaired_accuracy("accuracy", seen, 0.01, 200, ALPHA, exposure=0.05)
    assert found.verdict is Verdict.PASS
    assert "at most 1 point · loses less than 20 points: evidence" in found.sentence
    with pytest.raises(ValueError, match="exposure is 0"):
        judge_unpaired_accuracy("accuracy", seen, 0.01, 200, ALPHA, exposure=0.0)


@pytest.mark.parametrize("loss", [-0.01, 1.01, float("nan")])
def test_a_maximum_that_is_no_share_is_refused_also_without_labels(loss: float) -> None:
    with pytest.raises(ValueError, match=f"maximum_loss is {loss}"):
        paired(Pairs(0, 0, 0, 0), loss)
    with pytest.raises(ValueError, match=f"maximum_loss is {loss}"):
        unpaired(loss=loss)


def test_any_loss_allowed_passes() -> None:
    assert paired(Pairs(0, 0, 500, 0), loss=1.0).verdict is not Verdict.FAIL
    assert paired(Pairs(250, 0, 250, 0), loss=1.0).verdict is Verdict.PASS
