"""What a person asks of a rollout by annotations, and the short ways back to what served before."""

from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.conditions import Reason, Type
from seatrial.api.requests import ABORT, PROMOTE, RETRY, promote_value, retry_value
from seatrial.api.spec import Spec
from seatrial.api.status import Retiring, Stage, Status
from seatrial.core.decide import decide
from seatrial.core.describe import conditions
from seatrial.core.follow import follow
from seatrial.core.moves import Outcome
from seatrial.core.observed import Observed
from seatrial.core.target import wanted_recipe
from tests.given import (
    MINUTE,
    NOW,
    ROUTE,
    STORE_DOWN,
    UNKNOWN,
    available,
    ended,
    in_probation,
    observed,
    on_trial,
    recipe,
    ref,
    rejected,
    serving,
    spec,
    unseen_pods,
)
from tests.unit.core.advanced import FAIL, LATE, ONE, TWO, UNSURE, after, held, on_deadline
from tests.unit.core.story import Story

ROUTED = spec(route=ROUTE)


def asked(world: Observed, **annotations: str) -> Observed:
    """The world in which a person has annotated the ModelDeployment, by the last part of the annotation's name."""
    return replace(world, annotations={f"seatrial.dev/{name}": value for name, value in annotations.items()})


def followed(world: Observed) -> Status:
    return follow(world, world.status, wanted_recipe(world), NOW)


def outcomes(status: Status) -> list[tuple[str, str]]:
    return [(one.version, one.outcome) for one in status.history]


# Promote


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.SHADOW, Stage.CANARY])
def test_a_candidate_that_is_promoted_takes_over_without_a_verdict(stage: Stage) -> None:
    status = after(asked(on_trial(stage), promote=promote_value(TWO)), UNSURE)
    assert (status.stable, status.trial, outcomes(status)) == (ref("2"), None, [("2", "Promoted")])
    assert status.history[-1].message == "promoted by the annotation seatrial.dev/promote"
    assert status.probation is not None
    assert status.probation.reference_since == NOW - 30 * MINUTE, "there was too little in the stage itself"


@pytest.mark.parametrize("value", [TWO, f"{TWO}/5"])
def test_a_promotion_or_an_approval_is_for_one_trial(value: str) -> None:
    """Months later the same revision is wanted again, and the annotation is still in Git."""
    world = asked(on_trial(Stage.CANARY), promote=value, abort=TWO)
    ended = decide(world, NOW).status
    assert (ended.trial, ended.promoted) == (None, value)

    again = asked(on_trial(Stage.PREPARING), promote=value)
    again = replace(again, status=replace(again.status, promoted=value))
    assert decide(again, NOW).status.trial is not None
    assert decide(again, NOW).status.promoted == value
    other = asked(again, promote=f"{TWO}//again")
    assert decide(other, NOW).status.stable == ref("2"), "it is asked for anew"
    assert decide(asked(again), NOW).status.promoted == "", "once it is gone it may be said again"


def test_what_is_said_of_another_revision_is_not_spent() -> None:
    world = asked(on_trial(Stage.CANARY), promote=ONE, abort=TWO)
    assert decide(world, NOW).status.promoted == ""


def test_a_promotion_needs_no_prometheus_and_no_sight_of_pods() -> None:
    world = on_trial(Stage.CANARY, evidence=UNKNOWN, stable_pods=unseen_pods())
    assert after(asked(world, promote=TWO), UNSURE).stable == ref("2")


def test_a_promotion_waits_for_all_pods_and_asks_for_them() -> None:
    world = asked(on_trial(Stage.CANARY, pods=available(1), of=spec(replicas=4, route=ROUTE)), promote=TWO)
    world = asked(world, promote=ref("2", spec(replicas=4, route=ROUTE)).revision)
    decision = decide(world, NOW)
    assert held(decision.status) == (
        "promoted by the annotation seatrial.dev/promote; waits for 4 available pods of the candidate, has 1",
        "",
    )
    wanted = [one["spec"]["replicas"] for one in decision.objects if one["kind"] == "Deployment"]
    assert wanted == [4, 4]
    assert decision.status.weight == 1, "traffic stays as it was until then"


