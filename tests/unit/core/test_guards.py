"""What may keep a trial from going on: which objection is made first, and in which words."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from seatrial.api.conditions import Reason
from seatrial.api.requests import ABORT, PROMOTE
from seatrial.api.spec import Spec
from seatrial.api.status import Retiring, Stage, Status
from seatrial.core import guards
from seatrial.core.guards import GUARDS, objection
from seatrial.core.observed import Evidence, Observed, RouteState, Unknown
from seatrial.core.situation import Objection, Situation
from seatrial.judge.verdict import Finding, Verdict
from tests.given import (
    MINUTE,
    NOW,
    ROUTE,
    UNKNOWN,
    available,
    on_trial,
    ref,
    spec,
    taken,
    target,
    troubled,
    unseen_pods,
)

PASS = Finding("errors", Verdict.PASS, "fine", -1.0, 5.0)
FAIL = Finding("errors", Verdict.FAIL, "too many", 9.0, 5.0)
UNSURE = Finding("latency", Verdict.INCONCLUSIVE, "3 of 100 requests", 0.0, 5.0)
ROUTED: Mapping[str, Any] = {"route": ROUTE}
TWO = ref("2").revision
NO_SHADOW: Mapping[str, Any] = {"rollout": {"shadow": {"enabled": False}}}
NO_CANARY: Mapping[str, Any] = {"rollout": {"canary": {"enabled": False}}}


def situation(world: Observed, *findings: Finding) -> Situation:
    assert isinstance(world.spec, Spec)
    assert world.status.trial is not None
    return Situation(world, world.spec, world.status, world.status.trial, findings or (PASS,), NOW)


def canary(sections: Mapping[str, Any] = {}, **changes: Any) -> Observed:
    """A canary that has lasted for a quarter of an hour: nothing keeps it."""
    return on_trial(Stage.CANARY, **{"since": 15 * MINUTE, "of": spec(**sections), **changes})


def test_nothing_keeps_a_canary_that_passes() -> None:
    assert objection(situation(canary())) is None


def test_paused() -> None:
    found = guards.not_paused(situation(canary({"rollout": {"paused": True}})))
    assert found == Objection("paused by spec.rollout.paused; set it to false to go on", Reason.PAUSED, excused=True)


def test_another_version_is_wanted() -> None:
    found = guards.still_wanted(situation(canary(world={"target": target("3")})))
    assert found is not None
    assert found.message.startswith("version 3 is wanted now; waits for a pod of the stable version")
    assert found.excused


def test_what_is_wanted_is_not_known() -> None:
    assert guards.still_wanted(situation(canary(world={"target": UNKNOWN}))) is None


@pytest.mark.parametrize(
    ("named", "words"),
    [
        (spec(version="99", **ROUTED), "version 99 is wanted; waits for a pod"),
        (
            spec(version="2", digest="sha256:" + "a" * 64, **ROUTED),
            f"spec.model.digest is sha256:{'a' * 64}, and version 2 has",
        ),
    ],
)
def test_what_the_spec_names_is_known_without_the_store(named: Spec, words: str) -> None:
    found = guards.still_wanted(situation(canary(world={"target": UNKNOWN, "spec": named})))
    assert found is not None
    assert found.message.startswith(words)


def test_scaled_to_zero() -> None:
    found = guards.not_scaled_to_zero(situation(canary({"replicas": 0})))
    assert found == Objection("spec.serving.replicas is 0: nothing is tried until there are pods again", excused=True)


def test_a_first_version_that_is_scaled_to_zero_is_not_kept() -> None:
    world = canary({"replicas": 0})
    world = replace(world, status=replace(world.status, stable=None))
    assert guards.not_scaled_to_zero(situation(world)) is None


@pytest.mark.parametrize(
    ("stage", "sections", "kept"),
    [
        (Stage.PREPARING, {}, True),
        (Stage.SHADOW, {}, True),
        (Stage.CANARY, {}, True),  # the route was taken away
        (Stage.SHADOW, ROUTED, False),  # weights keep the old pods out
    ],
)
def test_pods_of_an_earlier_candidate(stage: Stage, sections: Mapping[str, Any], kept: bool) -> None:
    world = on_trial(stage, of=spec(**sections))
    world = replace(world, status=replace(world.status, retiring=(Retiring("old", NOW),)))
    expected = Objection("waits until the pods of the last revision are gone", excused=True) if kept else None
    assert guards.drained(situation(world)) == expected


@pytest.mark.parametrize(("sections", "kept"), [({}, True), (ROUTED, False)])
def test_pods_of_an_earlier_candidate_that_could_not_be_removed(sections: Mapping[str, Any], kept: bool) -> None:
    """However long ago it was."""
    world = on_trial(Stage.CANARY, of=spec(**sections))
    world = replace(world, pods={**world.pods, "old": available(1)})
    expected = Objection("waits until the pods of revision old are gone", excused=True) if kept else None
    assert guards.drained(situation(world)) == expected


@pytest.mark.parametrize(
    ("pods", "words"),
    [
        (available(0), "waits for 1 available pod of the candidate, has 0"),
        (troubled("ImagePullBackOff: no such image"), "has 0: ImagePullBackOff: no such image"),
    ],
)
def test_too_few_pods(pods: Any, words: str) -> None:
    found = guards.pods_available(situation(canary(pods=pods)))
    assert found is not None
    assert found.message.endswith(words)
    assert not found.excused


@pytest.mark.parametrize("side", ["pods", "stable_pods"])
def test_pods_that_cannot_be_seen_are_waited_for(side: str) -> None:
    revision = TWO if side == "pods" else ref("1").revision
    words = f"waits for word of all pods: revision {revision}: the pods cannot be seen: no answer"
    changes: dict[str, Any] = {side: unseen_pods()}
    assert guards.pods_seen(situation(canary(**changes))) == Objection(words)
    assert guards.pods_seen(situation(canary())) is None


def test_pods_of_no_deployment() -> None:
    world = canary()
    found = guards.pods_available(situation(replace(world, pods={})))
    assert found is not None
    assert found.message.endswith("has 0")


@pytest.mark.parametrize(
    ("route", "step_since", "words"),
    [
        (taken({TWO: 1}), None, "waits for the weight of 1 % to take effect"),
        (taken({TWO: 1}), NOW, None),
        (taken({TWO: 5}), NOW, f"waits for the gateway: the HTTPRoute sends 5 % to revision {TWO}, not yet 1 %"),
        (taken({}), NOW, f"waits for the gateway: the HTTPRoute sends 0 % to revision {TWO}, not yet 1 %"),
        (RouteState(None, "it has not answered"), NOW, "waits for the gateway: it has not answered"),
        (RouteState(False, "no such listener"), NOW, "waits for the gateway: no such listener"),
        (None, NOW, "waits for the gateway: there is no HTTPRoute yet"),
    ],
)
def test_a_weight_that_is_not_in_effect(route: RouteState | None, step_since: Any, words: str | None) -> None:
    found = guards.weight_in_effect(situation(canary(ROUTED, step_since=step_since, world={"route": route})))
    assert found == (None if words is None else Objection(words))


def test_without_a_route_no_gateway_is_waited_for() -> None:
    assert guards.weight_in_effect(situation(canary(world={"route": None}))) is None


def test_a_shadow_has_no_weight() -> None:
    assert guards.weight_in_effect(situation(on_trial(Stage.SHADOW))) is None


def test_inconclusive_waits_and_says_which_check() -> None:
    found = guards.passes(situation(canary(), PASS, UNSURE))
    assert found == Objection("latency: Inconclusive · 3 of 100 requests")


@pytest.mark.parametrize(
    ("world", "findings", "verdict"),
    [
        (canary(), (PASS, PASS), Verdict.PASS),
        (canary(), (PASS, UNSURE), Verdict.INCONCLUSIVE),
        (canary(), (UNSURE, FAIL), Verdict.FAIL),
        (canary(step=4), (UNSURE,), Verdict.INCONCLUSIVE),  # also while it scales up to take over
        (canary(NO_CANARY), (UNSURE,), Verdict.PASS),
        (canary(NO_CANARY), (UNSURE, FAIL), Verdict.FAIL),
        (on_trial(Stage.PREPARING), (), Verdict.PASS),
        (on_trial(Stage.SHADOW, of=spec(**NO_SHADOW)), (UNSURE,), Verdict.PASS),
        (on_trial(Stage.SHADOW), (UNSURE,), Verdict.INCONCLUSIVE),
    ],
)
def test_the_verdict_of_a_stage(world: Observed, findings: tuple[Finding, ...], verdict: Verdict) -> None:
    assert isinstance(world.spec, Spec)
    assert world.status.trial is not None
    assert Situation(world, world.spec, world.status, world.status.trial, findings, NOW).verdict is verdict


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (on_trial(Stage.SHADOW, since=4 * MINUTE), "shadow passes so far; 6m left"),
        (canary(step=1, step_since=NOW - 9 * MINUTE), "step 2 passes so far; 1m left"),
    ],
)
def test_a_stage_that_is_not_over(world: Observed, words: str) -> None:
    assert guards.long_enough(situation(world)) == Objection(words, excused=True)


def test_a_stage_that_is_over() -> None:
    assert guards.long_enough(situation(on_trial(Stage.SHADOW, since=10 * MINUTE))) is None


MISTAKEN = Evidence(since=NOW, readings={"own": Unknown(Reason.INVALID_SPEC, "a parse error")})


def test_a_query_that_cannot_be_answered_waits_for_a_person_and_not_for_the_deadline() -> None:
    found = objection(situation(replace(canary(), evidence=MISTAKEN), PASS))
    assert found is not None
    assert (found.message, found.reason, found.excused) == ("the check own: a parse error", Reason.INVALID_SPEC, True)


def test_what_approves_nothing_is_told() -> None:
    steps: Mapping[str, Any] = {"canary": {"steps": [{"weight": 1, "approval": "Required"}]}}
    world = on_trial(
        Stage.CANARY, since=60 * MINUTE, of=spec(rollout=steps), world={"annotations": {PROMOTE: f"{TWO}/0"}}
    )
    found = guards.approved(situation(world, PASS))
    assert found is not None
    assert found.message.endswith(f"; it is '{TWO}/0', which approves nothing of it")


def test_objections_are_asked_for_in_this_order() -> None:
    """Each change mends what the objection before it was about; the next one is then the first."""
    steps: Mapping[str, Any] = {"canary": {"steps": [{"weight": 1, "approval": "Required"}]}}
    world = on_trial(
        Stage.CANARY,
        step_since=None,
        pods=available(0),
        of=spec(replicas=0, rollout={"paused": True, **steps}, **ROUTED),
        world={"target": target("3"), "route": None, "annotations": {ABORT: TWO}},
    )
    begun, long_ago = (with_step_since(world, at) for at in (NOW, NOW - 10 * MINUTE))
    asked = []
    changes: tuple[dict[str, Any], ...] = (
        {},
        {"spec": spec(replicas=0, rollout=steps, **ROUTED)},
        {"target": target("2")},
        {"annotations": {}},
        {"spec": spec(rollout=steps, **ROUTED)},
        {"pods": canary(stable_pods=unseen_pods()).pods},
        {"pods": canary().pods},
        {"route": taken({TWO: 1}), "status": begun, "evidence": MISTAKEN},
        {"evidence": UNKNOWN},
        {"status": long_ago},
    )
    for mended in changes:
        world = replace(world, **mended)
        asked.append(objection(situation(world, UNSURE)))
    asked.append(objection(situation(world, PASS)))
    words = [found.message.split(";")[0] for found in asked if found is not None]
    assert words == [
        "paused by spec.rollout.paused",
        "version 3 is wanted now",
        "aborted by the annotation seatrial.dev/abort",
        "spec.serving.replicas is 0: nothing is tried until there are pods again",
        "waits for 2 available pods of the candidate, has 0",
        f"waits for word of all pods: revision {ref('1').revision}: the pods cannot be seen: no answer",
        "waits for the gateway: there is no HTTPRoute yet",
        "the check own: a parse error",
        "step 1: 10m left",
        "latency: Inconclusive · 3 of 100 requests",
        "step 1 (1 %) passes and waits for approval: `seatrial promote risk -n ml`, or the annotation"
        f" seatrial.dev/promote={TWO}/1",
    ]
    assert len(GUARDS) == len(words) + 1  # `drained` does not object where there is a route


def with_step_since(world: Observed, at: datetime) -> Status:
    assert world.status.trial is not None
    return replace(world.status, trial=replace(world.status.trial, step_since=at))


def test_a_step_that_is_not_over_says_what_is_not_shown_yet() -> None:
    found = guards.long_enough(situation(on_trial(Stage.SHADOW, since=4 * MINUTE), UNSURE))
    assert found == Objection("shadow: 6m left; latency: Inconclusive · 3 of 100 requests", excused=True)


APPROVED_STEPS = {"rollout": {"canary": {"steps": [{"weight": 5}, {"weight": 20, "approval": "Required"}]}}}


@pytest.mark.parametrize(
    ("step", "said", "waits"),
    [
        (0, "", False),  # no approval is asked for
        (1, "", True),
        (1, f"{TWO}/20", False),
        (1, f"{TWO}/50", False),  # a later step's is this one's too
        (1, f"{TWO}/5", True),
        (1, f"{TWO}/100", True),  # no step has it
        (1, f"{TWO}/all", True),
        (1, f"{ref('1').revision}/20", True),
        (2, "", False),  # after the last step only pods are waited for
    ],
)
def test_a_step_waits_for_the_approval_that_names_it(step: int, said: str, waits: bool) -> None:
    world = canary(APPROVED_STEPS, step=step, world={"annotations": {PROMOTE: said}})
    found = guards.approved(situation(world))
    assert (found is not None) is waits
    if found is not None:
        assert (found.reason, found.excused) == (Reason.AWAITING_APPROVAL, True)


def test_steps_may_have_durations_of_their_own() -> None:
    own = {"canary": {"steps": [{"weight": 5, "duration": "1h"}, {"weight": 20}], "stepDuration": "5m"}}
    left = [guards.long_enough(situation(on_trial(Stage.CANARY, step=n, of=spec(rollout=own)))) for n in (0, 1)]
    assert left == [Objection(f"step {n} passes so far; {it} left", excused=True) for n, it in ((1, "1h"), (2, "5m"))]
