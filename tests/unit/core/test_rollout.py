"""The rollout as a table: what a verdict does at each stage, and when a probation ends."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from seatrial.api import requests
from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.api.status import RestartsLeftOut, Stage, Status
from seatrial.core.observed import Observed, Pods, RouteState
from seatrial.core.table import MOVES, Move
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
from tests.unit.core.advanced import FAIL, HOUR, LATE, ONE, PASS, TWO, UNSURE, after, held, on_deadline, trial_of


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
    """Prometheus went away while it scaled up."""
    status = after(on_trial(Stage.CANARY, step=4, since=10 * MINUTE), UNSURE)
    assert trial_of(status) == (Stage.CANARY, 4)
    assert held(status)[0] == "errors: Inconclusive · 3 of 100 requests"


def test_what_a_person_approved_stays_in_the_history() -> None:
    approved = {requests.PROMOTE: f"{ref('2').revision}/50"}
    status = after(replace(on_trial(Stage.CANARY, step=4, since=HOUR), annotations=approved), PASS)
    assert status.history[-1].message.startswith(f"passed every stage; approved by the annotation {requests.PROMOTE}=")


def test_a_canary_that_is_switched_off_in_its_middle_is_no_passed_stage() -> None:
    off = spec(rollout={"canary": {"enabled": False}})
    status = after(on_trial(Stage.CANARY, step=1, weight=10, since=HOUR, of=off), PASS)
    assert status.history[-1].message.startswith("spec.rollout.canary was switched off")


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