def test_a_promotion_does_not_go_against_a_fail() -> None:
    status = after(asked(on_trial(Stage.CANARY), promote=TWO), FAIL)
    assert (status.stable, outcomes(status)) == (ref("1"), [("2", "RolledBack")])


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (on_trial(Stage.SHADOW, of=spec(rollout={"paused": True})), "paused by spec.rollout.paused"),
        (on_trial(Stage.SHADOW, of=spec(replicas=0)), "spec.serving.replicas is 0"),
        (on_trial(Stage.SHADOW, wants="3"), "version 3 is wanted now"),
    ],
)
def test_a_promotion_does_not_go_against_the_spec(world: Observed, words: str) -> None:
    assert isinstance(world.spec, Spec)
    status = after(asked(world, promote=ref("2", world.spec).revision), UNSURE)
    assert status.stable == ref("1")
    assert held(status)[0].startswith(f"promoted by the annotation seatrial.dev/promote; {words}")


@pytest.mark.parametrize("value", ["", ONE, f"{TWO}/50", f" {TWO}", TWO[:5]])
def test_what_names_something_else_promotes_nothing(value: str) -> None:
    assert after(asked(on_trial(Stage.SHADOW), promote=value), UNSURE).stable == ref("1")


def test_a_first_version_needs_no_promotion() -> None:
    world = on_trial(Stage.PREPARING, pods=available(0))
    world = replace(world, status=replace(world.status, stable=None))
    assert held(after(asked(world, promote=TWO)))[0] == "waits for 1 available pod of the candidate, has 0"


# Approval


STEPS: dict[str, Any] = {"canary": {"steps": [{"weight": 5, "approval": "Required"}], "stepDuration": "1m"}}


def test_a_wait_for_approval_is_judged_and_never_late() -> None:
    world = on_trial(Stage.CANARY, since=LATE, of=on_deadline("Rollback", **STEPS))
    late, healthy = UNSURE, replace(FAIL, verdict=type(FAIL.verdict).PASS)
    waits = after(world, healthy)
    assert held(waits)[1] == Reason.AWAITING_APPROVAL
    assert waits.rejected == ()
    assert after(world, FAIL).rejected != ()
    assert after(world, late).rejected != (), "what is not shown any more is late"


def test_an_approved_step_is_the_last_wait() -> None:
    story = Story(serving("1", wants="2", of=spec(rollout=STEPS | {"shadow": {"enabled": False}, "probation": "0s"})))
    story.until(lambda world: world.status.trial is not None and world.status.trial.held_reason != "")
    for _ in range(3000):  # eight hours
        story.step()
    assert story.world.status.stable == ref("1")
    assert sum(one.startswith("AwaitingApproval: ") for one in story.told) == 1
    candidate = story.world.status.trial.candidate if story.world.status.trial else ref("1")
    story.world = asked(story.world, promote=promote_value(candidate.revision, 5))
    story.rest()
    assert isinstance(story.world.spec, Spec)
    assert story.world.status.stable == ref("2", story.world.spec)


# Abort


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.SHADOW, Stage.CANARY])
def test_an_aborted_candidate_goes_and_is_not_tried_again(stage: Stage) -> None:
    world = asked(on_trial(stage), abort=TWO)
    status = followed(world)
    assert (status.stable, status.trial, outcomes(status)) == (ref("1"), None, [("2", "Aborted")])
    assert [one.message for one in status.rejected] == ["aborted by the annotation seatrial.dev/abort"]
    for later in (world, asked(world)):
        assert followed(replace(later, status=status)).trial is None


@pytest.mark.parametrize("target", [UNKNOWN, STORE_DOWN])
def test_an_abort_needs_no_store(target: Any) -> None:
    assert outcomes(followed(asked(on_trial(Stage.CANARY, world={"target": target}), abort=TWO))) == [("2", "Aborted")]
    assert followed(asked(in_probation(since=MINUTE, target=target), abort=TWO)).stable == ref("1")


