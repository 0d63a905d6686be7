"""Whole stories, from one rest to the next."""

from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.conditions import Reason, Truth, Type
from seatrial.api.spec import Spec
from seatrial.api.status import Stage
from seatrial.core.moves import RETIRE_AFTER
from tests.given import (
    MINUTE,
    NOW,
    ROUTE,
    UNKNOWN,
    available,
    disagreeing,
    failing,
    healthy,
    nothing_yet,
    observed,
    record,
    ref,
    serving,
    slow,
    spec,
    target,
    troubled,
)
from tests.unit.core.story import BRIEF, ROUTED, UNROUTED, Story, condition

ONE, TWO = ref("1").revision, ref("2").revision


def test_a_first_version() -> None:
    story = Story(observed(of=ROUTED))
    story.rest()
    assert story.stages == [(Stage.PREPARING, 0), (Stage.IDLE, 0)]
    assert story.world.status.stable == ref("1", ROUTED)
    assert story.world.route is not None
    assert story.world.serving is not None
    assert story.audits == ["promoted"]


@pytest.mark.parametrize("of", [ROUTED, UNROUTED])
def test_a_good_version_goes_through_every_stage_and_the_old_one_goes(of: Spec) -> None:
    story = Story(serving("1", wants="2", of=of))
    story.rest()
    assert story.stages == [
        (Stage.PREPARING, 0),
        (Stage.SHADOW, 0),
        (Stage.CANARY, 5),
        (Stage.CANARY, 25),
        (Stage.PROBATION, 0),
        (Stage.IDLE, 0),
    ]
    told = [
        "OnTrial: version 2 goes on trial",
        "Shadowing: version 2 sees copies of the requests; nobody gets its answers",
        "Canarying: version 2 starts to answer requests",
        "StepPassed: version 2 passed step 1: errors: Pass · ",
        "StepPassed: version 2 passed step 2: errors: Pass · ",
        f"Promoted: version 2 (revision {ref('2', of).revision}): passed every stage; errors: Pass · ",
    ]
    assert [said[: len(start)] for said, start in zip(story.told, told, strict=True)] == told
    assert story.audits == ["promoted"]
    assert set(story.world.pods) == {ref("2", of).revision}
    assert story.now - NOW >= 4 * MINUTE
    assert condition(story.world.status, Type.ROLLOUT_SUCCEEDED) == (Truth.TRUE, Reason.PROMOTED)


@pytest.mark.parametrize(
    ("answers", "stages", "check"),
    [
        (failing, [Stage.PREPARING, Stage.SHADOW, Stage.IDLE], "errors: Fail"),
        (slow, [Stage.PREPARING, Stage.SHADOW, Stage.IDLE], "latency: Fail"),
        (disagreeing, [Stage.PREPARING, Stage.SHADOW, Stage.IDLE], "disagreement: Fail"),
    ],
)
def test_a_bad_version_is_rolled_back_before_it_answers_anybody(answers: Any, stages: list[Stage], check: str) -> None:
    story = Story(serving("1", wants="2", of=ROUTED), answers=answers)
    story.rest()
    assert story.stages == [(stage, 0) for stage in stages]
    assert story.world.status.stable == ref("1", ROUTED)
    assert check in story.told[-1]
    assert story.audits == ["rolled-back"]
    assert set(story.world.pods) == {ref("1", ROUTED).revision}
    assert condition(story.world.status, Type.READY) == (Truth.TRUE, Reason.SERVING)
    before = len(story.told)
    for _ in range(20):
        story.step(600)
    assert len(story.told) == before  # it is not tried again


def test_a_version_that_goes_bad_in_its_canary_is_rolled_back() -> None:
    story = Story(serving("1", wants="2", of=ROUTED))
    story.until(lambda world: world.status.weight == 25)
    story.answers = failing
    story.rest()
    assert story.stages[-2:] == [(Stage.CANARY, 25), (Stage.IDLE, 0)]
    assert story.world.status.stable == ref("1", ROUTED)


def test_a_version_that_goes_bad_in_probation_gives_its_place_back() -> None:
    story = Story(serving("1", wants="2", of=ROUTED))
    story.until(lambda world: world.status.stage is Stage.PROBATION)
    story.answers = failing
    story.rest()
    assert story.world.status.stable == ref("1", ROUTED)
    assert story.audits == ["promoted", "rolled-back"]
    assert set(story.world.pods) == {ref("1", ROUTED).revision}


def test_a_version_that_nobody_calls_is_neither_promoted_nor_rejected() -> None:
    story = Story(serving("1", wants="2", of=ROUTED), answers=nothing_yet)
    for _ in range(20):
        story.step(3600)
    assert story.stages == [(Stage.PREPARING, 0), (Stage.SHADOW, 0)]
    assert condition(story.world.status, Type.STALLED) == (Truth.TRUE, Reason.DEADLINE_EXCEEDED)
    assert sum("DeadlineExceeded" in told for told in story.told) == 1
    story.answers = healthy
    story.rest()
    assert story.world.status.stable == ref("2", ROUTED)


def test_a_third_version_in_mid_canary() -> None:
    story = Story(serving("1", wants="2", of=ROUTED))
    story.until(lambda world: world.status.weight == 25)
    story.world = replace(story.world, target=target("3"))
    story.rest()
    assert story.world.status.stable == ref("3", ROUTED)
    assert story.audits == ["superseded", "promoted"]
    assert set(story.world.pods) == {ref("3", ROUTED).revision}


