"""The rollout as a table: what a verdict does at each stage, what a deadline does, and when a probation ends."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.api.status import RestartsLeftOut, Stage, Status
from seatrial.core.observed import Observed, Pods, RouteState
from seatrial.core.rollout import MOVES, Move, advance
from seatrial.judge.verdict import Finding, Verdict
from tests.given import (
    MINUTE,
    NOW,
    ROUTE,
    UNKNOWN,
    available,
    in_probation,
    observed,
    on_trial,
    ref,
    restarted,
    spec,
    taken,
    troubled,
    unseen_pods,
)

PASS = Finding("errors", Verdict.PASS, "fine", -1.0, 5.0)
FAIL = Finding("errors", Verdict.FAIL, "too many", 9.0, 5.0)
UNSURE = Finding("errors", Verdict.INCONCLUSIVE, "3 of 100 requests", 0.0, 5.0)
LATE, HOUR = timedelta(hours=7), timedelta(hours=1)
ONE, TWO = ref("1").revision, ref("2").revision


def after(world: Observed, *findings: Finding) -> Status:
    assert isinstance(world.spec, Spec)
    return advance(world, world.spec, world.status, findings, NOW)


def held(status: Status) -> tuple[str, str]:
    assert status.trial is not None
    return status.trial.held, status.trial.held_reason


def trial_of(status: Status) -> tuple[Stage, int]:
    assert status.trial is not None
    return status.trial.stage, status.trial.step


def on_deadline(policy: str, **rollout: Any) -> Spec:
    return spec(rollout={"onDeadline": policy, **rollout})


def test_the_table_leaves_out_only_what_cannot_be_or_must_wait() -> None:
    stages = (Stage.PREPARING, Stage.SHADOW, Stage.CANARY, Stage.PROBATION)
    assert set(product(stages, Verdict)) - MOVES.keys() == {
        (Stage.PREPARING, Verdict.FAIL),  # nothing is judged before there is traffic
        (Stage.PREPARING, Verdict.INCONCLUSIVE),
        (Stage.SHADOW, Verdict.INCONCLUSIVE),
        (Stage.CANARY, Verdict.INCONCLUSIVE),
    }
    assert set(MOVES.values()) == set(Move)


# Where nothing happens


def test_nothing_is_on_trial() -> None:
    world = observed(status=Status(stable=ref("1")))
    assert after(world) == world.status


# Advancing


def test_a_candidate_whose_pod_is_there_gets_shadow_traffic() -> None:
    status = after(on_trial(Stage.PREPARING, since=MINUTE))
    assert trial_of(status) == (Stage.SHADOW, 0)
    assert status.trial is not None
    assert (status.trial.stage_since, status.trial.began) == (NOW, NOW - MINUTE)


def test_a_candidate_without_pods_waits() -> None:
    status = after(on_trial(Stage.PREPARING, pods=available(0)))
    assert trial_of(status) == (Stage.PREPARING, 0)
    assert held(status) == ("waits for 2 available pods of the candidate, has 0", "")


def test_without_a_shadow_the_canary_comes_first() -> None:
    status = after(on_trial(Stage.PREPARING, of=spec(rollout={"shadow": {"enabled": False}})))
    assert trial_of(status) == (Stage.CANARY, 0)


def test_a_shadow_that_passes_becomes_a_canary_with_evidence_of_its_own() -> None:
    status = after(on_trial(Stage.SHADOW, since=10 * MINUTE), PASS)
    assert trial_of(status) == (Stage.CANARY, 0)
    assert status.trial is not None
    assert (status.trial.stage_since, status.trial.step_since) == (NOW, None)


def test_a_shadow_that_was_taken_out_of_the_spec_ends() -> None:
    status = after(on_trial(Stage.SHADOW, of=spec(rollout={"shadow": {"enabled": False}})), UNSURE)
    assert trial_of(status) == (Stage.CANARY, 0)


def test_a_step_that_passes_leads_to_the_next_over_the_same_evidence() -> None:
    world = on_trial(Stage.CANARY, since=10 * MINUTE)
    status = after(world, PASS)
    assert trial_of(status) == (Stage.CANARY, 1)
    assert status.trial is not None
    assert (status.trial.stage_since, status.trial.step_since) == (NOW - 10 * MINUTE, None)
    assert status.stable == ref("1")


def test_after_the_last_step_the_candidate_scales_up() -> None:
    status = after(on_trial(Stage.CANARY, step=3, since=10 * MINUTE), PASS)
    assert trial_of(status) == (Stage.CANARY, 4)
    assert status.stable == ref("1")


def test_it_takes_over_once_it_has_all_its_pods() -> None:
    waits = after(on_trial(Stage.CANARY, step=4, since=10 * MINUTE, pods=available(1)), PASS)
    assert held(waits)[0] == "waits for 2 available pods of the candidate, has 1"
    world = on_trial(Stage.CANARY, step=4, since=10 * MINUTE)
    status = after(world, PASS)
    assert (status.stable, status.trial) == (ref("2"), None)
    assert status.probation is not None
    assert status.probation.previous == ref("1")
    assert (status.probation.reference_since, status.probation.since) == (NOW - 10 * MINUTE, NOW)
    assert status.history[-1].outcome == "Promoted"


def test_it_does_not_take_over_on_a_verdict_that_no_longer_stands() -> None:
    """Prometheus went away, or the steps were made fewer while a later one went on."""
    status = after(on_trial(Stage.CANARY, step=4, since=10 * MINUTE), UNSURE)
    assert trial_of(status) == (Stage.CANARY, 4)
    assert held(status)[0] == "errors: Inconclusive · 3 of 100 requests"


def test_fewer_steps_do_not_promote_what_no_check_has_passed() -> None:
    fewer = spec(rollout={"canary": {"steps": [{"weight": 10}]}})
    assert after(on_trial(Stage.CANARY, step=1, since=MINUTE, of=fewer), UNSURE).stable == ref("1")


def test_without_a_probation_the_old_revision_retires_at_once() -> None:
    status = after(on_trial(Stage.CANARY, step=4, since=HOUR, of=spec(rollout={"probation": "0s"})), PASS)
    assert (status.stable, status.probation) == (ref("2"), None)
    assert [r.revision for r in status.retiring] == [ONE]


def test_a_canary_that_was_taken_out_of_the_spec_takes_over_with_all_its_pods() -> None:
    without = spec(rollout={"canary": {"enabled": False}})
    assert after(on_trial(Stage.CANARY, of=without, pods=available(1)), UNSURE).stable == ref("1")
    assert after(on_trial(Stage.CANARY, of=without), UNSURE).stable == ref("2")


# Rejecting


@pytest.mark.parametrize("stage", [Stage.SHADOW, Stage.CANARY])
def test_one_fail_rolls_back_and_is_remembered(stage: Stage) -> None:
    status = after(on_trial(stage), UNSURE, FAIL)
    assert (status.stable, status.trial) == (ref("1"), None)
    assert [(r.revision, r.message) for r in status.rejected] == [(TWO, "errors: Fail · too many")]
    assert (status.history[-1].outcome, status.history[-1].message) == ("RolledBack", "errors: Fail · too many")
    assert [r.revision for r in status.retiring] == [TWO]


@pytest.mark.parametrize(
    "world",
    [
        on_trial(Stage.CANARY, of=spec(rollout={"paused": True})),
        on_trial(Stage.CANARY, since=LATE, of=on_deadline("Promote")),
        on_trial(Stage.CANARY, pods=available(0)),
        on_trial(Stage.CANARY, of=spec(rollout={"canary": {"enabled": False}})),
        on_trial(Stage.CANARY, step=4),
        on_trial(Stage.CANARY, since=-HOUR),  # the clock went back
    ],
    ids=["paused", "late", "without pods", "left out", "scaling up", "in the future"],
)
def test_a_fail_waits_for_nothing(world: Observed) -> None:
    assert [r.revision for r in after(world, FAIL).rejected] == [TWO]


def test_a_fail_waits_only_for_pods_that_can_take_the_traffic_back() -> None:
    status = after(on_trial(Stage.CANARY, step=3, stable_pods=available(0)), FAIL)
    assert held(status)[0].startswith("waits for a pod of the stable version that can take the traffic back; errors")
    assert status.rejected == ()


def test_a_refused_artifact_is_rejected_before_it_has_traffic() -> None:
    status = after(on_trial(Stage.PREPARING, pods=troubled("Error: refused: model.skops has not its digest")))
    assert [r.version for r in status.rejected] == ["2"]
    assert "model.skops has not its digest" in status.history[-1].message


def test_an_artifact_that_another_pod_has_verified_is_not_what_is_wrong() -> None:
    refusing = Pods(wanted=2, ready=1, available=1, trouble="Error: refused: manifest of risk 2: expected sha256:1")
    status = after(on_trial(Stage.CANARY, step=4, pods=refusing), PASS)
    assert status.rejected == ()
    assert "refused: manifest of risk 2" in held(status)[0]


@pytest.mark.parametrize(
    "trouble",
    [
        "ErrImagePull: dial tcp 10.0.0.1:443: connect: connection refused: will be tried again",
        "CrashLoopBackOff: out of memory",
        "",
    ],
)
def test_other_troubles_are_waited_for(trouble: str) -> None:
    assert after(on_trial(Stage.PREPARING, pods=troubled(trouble))).rejected == ()


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.SHADOW])
def test_a_stage_begins_with_the_restarts_that_were_before_it(stage: Stage) -> None:
    status = after(on_trial(stage, since=HOUR, pods=restarted(5, 0), stable_pods=restarted(1)), PASS)
    assert status.trial is not None
    assert status.trial.stage is not stage
    assert status.trial.restarts_left_out == RestartsLeftOut({"pod-0": 5}, {"pod-0": 1})


def test_a_step_leaves_out_no_more_than_the_stage() -> None:
    before = RestartsLeftOut({"pod-0": 1}, {"pod-0": 2})
    world = on_trial(Stage.CANARY, since=HOUR, pods=restarted(3), stable_pods=restarted(4), restarts_left_out=before)
    status = after(world, PASS)
    assert status.trial is not None
    assert (status.trial.step, status.trial.restarts_left_out) == (1, before)


def test_a_probation_begins_with_the_restarts_that_were_before_it() -> None:
    probation = after(on_trial(Stage.CANARY, step=4, since=HOUR, pods=restarted(2)), PASS).probation
    assert probation is not None
    assert probation.restarts_left_out == RestartsLeftOut({"pod-0": 2})


@pytest.mark.parametrize("policy", ["Rollback", "Promote"])
@pytest.mark.parametrize("side", ["pods", "stable_pods"])
def test_the_deadline_decides_nothing_where_it_cannot_be_seen_who_lives(policy: str, side: str) -> None:
    late: dict[str, Any] = {side: unseen_pods(), "since": LATE, "of": on_deadline(policy)}
    status = after(on_trial(Stage.CANARY, **late), UNSURE)
    assert (status.stable, status.rejected) == (ref("1", on_deadline(policy)), ())
    assert held(status)[1] == Reason.DEADLINE_EXCEEDED


@pytest.mark.parametrize(("since", "over"), [(40 * MINUTE, False), (LATE, True)])
def test_a_probation_lasts_longer_where_it_cannot_be_seen_who_lives(since: timedelta, over: bool) -> None:
    world = in_probation(since=since)
    world = replace(world, pods={**world.pods, ref("1").revision: unseen_pods()})
    assert (after(world, PASS).probation is None) is over


def test_a_pod_that_is_ready_has_verified_the_artifact_that_another_refuses() -> None:
    pods = replace(troubled("Error: refused: no such format", 2), ready=1)
    assert after(on_trial(Stage.PREPARING, pods=pods)).rejected == ()


# A first version


def first(pods: Pods, since: timedelta = MINUTE, of: Spec | None = None) -> Observed:
    world = on_trial(Stage.PREPARING, since=since, pods=pods, of=of)
    return replace(world, status=replace(world.status, stable=None))


def test_a_first_version_serves_as_soon_as_a_pod_does() -> None:
    status = after(first(Pods(wanted=2, ready=2, available=1)))
    assert (status.stable, status.trial, status.probation) == (ref("2"), None, None)
    assert status.history[-1].message == "the first version: nothing to compare it with"


def test_a_first_version_is_not_rejected_because_nothing_else_could_serve() -> None:
    status = after(first(troubled("Error: refused: no such format")))
    assert (status.rejected, trial_of(status)) == ((), (Stage.PREPARING, 0))


@pytest.mark.parametrize("policy", ["Pause", "Rollback", "Promote"])
def test_a_first_version_that_is_late_calls_for_a_person_and_serves_when_it_can(policy: str) -> None:
    status = after(first(available(0), LATE, on_deadline(policy)))
    assert held(status)[1] == Reason.DEADLINE_EXCEEDED
    assert after(first(available(1), LATE, on_deadline(policy))).stable == ref("2")


def test_a_first_version_that_is_scaled_to_zero_serves_nobody_and_waits_for_nothing() -> None:
    assert after(first(available(0), of=spec(replicas=0))).stable is not None


# The deadline


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.SHADOW, Stage.CANARY])
def test_pause_holds_and_calls_for_a_person(stage: Stage) -> None:
    world = on_trial(stage, since=LATE, pods=available(0), of=on_deadline("Pause"))
    message, reason = held(after(world, UNSURE))
    assert message.startswith("longer on trial than spec.rollout.progressDeadline (6h): waits for ")
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
    assert "progressDeadline" in done.history[-1].message


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
        assert (status.trial.began, status.trial.stopped) == (NOW - LATE + minutes * MINUTE, None)


@pytest.mark.parametrize(
    "because",
    [
        {"evidence": UNKNOWN},
        {"pods": unseen_pods()},
        {"of": on_deadline("Rollback", paused=True)},
        {"of": spec(replicas=0, rollout={"onDeadline": "Rollback"})},
    ],
)
def test_it_does_not_count_from_the_first_look_on(because: dict[str, Any]) -> None:
    for since, expected in ((None, NOW), (NOW - MINUTE, NOW - MINUTE)):
        status = after(stopped(0, **because, stopped=since), UNSURE)
        assert status.trial is not None
        assert (status.trial.began, status.trial.stopped) == (NOW - LATE, expected)


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
    assert status.trial.began == NOW - HOUR


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


# Probation


def test_a_fail_gives_the_place_back_at_once() -> None:
    status = after(in_probation(since=MINUTE), FAIL)
    assert (status.stable, status.probation) == (ref("1"), None)
    assert [(r.revision, r.message) for r in status.rejected] == [(TWO, "errors: Fail · too many")]
    assert [(e.outcome, e.revision) for e in status.history[-1:]] == [("RolledBack", TWO)]
    assert [r.revision for r in status.retiring] == [TWO]


def test_a_fail_waits_for_the_old_versions_pods() -> None:
    world = in_probation(since=HOUR)
    assert after(replace(world, pods={TWO: available(2)}), FAIL) == world.status
    gone = replace(world, pods={})
    assert after(gone, FAIL).stable == ref("1")  # nobody has pods: nothing is lost


@pytest.mark.parametrize("finding", [PASS, UNSURE])
def test_it_lasts_as_long_as_the_spec_says(finding: Finding) -> None:
    during = in_probation(since=29 * MINUTE)
    assert after(during, finding) == during.status
    status = after(in_probation(since=30 * MINUTE), finding)
    assert (status.stable, status.probation) == (ref("2"), None)
    assert [r.revision for r in status.retiring] == [ONE]


@pytest.mark.parametrize(
    "route", [None, RouteState(None, "soon"), RouteState(False, "no host"), taken({ONE: 50, TWO: 50})]
)
def test_a_probation_lasts_until_the_gateway_sends_the_promoted_revision_everything(route: RouteState | None) -> None:
    world = in_probation(since=HOUR, of=spec(route=ROUTE))
    assert after(world, PASS).probation is None
    assert after(replace(world, route=route), PASS).probation is not None
    assert after(replace(world, route=route), FAIL).stable == ref("1", spec(route=ROUTE))


def test_the_old_version_stays_while_prometheus_does_not_answer_but_not_for_ever() -> None:
    unknown = in_probation(since=5 * HOUR, evidence=UNKNOWN)
    assert after(unknown, UNSURE) == unknown.status
    assert after(in_probation(since=6 * HOUR, evidence=UNKNOWN), UNSURE).probation is None


def test_the_old_version_stays_while_paused() -> None:
    paused = in_probation(since=HOUR, of=spec(rollout={"paused": True}))
    assert after(paused, PASS) == paused.status
    assert after(paused, FAIL).stable == ref("1", of=spec(rollout={"paused": True}))
