"""The progress deadline: what it does, and which time counts toward it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from seatrial.api.conditions import Reason
from seatrial.api.requests import PROMOTE
from seatrial.api.status import RestartsLeftOut, Stage
from seatrial.core.observed import Observed
from tests.given import (
    MINUTE,
    NOW,
    UNKNOWN,
    available,
    on_trial,
    ref,
    restarted,
    spec,
    troubled,
    unseen_pods,
)
from tests.unit.core.advanced import HOUR, LATE, PASS, TWO, UNSURE, after, held, on_deadline, trial_of


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.SHADOW, Stage.CANARY])
def test_pause_holds_and_calls_for_a_person(stage: Stage) -> None:
    world = on_trial(stage, since=LATE, pods=available(0), of=on_deadline("Pause"))
    message, reason = held(after(world, UNSURE))
    assert message.startswith("waits for longer than spec.rollout.progressDeadline (6h): waits for ")
    assert reason == Reason.DEADLINE_EXCEEDED


@pytest.mark.parametrize("stage", [Stage.SHADOW, Stage.CANARY])
def test_what_was_paused_by_the_deadline_goes_on_with_a_pass(stage: Stage) -> None:
    world = on_trial(stage, since=LATE, held_reason=Reason.DEADLINE_EXCEEDED)
    assert held(after(world, PASS)) == ("", "")


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.SHADOW, Stage.CANARY])
def test_rollback_rejects(stage: Stage) -> None:
    status = after(on_trial(stage, since=LATE, pods=available(0), of=on_deadline("Rollback")), UNSURE)
    assert [r.revision for r in status.rejected] == [TWO]
    assert "progressDeadline (6h)" in status.rejected[0].message


def test_rollback_waits_for_pods_that_can_take_the_traffic_back() -> None:
    world = on_trial(Stage.CANARY, since=LATE, stable_pods=available(0), of=on_deadline("Rollback"))
    assert held(after(world, UNSURE))[1] == Reason.DEADLINE_EXCEEDED


def test_promote_scales_up_first_and_then_promotes() -> None:
    late = on_deadline("Promote")
    scaling = after(on_trial(Stage.SHADOW, since=LATE, pods=available(1), of=late), UNSURE)
    assert (trial_of(scaling), scaling.stable) == ((Stage.CANARY, 4), ref("1"))
    done = after(on_trial(Stage.CANARY, step=4, since=LATE, of=late), UNSURE)
    assert done.stable == ref("2")
    assert done.history[-1].message.startswith(
        "promoted by spec.rollout.onDeadline, though not shown to be good; waits"
    )


def test_promote_calls_a_person_where_the_pods_do_not_come_up() -> None:
    late = on_deadline("Promote")
    stuck = after(on_trial(Stage.SHADOW, since=LATE, pods=troubled("Unschedulable"), of=late), UNSURE)
    assert held(stuck)[1] == Reason.DEADLINE_EXCEEDED
    assert held(after(on_trial(Stage.SHADOW, since=LATE, pods=available(1), of=late), UNSURE))[1] == ""


@pytest.mark.parametrize(
    ("stage", "approved", "promoted"),
    [(Stage.SHADOW, "", False), (Stage.CANARY, "", False), (Stage.CANARY, "5", False), (Stage.CANARY, "25", True)],
)
def test_promote_is_no_approval(stage: Stage, approved: str, promoted: bool) -> None:
    """Of a step that is still to come neither."""
    steps = [{"weight": 5}, {"weight": 25, "approval": "Required"}]
    world = on_trial(stage, since=LATE, of=on_deadline("Promote", canary={"steps": steps}))
    status = after(replace(world, annotations={PROMOTE: f"{TWO}/{approved}"} if approved else {}), UNSURE)
    assert (status.stable == ref("2")) is promoted
    if not promoted:
        assert held(status)[1] == Reason.DEADLINE_EXCEEDED


@pytest.mark.parametrize("policy", ["Pause", "Rollback", "Promote"])
def test_no_policy_decides_while_prometheus_does_not_answer(policy: str) -> None:
    status = after(on_trial(Stage.CANARY, since=LATE, evidence=UNKNOWN, of=on_deadline(policy)), UNSURE)
    assert held(status)[1] == Reason.DEADLINE_EXCEEDED


def stopped(minutes: int, **changes: Any) -> Observed:
    """A trial of seven hours whose time had not counted for some of them."""
    late: dict[str, Any] = {"since": LATE, "of": on_deadline("Rollback"), "stopped": NOW - minutes * MINUTE}
    return on_trial(Stage.SHADOW, **(late | changes))


@pytest.mark.parametrize(("minutes", "over"), [(59, True), (61, False)])
def test_time_without_evidence_does_not_count(minutes: int, over: bool) -> None:
    status = after(stopped(minutes), UNSURE)
    assert bool(status.rejected) is over
    if status.trial is not None:
        assert (status.trial.began, status.trial.uncounted) == (NOW - LATE, minutes * 60)
        assert status.trial.stopped is None


@pytest.mark.parametrize("because", [{"evidence": UNKNOWN}, {"pods": unseen_pods()}])
def test_time_without_evidence_does_not_count_from_the_first_look_on(because: dict[str, Any]) -> None:
    for since, expected in ((None, NOW), (NOW - HOUR, NOW - HOUR)):
        trial = after(stopped(0, **because, stopped=since), UNSURE).trial
        assert trial is not None
        assert (trial.began, trial.stopped, trial.uncounted) == (NOW - LATE, expected, 0)


@pytest.mark.parametrize(
    "because",
    [
        {"of": on_deadline("Rollback", paused=True)},
        {"of": spec(replicas=0, rollout={"onDeadline": "Rollback"})},
        {"of": on_deadline("Rollback", shadow={"minimumDuration": "8h"})},
    ],
)
@pytest.mark.parametrize(("since", "expected"), [(0, (0, 0)), (59, (59, 0)), (60, (0, 60)), (3600, (0, 3600))], ids=str)
def test_nor_does_time_that_is_asked_for(because: dict[str, Any], since: int, expected: tuple[int, int]) -> None:
    """It is kept to a minute, so that not every look writes the status."""
    trial = after(stopped(0, **because, stopped=NOW - timedelta(seconds=since)), UNSURE).trial
    assert trial is not None
    assert trial.stopped is not None
    assert ((NOW - trial.stopped).total_seconds(), trial.uncounted) == expected
    assert trial.began == NOW - LATE


def test_a_stage_that_begins_in_an_outage_does_not_count_it() -> None:
    """The shadow was taken out of the spec while Prometheus is away."""
    without = on_deadline("Rollback", shadow={"enabled": False})
    away = stopped(400, of=without, evidence=UNKNOWN)
    status = after(away, UNSURE)
    assert status.trial is not None
    assert (status.trial.stage, status.trial.stopped) == (Stage.CANARY, NOW - 400 * MINUTE)
    back = after(replace(on_trial(Stage.CANARY, of=without), status=status), UNSURE)
    assert (trial_of(back), back.rejected) == ((Stage.CANARY, 0), ())


def test_a_clock_that_went_back_makes_no_trial_older() -> None:
    status = after(on_trial(Stage.SHADOW, since=HOUR, stopped=NOW + MINUTE), UNSURE)
    assert status.trial is not None
    assert (status.trial.began, status.trial.uncounted) == (NOW - HOUR, 0)


@pytest.mark.parametrize(("minutes", "reason"), [(59, Reason.DEADLINE_EXCEEDED), (61, Reason.METRICS_UNAVAILABLE)])
def test_a_deadline_that_had_spoken_stays_so_while_there_is_no_evidence(minutes: int, reason: Reason) -> None:
    status = after(stopped(minutes, evidence=UNKNOWN, pods=available(0)), UNSURE)
    message, said = held(status)
    assert (said, message.endswith("has 0; it does not answer")) == (reason, True)


def test_what_the_deadline_promotes_is_not_given_the_others_past() -> None:
    late = on_deadline("Promote")
    world = on_trial(Stage.PREPARING, since=LATE, of=late, pods=available(0), stable_pods=restarted(5))
    status = after(world)
    assert status.trial is not None
    assert (trial_of(status), status.trial.stage_since) == ((Stage.CANARY, 4), NOW - LATE)
    assert status.trial.restarts_left_out == RestartsLeftOut({}, {"pod-0": 5})
    again = after(replace(world, status=status))
    assert again.trial == status.trial
    assert (status.stable, status.rejected) == (ref("1"), ())


def test_a_trial_that_passes_and_only_lasts_is_not_late() -> None:
    slow = on_deadline("Rollback", canary={"steps": [{"weight": 5}], "stepDuration": "8h"})
    status = after(on_trial(Stage.CANARY, since=LATE, of=slow), PASS)
    assert held(status) == ("step 1 passes so far; 1h left", "")


@pytest.mark.parametrize("sections", [{"rollout": {"paused": True}}, {"replicas": 0}])
def test_waiting_for_a_person_is_not_late(sections: dict[str, Any]) -> None:
    rollout = {"onDeadline": "Rollback", **sections.get("rollout", {})}
    status = after(on_trial(Stage.SHADOW, since=LATE, of=spec(**{**sections, "rollout": rollout})), UNSURE)
    assert status.rejected == ()
    assert "progressDeadline" not in held(status)[0]
