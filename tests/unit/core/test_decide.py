"""One decision."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from seatrial.api import requests
from seatrial.api.conditions import Reason, Truth, Type
from seatrial.api.spec import Spec
from seatrial.api.status import Finding, Retiring, Stage
from seatrial.contract.records import Pointer
from seatrial.core.decide import FOLLOWING, JUDGED, ON_ITS_WAY, SETTLED, decide
from seatrial.core.moves import Outcome
from seatrial.core.observed import Observed, Unknown
from tests.given import (
    MINUTE,
    NOW,
    ROUTE,
    UNKNOWN,
    available,
    ended,
    failing,
    healthy,
    in_probation,
    nothing_yet,
    observed,
    on_trial,
    recipe,
    record,
    ref,
    restarted,
    serving,
    spec,
    taken,
    target,
)
from tests.unit.core.carried_out import carried_out, identity
from tests.unit.core.story import ROUTED, condition

ONE, TWO = ref("1").revision, ref("2").revision
HOUR, INVALID = timedelta(hours=1), Unknown(Reason.INVALID_SPEC, "steps is wrong")


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
        (observed(of=spec(version="1"), serving=UNKNOWN), FOLLOWING),
        (serving("1", of=spec(version="1"), serving=UNKNOWN), SETTLED),
        (on_trial(Stage.PREPARING, pods=available(0)), ON_ITS_WAY),
        (on_trial(Stage.SHADOW), JUDGED),
        (on_trial(Stage.CANARY), JUDGED),
        (in_probation(since=MINUTE), JUDGED),
        (observed(), ON_ITS_WAY),
        (serving("1", spec=UNKNOWN), SETTLED),
    ],
)
def test_when_to_look_again(world: Observed, again: timedelta) -> None:
    assert decide(world, NOW).requeue_after == again


def test_what_retires_is_looked_after() -> None:
    world = in_probation(since=MINUTE, wants="1")
    assert decide(world, NOW).requeue_after == ON_ITS_WAY


def test_status_says_what_it_is_about() -> None:
    status = decide(serving("1", generation=7), NOW).status
    assert (status.observed_generation, status.replicas) == (7, 2)


# Findings


def test_findings_are_the_last_of_the_stage_that_goes_on() -> None:
    status = decide(on_trial(Stage.CANARY, evidence=nothing_yet(NOW)), NOW).status
    assert status.findings == (
        Finding("errors", "Inconclusive", "no requests yet"),
        Finding("latency", "Inconclusive", "no requests past the warm-up of 2m yet"),
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


@pytest.mark.parametrize("stage", [Stage.SHADOW, Stage.CANARY])
def test_a_mistake_in_the_spec_saves_no_candidate_that_fails(stage: Stage) -> None:
    world = on_trial(stage, since=HOUR, evidence=failing(NOW - HOUR))
    assert isinstance(world.spec, Spec)
    mistaken = replace(world, spec=INVALID, target=INVALID, last_spec=world.spec)
    decision = decide(mistaken, NOW)
    assert [(one.version, one.outcome) for one in decision.status.history] == [("2", Outcome.ROLLED_BACK)]
    assert decision.status.weight == 0
    assert condition(decision.status, Type.STALLED) == (Truth.TRUE, Reason.INVALID_SPEC)


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.CANARY])
def test_a_mistake_in_the_spec_saves_no_candidate_that_is_aborted(stage: Stage) -> None:
    world = on_trial(stage, since=MINUTE)
    assert isinstance(world.spec, Spec)
    aborted = {requests.ABORT: ref("2").revision}
    decision = decide(replace(world, spec=INVALID, target=INVALID, last_spec=world.spec, annotations=aborted), NOW)
    assert [(one.version, one.outcome) for one in decision.status.history] == [("2", Outcome.ABORTED)]


def test_with_a_mistake_in_the_spec_a_healthy_candidate_goes_no_further() -> None:
    """Nor does the deadline count."""
    world = on_trial(Stage.CANARY, since=10 * HOUR, evidence=healthy(NOW - 10 * HOUR))
    assert isinstance(world.spec, Spec)
    decision = decide(replace(world, spec=INVALID, target=INVALID, last_spec=world.spec), NOW)
    trial = decision.status.trial
    assert trial is not None
    assert (trial.step, decision.status.weight) == (0, world.status.weight)
    assert (trial.held, trial.held_reason) == ("waits for a spec that is valid", Reason.INVALID_SPEC)
    assert trial.stopped is not None
    assert decision.requeue_after == JUDGED
    assert condition(decision.status, Type.STALLED) == (Truth.TRUE, Reason.INVALID_SPEC)


def test_where_nothing_is_judged_a_mistake_in_the_spec_changes_nothing() -> None:
    world = serving("1", wants="2")
    assert isinstance(world.spec, Spec)
    decision = decide(replace(world, spec=INVALID, target=INVALID, last_spec=world.spec), NOW)
    assert (decision.status.trial, decision.objects) == (None, ())


def test_an_invalid_spec_says_so_and_changes_nothing() -> None:
    decision = decide(replace(on_trial(Stage.CANARY, evidence=failing(NOW)), spec=UNKNOWN), NOW)
    assert condition(decision.status, Type.STALLED) == (Truth.TRUE, Reason.INVALID_SPEC)
    assert (decision.objects, decision.removals, decision.status.stage) == ((), (), Stage.CANARY)
    assert {gauge.name for gauge in decision.gauges} == {"seatrial_stable_info", "seatrial_candidate_weight_percent"}


def test_an_operator_with_an_empty_cache_changes_nothing_that_serves() -> None:
    """Everything is made again just as it is: applying it changes nothing."""
    world = in_probation(since=MINUTE / 2, of=ROUTED)
    empty = replace(world, recipes={}, pods={}, objects=frozenset(), route=None)
    known, blind = decide(world, NOW), decide(empty, NOW)
    assert (blind.status.stable, blind.status.probation) == (known.status.stable, known.status.probation)
    assert blind.removals == ()
    written = {identity(document): document for document in known.objects}
    assert all(written[identity(document)] == document for document in blind.objects)


def test_starts_that_failed_stand_in_status_so_that_they_do_not_count_later() -> None:
    """Nor in the pass in which they have succeeded, nor for an operator that was restarted in between."""
    away = on_trial(Stage.CANARY, step=1, since=5 * MINUTE, pods=restarted(4, at_start=[0]))
    first = decide(away, NOW)
    back = replace(carried_out(away, first), pods={**away.pods, TWO: restarted(5)})
    assert decide(back, NOW).status.rejected == ()
    assert decide(replace(away, pods=back.pods), NOW).status.rejected != ()


def test_a_promoted_version_that_failed_is_not_believed_in_because_one_cannot_look() -> None:
    """Nothing can take the traffic back, the deadline is over, and Prometheus goes away for a while."""
    world = in_probation(since=7 * 60 * MINUTE, evidence=failing(NOW - 7 * 60 * MINUTE))
    world = replace(world, pods={**world.pods, ONE: available(0)})
    failed = decide(world, NOW).status
    blind = replace(world, status=failed, evidence=UNKNOWN)
    status = decide(blind, NOW).status
    assert (status.probation, status.findings[0]) == (failed.probation, failed.findings[0])
    back = decide(replace(blind, pods={**world.pods, ONE: available(1)}), NOW).status
    assert (back.stable, [one.version for one in back.rejected]) == (ref("1"), ["2"])


def test_while_the_spec_is_not_valid_no_time_counts() -> None:
    world = on_trial(Stage.SHADOW, since=7 * 60 * MINUTE, evidence=nothing_yet(NOW - 7 * 60 * MINUTE))
    status = decide(replace(world, spec=UNKNOWN), NOW).status
    assert status.trial is not None
    assert status.trial.stopped == NOW
    mended = decide(replace(world, status=status), NOW + 60 * MINUTE).status
    assert mended.trial is not None
    assert (mended.trial.began, mended.trial.uncounted) == (NOW - 7 * 60 * MINUTE, 3600)


# What has retired


def test_a_retired_revision_stays_while_the_route_sends_it_traffic() -> None:
    """The HTTPRoute could not be written when the trial ended, or the gateway has not taken it."""
    old = ref("2", ROUTED).revision
    world = serving("1", of=ROUTED)
    status = replace(world.status, retiring=(Retiring(old, NOW - MINUTE),))
    told = taken({ref("1", ROUTED).revision: 90, old: 10})
    there = frozenset((api, kind, f"risk-{old}") for api, kind in (("apps/v1", "Deployment"), ("v1", "Service")))
    world = replace(world, status=status, pods={**world.pods, old: available(1)}, objects=there)
    kept = decide(replace(world, route=told), NOW)
    assert (kept.removals, [one.revision for one in kept.status.retiring]) == ((), [old])
    assert {one.name for one in decide(world, NOW).removals} == {f"risk-{old}"}
    lost = replace(kept.status, stable=None, history=(replace(ended("2", Outcome.ROLLED_BACK), revision=old),))
    unsure = replace(world, route=told, status=lost, serving=UNKNOWN)
    assert decide(unsure, NOW).removals == ()


def test_what_was_stable_stays_after_a_promotion_until_the_gateway_has_answered() -> None:
    """Without a probation it retires at once; the gateway may still have the weights of the last step."""
    at_once = spec(route=ROUTE, rollout={"probation": "0s"})
    world = on_trial(Stage.CANARY, step=4, since=60 * MINUTE, of=at_once)
    old = ref("1", at_once).revision
    promoted = decide(world, NOW).status
    assert [one.revision for one in promoted.retiring] == [old]
    assert world.route is not None
    there = frozenset((api, kind, f"risk-{old}") for api, kind in (("apps/v1", "Deployment"), ("v1", "Service")))
    asleep = replace(world.route, accepted=None, weights={f"risk-{old}": 0, f"risk-{ref('2', at_once).revision}": 100})
    later = replace(world, status=promoted, objects=there, route=asleep)
    assert decide(later, NOW + 10 * MINUTE).removals == ()
    assert decide(replace(later, route=replace(asleep, accepted=True)), NOW + 10 * MINUTE).removals != ()