def test_an_abort_waits_for_pods_that_can_take_the_traffic_back() -> None:
    world = asked(on_trial(Stage.CANARY, stable_pods=available(0)), abort=TWO)
    assert followed(world) == world.status
    assert held(after(world, UNSURE))[0].startswith("aborted by the annotation seatrial.dev/abort; waits for a pod")


def test_what_names_another_revision_aborts_nothing() -> None:
    world = asked(on_trial(Stage.CANARY), abort=ONE)
    assert followed(world) == world.status


def test_a_revision_that_is_aborted_beforehand_is_not_tried() -> None:
    world = asked(serving("1", wants="2"), abort=TWO)
    assert followed(world).trial is None
    ready = next(one for one in conditions(world, world.status) if one.type is Type.READY)
    assert ready.message.endswith("; version 2 is not tried: the annotation seatrial.dev/abort names it")


def test_a_promoted_version_that_is_aborted_gives_its_place_back() -> None:
    status = followed(asked(in_probation(since=MINUTE), abort=TWO))
    assert (status.stable, status.probation, outcomes(status)[-1]) == (ref("1"), None, ("2", "Aborted"))
    assert [one.revision for one in status.rejected] == [TWO]


def test_what_serves_alone_cannot_be_aborted() -> None:
    world = asked(serving("1"), abort=ONE)
    assert followed(world) == world.status


def test_an_aborted_first_version_calls_for_a_person() -> None:
    world = on_trial(Stage.PREPARING, world={"serving": None})
    world = asked(replace(world, status=replace(world.status, stable=None)), abort=TWO)
    status = followed(world)
    assert (status.stable, status.trial, outcomes(status)) == (None, None, [("2", "Aborted")])
    assert followed(replace(world, status=status)) == status
    stalled = next(one for one in conditions(world, status) if one.type is Type.STALLED)
    assert (stalled.status, stalled.reason) == ("True", Reason.ABORTED)


# Retry


REJECTED = Status(stable=ref("1"), rejected=(rejected("2"),))


@pytest.mark.parametrize("value", [TWO, retry_value(TWO, "monday")])
def test_a_rejected_revision_is_tried_again_once(value: str) -> None:
    world = asked(serving("1", wants="2", status=REJECTED), retry=value)
    status = followed(world)
    assert status.trial is not None
    assert (status.trial.candidate, status.rejected, status.retried) == (ref("2"), (), value)
    again = replace(world, status=replace(REJECTED, retried=value))
    assert followed(again).trial is None
    assert followed(asked(again, retry=f"{TWO}/another")).trial is not None
    assert followed(asked(again)).retried == "", "once it is gone it may be made again"


def test_a_retry_that_is_too_long_to_be_remembered_is_not_followed() -> None:
    """It would be followed again and again."""
    world = serving("1", wants="2", status=REJECTED)
    assert followed(asked(world, retry=f"{TWO}/{'x' * 242}")).trial is not None
    assert followed(asked(world, retry=f"{TWO}/{'x' * 243}")).trial is None


def test_what_names_another_revision_retries_nothing() -> None:
    world = asked(serving("1", wants="2", status=REJECTED), retry=ONE)
    assert followed(world) == world.status


@pytest.mark.parametrize("other", [{"abort": TWO}, {"promote": TWO}, {"promote": f"{TWO}/5"}])
def test_a_retry_beside_its_contrary_is_not_followed_and_says_so(other: dict[str, str]) -> None:
    world = asked(serving("1", wants="2", status=REJECTED), retry=TWO, **other)
    assert followed(world) == world.status
    ready = next(one for one in conditions(world, world.status) if one.type is Type.READY)
    assert "seatrial.dev/retry waits until" in ready.message


def test_an_aborted_first_version_can_be_retried() -> None:
    world = asked(observed(status=Status(rejected=(rejected("1"),))), retry=ONE)
    assert followed(world).trial is not None


# Coming back


