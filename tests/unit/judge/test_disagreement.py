"""The shadow check: its verdicts and its sentences."""

from math import inf

import pytest

from seatrial.judge.counts import Comparisons
from seatrial.judge.disagreement import judge_disagreement
from seatrial.judge.verdict import Finding, Verdict


def judge(agree: int, disagree: int, errors: int = 0, maximum: float = 0.1, samples: int = 500) -> Finding:
    return judge_disagreement("answers", [Comparisons(agree, disagree, errors)], maximum, samples, alpha=0.01)


@pytest.mark.parametrize(
    ("agree", "disagree", "errors", "verdict"),
    [
        (485, 15, 0, Verdict.PASS),
        (450, 50, 0, Verdict.INCONCLUSIVE),
        (400, 100, 0, Verdict.FAIL),
        (400, 0, 100, Verdict.FAIL),  # no answer does not agree
        (10, 30, 0, Verdict.FAIL),  # a Fail waits for no minimum
        (300, 0, 0, Verdict.INCONCLUSIVE),
        (500, 0, 0, Verdict.PASS),
        (0, 0, 0, Verdict.INCONCLUSIVE),
    ],
)
def test_verdicts(agree: int, disagree: int, errors: int, verdict: Verdict) -> None:
    assert judge(agree, disagree, errors).verdict is verdict


def test_sentences() -> None:
    assert judge(0, 0).line() == "answers: Inconclusive · no shadow comparisons yet"
    assert judge(0, 0).evidence == -inf
    assert judge(300, 0).line() == (
        "answers: Inconclusive · disagreed on 0/300 (0.0 %), at most 10 % · "
        "against it: evidence 1:2, needs 100:1 · 300 of 500 comparisons"
    )
    assert judge(400, 93, 7).line() == (
        "answers: Fail · disagreed on 100/500 (20.0 %), 7 of them errors, at most 10 % · "
        "evidence over 1,000,000:1, needs 100:1"
    )
    assert judge(485, 15).line() == (
        "answers: Pass · disagreed on 15/500 (3.0 %), at most 10 % · "
        "less than 10 %: evidence over 1,000,000:1, needs 20:1"
    )


def test_no_disagreement_allowed_means_next_to_none() -> None:
    assert judge(10_000, 0, maximum=0.0).verdict is Verdict.PASS
    assert judge(480, 20, maximum=0.0).verdict is Verdict.FAIL
    assert "at most 0.1 %" in judge(480, 20, maximum=0.0).sentence


def test_any_disagreement_allowed_passes() -> None:
    assert judge(100, 500, maximum=1.0).verdict is Verdict.PASS


def test_answers_that_change_are_found_although_thousands_agreed() -> None:
    good, bad = Comparisons(97, 3, 0), Comparisons(60, 40, 0)
    findings = [judge_disagreement("answers", [*[good] * 200, *[bad] * n], 0.1, 500, alpha=0.01) for n in (0, 1)]
    assert [found.verdict for found in findings] == [Verdict.PASS, Verdict.FAIL]


@pytest.mark.parametrize(
    ("agree", "errors", "maximum", "names"),
    [
        (-1, 0, 0.1, "agree is -1"),
        (9, -1, 0.1, "errors is -1"),
        (9, 0, 1.1, "maximum is 1.1"),
        (9, 0, -0.1, "maximum is -0.1"),
    ],
)
def test_what_cannot_be_is_refused(agree: int, errors: int, maximum: float, names: str) -> None:
    with pytest.raises(ValueError, match=names):
        judge(agree, 0, errors, maximum)
