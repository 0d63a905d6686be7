"""Which restarts count in what is judged now."""

from dataclasses import replace

import pytest

from seatrial.api.status import RestartsBefore, Stage, Status
from seatrial.core.observed import Observed, Pods
from seatrial.core.restarts import excused, not_counted, until_now
from seatrial.ports import Restarts
from tests.given import MINUTE, available, in_probation, on_trial, ref, serving


def pods(restarts: Restarts | None) -> Pods:
    return replace(available(2), restarts=restarts)


def world(mine: Restarts | None, theirs: Restarts | None, before: RestartsBefore) -> Observed:
    return on_trial(Stage.CANARY, pods=pods(mine), stable_pods=pods(theirs), restarts=before)


@pytest.mark.parametrize(
    ("mine", "before", "left_out"),
    [
        (Restarts(5), 2, 2),
        (Restarts(5, at_start=4), 2, 4),  # a store that was away is nobody's fault
        (Restarts(5, at_start=1), 2, 2),
        (Restarts(1), 2, 1),  # a pod that is gone has taken its own with it
        (Restarts(0), 2, 0),
        (None, 2, 2),
    ],
)
def test_what_does_not_count(mine: Restarts | None, before: int, left_out: int) -> None:
    one = world(mine, Restarts(), RestartsBefore(judged=before))
    assert not_counted(one) == RestartsBefore(judged=left_out)
    other = world(Restarts(), mine, RestartsBefore(control=before))
    assert not_counted(other) == RestartsBefore(control=left_out)


def test_starts_that_failed_do_not_count_once_they_succeeded() -> None:
    away = world(Restarts(4, at_start=4), Restarts(), RestartsBefore())
    after = replace(away, status=excused(away, away.status), pods={ref("2").revision: pods(Restarts(5))})
    assert after.status.trial is not None
    assert not_counted(after).judged == 4


def test_a_stage_begins_with_all_that_was_before_it() -> None:
    assert until_now(world(Restarts(5, 1), Restarts(3), RestartsBefore())) == RestartsBefore(5, 3)
    unseen = RestartsBefore(2, 1)
    assert until_now(world(None, None, unseen)) == unseen


def test_a_probation_keeps_it_too_and_what_is_settled_has_none() -> None:
    probation = in_probation(since=MINUTE)
    there = {ref("2").revision: pods(Restarts(4, at_start=3)), ref("1").revision: pods(Restarts(1, at_start=1))}
    found = excused(replace(probation, pods=there), probation.status).probation
    assert found is not None
    assert found.restarts == RestartsBefore(3, 1)
    settled: Status = serving("1").status
    assert excused(serving("1"), settled) == settled
