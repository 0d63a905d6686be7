"""One decision, and the stories that decisions make."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from seatrial.api.conditions import Reason, Truth, Type
from seatrial.api.spec import Spec
from seatrial.api.status import Finding, Stage, Status
from seatrial.contract.records import Pointer
from seatrial.core.decide import FOLLOWING, ON_TRIAL, SETTLED, decide
from seatrial.core.moves import RETIRE_AFTER
from seatrial.core.observed import Observed
from tests.given import (
    MINUTE,
    NOW,
    ROUTE,
    UNKNOWN,
    available,
    disagreeing,
    failing,
    healthy,
    in_probation,
    nothing_yet,
    observed,
    on_trial,
    recipe,
    record,
    ref,
    serving,
    slow,
    spec,
    target,
    troubled,
)
from tests.unit.core.carried_out import carried_out, identity
from tests.unit.core.story import Story

BRIEF: dict[str, Any] = {
    "shadow": {"minimumDuration": "1m"},
    "canary": {"steps": [{"weight": 5}, {"weight": 25}], "stepDuration": "1m"},
    "probation": "1m",
}
ROUTED, UNROUTED = spec(route=ROUTE, rollout=BRIEF), spec(rollout=BRIEF)
ONE, TWO = ref("1").revision, ref("2").revision


def condition(status: Status, kind: Type) -> tuple[Truth, Reason]:
    found = next(one for one in status.conditions if one.type is kind)
    return found.status, found.reason


# One pass


def test_a_pass_makes_one_move() -> None:
    """What follows is decided in the next pass, with evidence of the new stage."""
    brief = spec(rollout={"shadow": {"minimumDuration": "0s"}})
    world = on_trial(Stage.PREPARING, of=brief, evidence=healthy(NOW - MINUTE))
    first = decide(world, NOW)
    assert first.status.stage is Stage.SHADOW
    second = decide(carried_out(world, first), NOW)
    assert second.status.stage is Stage.SHADOW
    assert second.status.trial is not None
    assert second.status.trial.held.startswith("disagreement: Inconclusive · no evidence yet")


def test_a_trial_that_begins_in_this_pass_is_not_judged_by_the_last_ones_evidence() -> None:
    world = on_trial(Stage.CANARY, wants="3", evidence=failing(NOW))
    status = decide(world, NOW).status
    assert [one.version for one in status.rejected] == []
    assert status.trial is not None
    assert status.trial.candidate == ref("3")


def test_a_weight_goes_up_in_the_pass_that_makes_the_step() -> None:
    decision = decide(on_trial(Stage.CANARY, since=11 * MINUTE, of=ROUTED), NOW)
    assert (decision.status.weight, decision.status.trial and decision.status.trial.step) == (25, 1)


def test_times_are_whole_seconds() -> None:
    decision = decide(observed(), NOW + timedelta(microseconds=999_999))
    assert decision.status.trial is not None
    assert decision.status.trial.began == NOW


@pytest.mark.parametrize(
    ("world", "again"),
    [
        (serving("1"), FOLLOWING),
        (serving("1", of=spec(version="1")), SETTLED),
        (on_trial(Stage.SHADOW), ON_TRIAL),
        (in_probation(since=MINUTE), ON_TRIAL),
        (observed(), ON_TRIAL),
        (serving("1", spec=UNKNOWN), SETTLED),
    ],
)
def test_when_to_look_again(world: Observed, again: timedelta) -> None:
    assert decide(world, NOW).requeue_after == again


def test_what_retires_is_looked_after() -> None:
    world = in_probation(since=MINUTE, wants="1")
    assert decide(world, NOW).requeue_after == ON_TRIAL


def test_status_says_what_it_is_about() -> None:
    status = decide(serving("1", generation=7), NOW).status
    assert (status.observed_generation, status.replicas) == (7, 2)


# Findings


def test_findings_are_the_last_of_the_stage_that_goes_on() -> None:
    status = decide(on_trial(Stage.CANARY, evidence=nothing_yet(NOW)), NOW).status
    assert status.findings == (
        Finding("errors", "Inconclusive", "no requests yet"),
        Finding("latency", "Inconclusive", "no requests yet"),
    )


def test_a_stage_that_ended_leaves_no_findings() -> None:
    assert decide(on_trial(Stage.SHADOW, since=11 * MINUTE), NOW).status.findings == ()
    assert decide(on_trial(Stage.CANARY, evidence=failing(NOW)), NOW).status.findings == ()


# The serving record


@pytest.mark.parametrize(
    ("found", "written"),
    [
        (record("1", ONE), False),
        (record("1", "another"), True),
        (record("2", ONE), True),
        (None, True),
        (UNKNOWN, False),  # what cannot be read is not written either
    ],
)
def test_the_serving_record_is_written_where_it_says_something_else(found: Any, written: bool) -> None:
    decision = decide(serving("1", serving=found), NOW)
    expected = Pointer("1", target("1").digest, NOW.isoformat(), "seatrial", revision=ONE)
    assert decision.serving == (expected if written else None)


def test_nothing_is_recorded_before_something_serves() -> None:
    assert decide(observed(), NOW).serving is None


# What must not be trusted


def test_a_recipe_that_is_not_what_its_revision_says_counts_for_nothing() -> None:
    """Somebody edited it, or a newer operator hashes it in another way."""
    wrong = replace(recipe("1"), image="evil:1")
    world = serving("1", recipes={ONE: wrong})
    images = [
        document["spec"]["template"]["spec"]["containers"][0]["image"]
        for document in decide(world, NOW).objects
        if document["kind"] == "Deployment"
    ]
    assert images == ["runtime:1"]
    unknown = decide(replace(world, target=UNKNOWN), NOW)
    assert [document["kind"] for document in unknown.objects] == ["Service"]
    assert unknown.removals == ()


def test_an_invalid_spec_says_so_and_changes_nothing() -> None:
    decision = decide(replace(on_trial(Stage.CANARY, evidence=failing(NOW)), spec=UNKNOWN), NOW)
    assert condition(decision.status, Type.STALLED) == (Truth.TRUE, Reason.INVALID_SPEC)
    assert (decision.objects, decision.removals, decision.status.stage) == ((), (), Stage.CANARY)
    assert {gauge.name for gauge in decision.gauges} == {"seatrial_stable_info", "seatrial_candidate_weight_percent"}


def test_an_operator_with_an_empty_cache_changes_nothing_that_serves() -> None:
    """Everything is made again just as it is: applying it changes nothing."""
    world = in_probation(since=MINUTE, of=ROUTED)
    empty = replace(world, recipes={}, pods={}, objects=frozenset(), route=None)
    known, blind = decide(world, NOW), decide(empty, NOW)
    assert (blind.status.stable, blind.status.probation) == (known.status.stable, known.status.probation)
    assert blind.removals == ()
    written = {identity(document): document for document in known.objects}
    assert all(written[identity(document)] == document for document in blind.objects)


# Stories


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
    brief = {"onDeadline": "Rollback", "progressDeadline": "5m"}
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
