"""The restarts check: too many ends of the candidate's processes are a Fail, unless the other side's end as well."""

import pytest

from seatrial.judge.restarts import TOO_MANY, judge_restarts
from seatrial.judge.verdict import Verdict

ENDING = "exit code 137 (OOMKilled)"


@pytest.mark.parametrize("count", [-2, 0, 1, TOO_MANY - 1])
@pytest.mark.parametrize("control", [0, 5])
def test_a_few_restarts_say_nothing(count: int, control: int) -> None:
    assert judge_restarts("restarts", count, control, ENDING) is None


@pytest.mark.parametrize(("count", "control"), [(TOO_MANY, 0), (50, 0), (50, 47), (TOO_MANY + 1, 1)])
def test_too_many_more_than_the_other_side_fail_and_say_how_the_last_one_ended(count: int, control: int) -> None:
    found = judge_restarts("restarts", count, control, ENDING)
    assert found is not None
    assert found.verdict is Verdict.FAIL
    assert found.line() == (
        f"restarts: Fail · its processes ended {count} times, the other version's {control}, "
        "the last one with exit code 137 (OOMKilled) · 3 more are too many"
    )


@pytest.mark.parametrize(("count", "control"), [(TOO_MANY, 1), (50, 48), (50, 60)])
def test_where_the_other_sides_end_too_nobody_can_tell_whose_fault_it_is(count: int, control: int) -> None:
    found = judge_restarts("restarts", count, control, ENDING)
    assert found is not None
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.sentence.endswith("3 more would be too many")