def test_a_first_version_that_is_replaced_before_it_served() -> None:
    story = Story(observed(pods={ONE: troubled("ImagePullBackOff: no such image")}))
    for _ in range(5):
        story.step()
    assert story.world.status.stable is None
    story.world = replace(story.world, target=target("2"))
    story.rest()
    assert story.world.status.stable == ref("2")
    assert story.audits == ["superseded", "promoted"]
    assert set(story.world.pods) == {TWO}


def test_an_object_that_was_made_again() -> None:
    story = Story(observed(wants="2", of=ROUTED, serving=record("1", "gone")))
    story.step()
    assert story.world.status.stable == ref("1", ROUTED)
    story.rest()
    assert story.world.status.stable == ref("2", ROUTED)
    assert story.stages[0] == (Stage.IDLE, 0)
    assert (Stage.SHADOW, 0) in story.stages


def test_replicas_that_an_autoscaler_changes_in_mid_canary_change_no_verdict() -> None:
    story = Story(serving("1", wants="2", of=ROUTED))
    story.until(lambda world: world.status.weight == 25)
    for replicas in (40, 3, 9):
        story.world = replace(story.world, spec=spec(route=ROUTE, rollout=BRIEF, replicas=replicas))
        for _ in range(5):
            story.step()
    story.rest()
    assert story.world.status.stable == ref("2", ROUTED)
    assert story.audits == ["promoted"]
    assert {pods.wanted for pods in story.world.pods.values()} == {9}


def test_scaled_to_zero_and_back_in_mid_canary() -> None:
    story = Story(serving("1", wants="2", of=ROUTED))
    story.until(lambda world: world.status.weight == 25)
    story.world = replace(story.world, spec=spec(route=ROUTE, rollout=BRIEF, replicas=0))
    for _ in range(20):
        story.step(3600)
    assert {pods.wanted for pods in story.world.pods.values()} == {0}
    assert story.world.status.weight == 0
    assert condition(story.world.status, Type.READY) == (Truth.TRUE, Reason.SCALED_TO_ZERO)
    story.world = replace(story.world, spec=ROUTED)
    story.rest()
    assert story.world.status.stable == ref("2", ROUTED)


def test_paused_in_mid_canary_over_a_weekend() -> None:
    def of(paused: bool) -> Spec:
        return spec(route=ROUTE, rollout={**BRIEF, "paused": paused, "onDeadline": "Rollback"})

    story = Story(serving("1", wants="2", of=of(False)))
    story.until(lambda world: world.status.weight == 25)
    story.world = replace(story.world, spec=of(True))
    for _ in range(20):
        story.step(3600)
    assert story.world.status.weight == 25
    assert condition(story.world.status, Type.STALLED) == (Truth.TRUE, Reason.PAUSED)
    story.world = replace(story.world, spec=of(False))
    story.rest()
    assert story.world.status.stable == ref("2", of(False))


@pytest.mark.parametrize(("before", "after"), [(ROUTED, UNROUTED), (UNROUTED, ROUTED)], ids=["removed", "added"])
def test_a_route_that_comes_or_goes_in_mid_trial(before: Spec, after: Spec) -> None:
    story = Story(serving("1", wants="2", of=before))
    story.until(lambda world: world.status.weight == 25)
    story.world = replace(story.world, spec=after)
    story.rest()
    assert story.world.status.stable == ref("2", after)
    assert (story.world.route is None) is (after.route is None)
    kinds = {kind for _, kind, _ in story.world.objects}
    assert ("HTTPRoute" in kinds) is (after.route is not None)


def test_a_version_whose_manifest_vanishes_in_mid_trial() -> None:
    story = Story(serving("1", wants="2", of=ROUTED))
    story.until(lambda world: world.status.weight == 25)
    story.world = replace(story.world, target=UNKNOWN)
    story.rest()
    assert story.world.status.stable == ref("2", ROUTED)


def test_a_newer_operator_with_another_default_image_rolls_nothing() -> None:
    story = Story(serving("1", wants="2", of=ROUTED), answers=failing)
    story.rest()
    story.world = replace(story.world, defaults=replace(story.world.defaults, runtime_image="runtime:2"))
    for _ in range(20):
        story.step(600)
    assert story.stages[-1] == (Stage.IDLE, 0)
    assert story.audits == ["rolled-back"]


def test_a_deadline_that_rolls_back_leaves_nothing_behind() -> None:
    brief = {"onDeadline": "Rollback", "progressDeadline": "5m", "shadow": {"minimumDuration": "0s"}}
    story = Story(serving("1", wants="2", of=spec(rollout=brief)), answers=nothing_yet)
    story.rest()
    assert story.audits == ["rolled-back"]
    assert 5 * MINUTE < story.now - NOW < 5 * MINUTE + RETIRE_AFTER + MINUTE
    assert set(story.world.pods) == {ref("1").revision}


def test_pods_of_the_candidate_that_go_take_its_traffic_with_them() -> None:
    story = Story(serving("1", wants="2", of=ROUTED))
    story.until(lambda world: world.status.weight == 25)
    gone = {ref("2", ROUTED).revision: available(0)}
    story.world = replace(story.world, pods={**story.world.pods, **gone})
    assert story.step().status.weight == 0
    story.rest()
    assert story.world.status.stable == ref("2", ROUTED)
