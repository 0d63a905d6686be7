"""The predictions check: which way a class moves, which class is named, and what a Pass must show."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import pytest

from seatrial.judge.counts import ClassInterval
from seatrial.judge.limits import RatioLimits
from seatrial.judge.predictions import ALL_OTHERS, MOST_CLASSES, judge_predictions
from seatrial.judge.verdict import Finding, Verdict

LIMITS = RatioLimits(maximum_ratio=1.5, pass_ratio=2.0, minimum_samples=500, alpha=0.01 / 3)
CLASSES = ("high", "low", "medium")
USUAL = (120, 600, 480)
Sides = tuple[tuple[int, ...], tuple[int, ...]]


def judge(*minutes: Sides, classes: Sequence[str] = CLASSES, limits: RatioLimits = LIMITS) -> Finding:
    return judge_predictions("predictions", classes, [ClassInterval(c, s) for c, s in minutes], limits)


@pytest.mark.parametrize(
    ("minutes", "line"),
    [
        ([], "Inconclusive · no predictions yet"),
        ([((0, 0, 0), USUAL)], "Inconclusive · candidate got no predictions: stable got 1,200"),
        (
            [((180, 180, 240), USUAL)] * 5,
            "Fail · high: candidate 900/3,000 (30.0 %) vs stable 600/6,000 (10.0 %) · 3.0× · "
            "evidence 602:1, needs 300:1",
        ),
        (
            [((0, 360, 240), USUAL)] * 5,
            "Fail · high: candidate 0/3,000 (0.0 %) vs stable 600/6,000 (10.0 %) · 0.0× · evidence 926:1, needs 300:1",
        ),
        (
            [((60, 300, 240), USUAL)] * 2,
            "Pass · high: candidate 120/1,200 (10.0 %) vs stable 240/2,400 (10.0 %) · 1.0× · "
            "high less than 2× as rarely: evidence over 1,000,000:1, needs 20:1",
        ),
        (
            [((30, 150, 120), USUAL)],
            "Inconclusive · high: candidate 30/300 (10.0 %) vs stable 120/1,200 (10.0 %) · 1.0× · "
            "against it: evidence 1:2, needs 300:1 · 300 of 500 predictions",
        ),
    ],
)
def test_a_finding_explains_itself(minutes: list[Sides], line: str) -> None:
    assert judge(*minutes).line() == f"predictions: {line}"


def test_no_predictions_are_no_evidence() -> None:
    assert judge(((0, 0, 0), USUAL)).evidence == -inf


@pytest.mark.parametrize("moved", range(3))
@pytest.mark.parametrize(("of_it", "of_others"), [(400, 300), (0, 500)])
def test_the_class_that_moved_most_is_named_whichever_way_it_moved(moved: int, of_it: int, of_others: int) -> None:
    candidate = tuple(of_it if k == moved else of_others for k in range(3))
    stable = tuple(200 if k == moved else 900 for k in range(3))
    found = judge(*[(candidate, stable)] * 6)
    assert found.verdict is Verdict.FAIL
    assert found.sentence.startswith(f"{CLASSES[moved]}: ")


def test_a_new_class_that_stable_never_predicts_fails() -> None:
    found = judge(*[((40, 300, 260), (0, 600, 600))] * 6)
    assert found.verdict is Verdict.FAIL
    assert "vs stable 0/7,200 (0.0 %) · none at stable" in found.sentence


def test_three_strange_minutes_end_no_trial() -> None:
    strange = ((600, 0, 0), USUAL)
    assert judge(*[strange] * 3).verdict is Verdict.INCONCLUSIVE
    assert judge(*[strange] * 5).verdict is Verdict.FAIL


def test_what_moves_on_both_sides_is_nobodys_fault() -> None:
    """More fraud today, and all of it in the candidate's largest step."""
    today = ((300, 100, 100), (300, 100, 100))
    assert judge(*[((3, 50, 47), (30, 500, 470))] * 5, *[today] * 5).verdict is Verdict.PASS


def test_a_class_that_comes_in_bursts_asks_for_more_than_one_that_comes_evenly() -> None:
    """The same number of predictions of it in the same sixteen intervals."""
    evenly, burst, calm = ((90, 105, 105), USUAL), ((240, 30, 30), USUAL), ((40, 130, 130), USUAL)
    assert judge(*[evenly] * 16).verdict is Verdict.FAIL
    found = judge(*[burst, calm, calm, calm] * 4)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert " · bursts: evidence counts 1/" in found.sentence


def test_a_pass_speaks_of_no_class_that_both_predict_rarely() -> None:
    """Twice as often at half a percent is not shown to be alike, nor need it be."""
    found = judge(*[((10, 990, 1000), (5, 995, 1000))] * 3)
    assert found.verdict is Verdict.PASS
    assert not found.sentence.startswith("high")
    assert judge(*[((60, 940, 1000), (30, 970, 1000))] * 3).verdict is not Verdict.PASS


@pytest.mark.parametrize("sides", [(30, 10), (10, 30)])
def test_a_class_that_either_side_predicts_often_must_be_shown_to_be_alike(sides: tuple[int, int]) -> None:
    candidate, stable = ((rare, 1000 - rare, 1000) for rare in sides)
    found = judge((candidate, stable))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.sentence.startswith("high: ")


def test_before_a_small_step_a_pass_shows_less() -> None:
    minute = ((6, 30, 24), USUAL)
    assert judge(minute).verdict is Verdict.INCONCLUSIVE
    found = judge(minute, limits=replace(LIMITS, exposure=0.05))
    assert found.verdict is Verdict.PASS
    assert "less than 21× as" in found.sentence


def many(largest: int) -> tuple[list[str], tuple[int, ...]]:
    """Return 80 classes, the first `largest` predicted often and the rest rarely."""
    return [f"c{k}" for k in range(80)], tuple(30 if k < largest else 3 for k in range(80))


def test_the_rarest_of_many_classes_are_judged_as_one() -> None:
    classes, stable = many(MOST_CLASSES - 1)
    candidate = tuple(count if k < MOST_CLASSES - 1 else 5 * count for k, count in enumerate(stable))
    found = judge(*[(candidate, stable)] * 12, classes=classes)
    assert found.verdict is Verdict.FAIL
    assert found.sentence.startswith(f"{ALL_OTHERS}: candidate 5,580/23,220 (24.0 %) vs stable 1,116/18,756 (6.0 %)")


def test_one_of_many_classes_is_still_found() -> None:
    classes, stable = many(20)
    candidate = (*stable[:7], 200, *stable[8:])
    assert judge(*[(candidate, stable)] * 12, classes=classes).sentence.startswith("c7: ")


def test_as_many_classes_as_are_named_must_be_counted() -> None:
    with pytest.raises(ValueError, match="counts 2 classes, where 3 are named"):
        judge(((1, 2), (1, 2)))
