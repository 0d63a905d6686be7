"""The restarts check: too many ends of the candidate's process are a Fail, unless stable's ends too."""

import pytest

from seatrial.judge.restarts import TOO_MANY, judge_restarts
from seatrial.judge.verdict import Verdict

ENDING = "exit code 137 (OOMKilled)"


@pytest.mark.parametrize("count", [-2, 0, 1, TOO_MANY - 1])
@pytest.mark.parametrize("stable_too", [False, True])
def test_a_few_restarts_say_nothing(count: int, stable_too: bool) -> None:
    assert judge_restarts("restarts", count, ENDING, stable_too=stable_too) is None


@pytest.mark.parametrize("count", [TOO_MANY, 50])
def test_too_many_fail_and_say_how_the_last_one_ended(count: int) -> None:
    found = judge_restarts("restarts", count, ENDING, stable_too=False)
    assert found is not None
    assert found.verdict is Verdict.FAIL
    assert (
        found.line()
        == f"restarts: Fail · the candidate's containers ended {count} times, 3 are too many; the last one: {ENDING}"
    )


def test_where_stable_ends_too_nobody_can_tell_whose_fault_it_is() -> None:
    found = judge_restarts("restarts", TOO_MANY, ENDING, stable_too=True)
    assert found is not None
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.sentence.endswith("but stable's end too")