def window(revisions: int, **sections: Any) -> Any:
    return spec(rollout={"rollbackWindow": {"revisions": revisions}}, **sections)


def history(*versions: str) -> Status:
    """A status in which these versions were promoted, the last of which serves."""
    return Status(stable=ref(versions[-1]), history=tuple(ended(version) for version in versions))


@pytest.mark.parametrize(
    ("revisions", "wants", "returns"),
    [(0, "2", False), (1, "2", True), (1, "1", False), (2, "1", True), (10, "4", False)],
)
def test_a_promoted_version_comes_back_from_within_the_window(revisions: int, wants: str, returns: bool) -> None:
    trial = followed(serving("3", wants=wants, of=window(revisions), status=history("1", "2", "3"))).trial
    assert trial is not None
    assert trial.returning is returns


def test_a_version_that_failed_in_its_probation_does_not_come_back_so() -> None:
    failed = replace(history("1", "2"), stable=ref("1"))
    failed = replace(failed, history=(*failed.history, ended("2", Outcome.ROLLED_BACK)))
    trial = followed(serving("1", wants="2", of=window(5), status=failed)).trial
    assert trial is not None
    assert not trial.returning


@pytest.mark.parametrize(("pods", "returns"), [(available(2), True), (available(0), False)])
def test_whatever_the_window_what_is_still_warm_comes_back(pods: Any, returns: bool) -> None:
    warm = replace(history("1", "2"), retiring=(Retiring(ONE, NOW),))
    world = serving("2", wants="1", status=warm)
    world = replace(world, pods={**world.pods, ONE: pods})
    trial = followed(world).trial
    assert trial is not None
    assert trial.returning is returns


def test_a_candidate_that_never_served_is_tried_however_warm_it_is() -> None:
    warm = replace(history("1"), retiring=(Retiring(TWO, NOW),))
    world = serving("1", wants="2", status=warm)
    trial = followed(replace(world, pods={**world.pods, TWO: available(2)})).trial
    assert trial is not None
    assert not trial.returning


def test_it_comes_back_at_once_and_what_it_replaces_does_not_fight_it() -> None:
    of = window(1)
    served = replace(history("1", "2"), stable=ref("2", of))
    story = Story(serving("2", wants="1", of=of, status=served))
    story.rest()
    assert story.world.status.stable == ref("1", of)
    assert story.now - NOW < 2 * MINUTE
    assert {stage for stage, _ in story.stages} == {Stage.PREPARING, Stage.IDLE}
    assert story.world.status.history[-1].message == "it served before and comes back without a trial"


@pytest.mark.parametrize("weight", [0, 50])
def test_a_trial_that_is_replaced_by_what_may_come_back_makes_way(weight: int) -> None:
    world = on_trial(Stage.CANARY, wants="0", of=window(1), weight=weight)
    world = replace(world, status=replace(world.status, history=(ended("0"), ended("1"))))
    trial = followed(world).trial
    assert trial is not None
    assert (trial.candidate, trial.returning) == (ref("0", window(1)), True)


# While the store is away


def test_the_way_back_needs_no_store() -> None:
    of = spec(version="1")
    world = replace(in_probation(since=MINUTE, of=of), target=STORE_DOWN)
    assert followed(world).stable == ref("1", of)


@pytest.mark.parametrize(
    "change",
    [
        {"target": UNKNOWN},  # the version itself is wrong
        {"spec": spec()},  # a channel may name any version
        {"spec": spec(version="3")},
        {"pods": {TWO: available(2)}},
        {"recipes": {TWO: recipe("2")}},
    ],
)
def test_what_is_not_known_for_sure_changes_nothing(change: dict[str, Any]) -> None:
    world = replace(in_probation(since=MINUTE, of=spec(version="1")), target=STORE_DOWN)
    world = replace(world, **change)
    assert followed(world) == world.status


def test_annotations_have_the_names_that_people_type() -> None:
    assert (PROMOTE, ABORT, RETRY) == ("seatrial.dev/promote", "seatrial.dev/abort", "seatrial.dev/retry")
