"""The restarts check: too many ends of the candidate's processes are a Fail, unless the other side's end as well."""

import pytest

from seatrial.judge.restarts import TOO_MANY, Ends, judge_restarts
from seatrial.judge.verdict import Verdict

ENDING = "exit code 137 (OOMKilled)"


@pytest.mark.parametrize(
    ("candidate", "control"),
    [
        (Ends(0, 1), Ends(0, 1)),
        (Ends(TOO_MANY - 1, 1), Ends(0, 1)),
        (Ends(0, 0), Ends(0, 0)),
        (Ends(3, 3), Ends(0, 3)),  # a node that went ended each once
        (Ends(8, 3), Ends(0, 3)),
        (Ends(3, 1), Ends(3, 3)),  # both cannot bear some request
        (Ends(50, 2), Ends(60, 2)),
    ],
)
def test_a_few_ends_or_ends_on_both_sides_say_nothing(candidate: Ends, control: Ends) -> None:
    assert judge_restarts("restarts", candidate, control, ENDING) is None


@pytest.mark.parametrize(
    ("candidate", "control"),
    [
        (Ends(TOO_MANY, 1), Ends(0, 1)),
        (Ends(9, 3), Ends(0, 3)),
        (Ends(100, 2), Ends(1, 1)),
        (Ends(3, 1), Ends(0, 0)),  # stable is scaled to nothing, or away
    ],
)
def test_three_more_in_each_pod_are_too_many(candidate: Ends, control: Ends) -> None:
    found = judge_restarts("restarts", candidate, control, ENDING)
    assert found is not None
    assert found.verdict is Verdict.FAIL


def test_a_fail_says_how_often_where_and_how() -> None:
    found = judge_restarts("restarts", Ends(9, 3), Ends(1, 1), "exit code 139 (Error)")
    assert found is None
    found = judge_restarts("restarts", Ends(9, 2), Ends(1, 1), "exit code 139 (Error)")
    assert found is not None
    assert found.line() == (
        "restarts: Fail · processes of the candidate ended 9× in 2 pods, those of the other version 1× in 1 pod"
        " · 3 more in each pod are too many · the last one with exit code 139 (Error)"
    )
