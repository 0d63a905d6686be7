"""Which restarts count in what is judged now."""

from dataclasses import replace

import pytest

from seatrial.api.status import RestartsLeftOut, Stage, Status
from seatrial.core.observed import Observed, Pods
from seatrial.core.restarts import at_promotion, left_out, noted, until_now
from tests.given import MINUTE, in_probation, on_trial, ref, restarted, serving, unseen_pods

NONE: dict[str, int] = {}


def world(mine: Pods, theirs: Pods, before: RestartsLeftOut) -> Observed:
    return on_trial(Stage.CANARY, pods=mine, stable_pods=theirs, restarts_left_out=before)


@pytest.mark.parametrize(
    ("pods", "before", "found"),
    [
        (restarted(5), {"pod-0": 2}, {"pod-0": 2}),
        (restarted(5), NONE, NONE),
        (restarted(5, at_start=[0]), {"pod-0": 2}, {"pod-0": 5}),  # a store that was away is nobody's fault
        (restarted(6, 6, at_start=[1]), {"pod-0": 6}, {"pod-0": 6, "pod-1": 6}),
        (restarted(1, 1), {"pod-0": 2}, {"pod-0": 1}),
        (restarted(3), {"pod-0": 3, "gone": 5}, {"pod-0": 3}),  # a pod that is gone has taken its own with it
        (restarted(0), {"pod-0": 2}, NONE),
        (unseen_pods(), {"pod-0": 2}, {"pod-0": 2}),
    ],
)
def test_what_does_not_count(pods: Pods, before: dict[str, int], found: dict[str, int]) -> None:
    one = world(pods, restarted(), RestartsLeftOut(judged=before))
    assert left_out(one) == RestartsLeftOut(judged=found)
    other = world(restarted(), pods, RestartsLeftOut(control=before))
    assert left_out(other) == RestartsLeftOut(control=found)


def test_starts_that_failed_do_not_count_once_they_succeeded() -> None:
    away = world(restarted(4, at_start=[0]), restarted(), RestartsLeftOut())
    after = replace(away, status=noted(away, away.status), pods={ref("2").revision: restarted(5)})
    assert left_out(after).judged == {"pod-0": 4}


def test_a_stage_begins_with_all_that_was_before_it() -> None:
    found = until_now(world(restarted(5, 0, at_start=[0]), restarted(3), RestartsLeftOut()))
    assert found == RestartsLeftOut({"pod-0": 5}, {"pod-0": 3})


def test_what_has_no_deployment_now_begins_with_what_was_known_of_it() -> None:
    known = RestartsLeftOut({"pod-0": 2}, {"pod-0": 1})
    gone = replace(world(restarted(5), restarted(3), known), pods={})
    assert until_now(gone) == left_out(gone) == known


def test_a_probation_begins_with_what_ended_the_other_version_in_the_canary() -> None:
    """It gets no traffic any more, and may have been ended by a request that the promoted one cannot bear either."""
    canary = world(restarted(7), restarted(5), RestartsLeftOut({"pod-0": 2}, {"pod-0": 1}))
    assert at_promotion(canary) == RestartsLeftOut({"pod-0": 7}, {"pod-0": 1})


def test_where_nothing_was_compared_nothing_of_the_others_past_counts() -> None:
    assert at_promotion(on_trial(Stage.PREPARING, stable_pods=restarted(5))) == RestartsLeftOut({}, {"pod-0": 5})


def test_a_probation_keeps_it_too_and_what_is_settled_has_none() -> None:
    probation = in_probation(since=MINUTE)
    there = {ref("2").revision: restarted(3, 1, at_start=[0]), ref("1").revision: restarted(1, at_start=[0])}
    found = noted(replace(probation, pods=there), probation.status).probation
    assert found is not None
    assert found.restarts_left_out == RestartsLeftOut({"pod-0": 3}, {"pod-0": 1})
    settled: Status = serving("1").status
    assert noted(serving("1"), settled) == settled
