"""The conditions: what each says, that every reason can come, and that kstatus reads them as they are meant."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from seatrial.api import requests
from seatrial.api.conditions import Condition, Reason, Truth, Type
from seatrial.api.status import Finding, Stage, Status, TrainingStatus
from seatrial.contract.schema import Output, Task
from seatrial.core.describe import CONDITIONS, changed, conditions
from seatrial.core.moves import Outcome
from seatrial.core.observed import Alert, Job, JobPhase, Observed, RouteState, Target, Unknown
from tests.given import (
    MINUTE,
    NOW,
    ROUTE,
    UNKNOWN,
    available,
    ended,
    in_probation,
    manifest,
    observed,
    on_trial,
    ref,
    rejected,
    serving,
    spec,
    taken,
    target,
    troubled,
)
from tests.given import TRAINING as TRAINING_SECTION

ROUTED = spec(route=ROUTE)
WATCHED = spec(monitoring={"drift": {}, "accuracy": {}})
TRAINS = spec(training=TRAINING_SECTION)
HELD: dict[str, Any] = {"held": "longer on trial than it may be", "held_reason": Reason.DEADLINE_EXCEEDED}
APPROVAL = Reason.AWAITING_APPROVAL
REFUSED = "CrashLoopBackOff: refused: model.skops has not its digest"


def unknown(reason: Reason) -> Unknown:
    return Unknown(reason, f"it is so: {reason}")


def starting(**changes: Any) -> Observed:
    """A first version that does not serve yet."""
    world = on_trial(Stage.PREPARING, pods=available(0), held="waits for 1 available pods")
    return replace(world, status=replace(world.status, stable=None), **changes)


def past(outcome: Outcome) -> Observed:
    return serving("1", status=Status(stable=ref("1"), history=(ended("2", outcome, "so it was"),)))


def failed_probation(trouble: str = "", verdict: str = "Fail", pods: int = 0) -> Observed:
    """A promoted version that failed, while nothing can take the traffic back."""
    world = in_probation(since=MINUTE)
    status = replace(world.status, findings=(Finding("errors", verdict, "bad"),))
    previous = replace(troubled(trouble), available=pods)
    return replace(world, status=status, pods={**world.pods, ref("1").revision: previous})


def trained(outcome: str, version: str = "") -> Observed:
    training = TrainingStatus("risk-train-1", "drift", "PSI of team", NOW, outcome, version, "so it was")
    return serving("1", of=TRAINS, status=Status(stable=ref("1", TRAINS), training=training))


def firing(reason: str, of: str = "1") -> Observed:
    return serving("1", of=WATCHED, alerts=(Alert("A", reason, "PSI 0.4 of team", ref(of, WATCHED).revision),))


_MANIFEST = replace(manifest("1"), output=Output("y", Task.REGRESSION))
REGRESSION = Target("1", _MANIFEST.digest, _MANIFEST)
T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
READY, RECONCILING, STALLED, ARTIFACT, ROUTE_READY, ROLLOUT, DRIFTED, ACCURACY, TRAINING, UPDATE = Type

CASES: list[tuple[Observed, Type, Truth, Reason, str]] = [
    # Ready
    (serving("1"), READY, T, Reason.SERVING, "version 1 serves on 2 pods"),
    (on_trial(Stage.CANARY), READY, T, Reason.SERVING, "version 1 serves on 2 pods"),
    (starting(), READY, F, Reason.NO_VERSION_SERVES, "waits for 1 available pods"),
    (observed(target=unknown(Reason.VERSION_NOT_FOUND)), READY, F, Reason.NO_VERSION_SERVES, "it is so: VersionNotF"),
    (observed(serving=UNKNOWN), READY, F, Reason.NO_VERSION_SERVES, "cannot know whether a version served before: it"),
    (observed(), READY, F, Reason.NO_VERSION_SERVES, "the first version starts"),
    (
        observed(serving=unknown(Reason.INVALID_MANIFEST)),
        STALLED,
        T,
        Reason.INVALID_MANIFEST,
        "or delete it if none did",
    ),
    (observed(serving=unknown(Reason.STORE_UNREACHABLE)), STALLED, F, Reason.NOT_STALLED, ""),
    (serving("1", serving=unknown(Reason.INVALID_MANIFEST)), STALLED, F, Reason.NOT_STALLED, ""),
    (serving("1", pods={}), READY, F, Reason.PODS_NOT_READY, "pods of version 1: none is available"),
    (
        serving("1", pods={ref("1").revision: troubled("OOMKilled")}),
        READY,
        F,
        Reason.PODS_NOT_READY,
        "pods of version 1: OOMKilled",
    ),
    (serving("1", of=spec(replicas=0)), READY, T, Reason.SCALED_TO_ZERO, "spec.serving.replicas is 0"),
    (serving("1", spec=UNKNOWN, pods={}), READY, F, Reason.PODS_NOT_READY, "pods of version 1"),
    # Reconciling
    (serving("1"), RECONCILING, F, Reason.SETTLED, "nothing is on its way"),
    (in_probation(since=MINUTE), RECONCILING, F, Reason.SETTLED, "nothing is on its way"),
    (on_trial(Stage.CANARY, held="4m left"), RECONCILING, T, Reason.ON_TRIAL, "version 2: Canary; 4m left"),
    (starting(), RECONCILING, T, Reason.STARTING, "version 2: Preparing; waits"),
    (observed(target=unknown(Reason.STORE_UNREACHABLE)), RECONCILING, T, Reason.STARTING, "it is so: StoreUnreach"),
    (on_trial(Stage.CANARY, **HELD), RECONCILING, F, Reason.HELD, "longer on trial than it may be"),
    (serving("1", of=ROUTED, route=RouteState(None, "soon")), RECONCILING, T, Reason.WAITING_FOR_GATEWAY, "soon"),
    # Stalled
    (serving("1", of=ROUTED, route=RouteState(False, "no host")), STALLED, T, Reason.NOT_ACCEPTED, "no host"),
    (serving("1"), STALLED, F, Reason.NOT_STALLED, "no person is needed"),
    (
        on_trial(Stage.CANARY, stable_pods=troubled("CrashLoopBackOff: artifact: NotFoundError")),
        STALLED,
        T,
        Reason.PODS_NOT_READY,
        "version 1 serves, and has no available pod: CrashLoopBackOff: artifact: NotFoundError; mend what it lacks; or",
    ),
    (
        serving("1", pods={ref("1").revision: troubled("Unschedulable")}),
        STALLED,
        T,
        Reason.PODS_NOT_READY,
        "version 1 serves, and has no available pod: Unschedulable; mend what it lacks",
    ),
    (serving("1", of=ROUTED, route=None), STALLED, F, Reason.NOT_STALLED, "nothing but the gateway is waited for"),
    (
        serving("1", serving=unknown(Reason.INVALID_MANIFEST)),
        READY,
        T,
        Reason.SERVING,
        "version 1 serves on 2 pods; the store does not remember it: it is so: InvalidManifest; delete the record",
    ),
    (
        serving("1", annotations={requests.PROMOTE: "true", requests.ABORT: ref("2").revision}),
        READY,
        T,
        Reason.SERVING,
        "version 1 serves on 2 pods; the annotation seatrial.dev/promote is 'true', which begins with no revision",
    ),
    (on_trial(Stage.CANARY, held="4m left"), STALLED, F, Reason.NOT_STALLED, ""),
    (on_trial(Stage.CANARY, **HELD), STALLED, T, Reason.DEADLINE_EXCEEDED, "longer on trial"),
    (on_trial(Stage.CANARY, held="paused", held_reason=Reason.PAUSED), STALLED, T, Reason.PAUSED, "paused"),
    (on_trial(Stage.CANARY, held="say so", held_reason=APPROVAL), STALLED, T, APPROVAL, "say so"),
    (serving("1", spec=unknown(Reason.INVALID_SPEC)), STALLED, T, Reason.INVALID_SPEC, "it is so: InvalidSpec"),
    (
        serving("1", failure=Unknown(Reason.APPLY_FAILED, "403: may not")),
        STALLED,
        T,
        Reason.APPLY_FAILED,
        "403: may not",
    ),
    (serving("1", failure=Unknown(Reason.STORE_DENIED, "may not write")), STALLED, T, Reason.STORE_DENIED, "may not"),
    (serving("1", failure=Unknown(Reason.STORE_UNREACHABLE, "no answer")), STALLED, F, Reason.NOT_STALLED, ""),
    (serving("1", target=unknown(Reason.SECRET_NOT_FOUND)), STALLED, T, Reason.SECRET_NOT_FOUND, "it is so"),
    (serving("1", target=unknown(Reason.STORE_UNREACHABLE)), STALLED, F, Reason.NOT_STALLED, ""),
    (
        starting(pods={ref("2").revision: troubled(REFUSED)}),
        STALLED,
        T,
        Reason.ARTIFACT_REFUSED,
        "CrashLoopBackOff: refused: model.skops",
    ),
    # ArtifactVerified
    (serving("1"), ARTIFACT, T, Reason.VERIFIED, "version 1, manifest sha256:"),
    *(
        (serving("1", target=unknown(reason)), ARTIFACT, F, reason, "it is so")
        for reason in (
            Reason.VERSION_NOT_FOUND,
            Reason.CHANNEL_NOT_FOUND,
            Reason.DIGEST_MISMATCH,
            Reason.INVALID_MANIFEST,
            Reason.GATES_NOT_PASSED,
            Reason.STORE_DENIED,
            Reason.SECRET_NOT_FOUND,
        )
    ),
    (serving("1", target=unknown(Reason.STORE_UNREACHABLE)), ARTIFACT, U, Reason.STORE_UNREACHABLE, "it is so"),
    (serving("1", target=unknown(Reason.INVALID_SPEC)), ARTIFACT, U, Reason.INVALID_SPEC, "it is so"),
    (on_trial(Stage.PREPARING, pods=troubled(REFUSED)), ARTIFACT, F, Reason.ARTIFACT_REFUSED, REFUSED),
    (
        serving("1", pods={ref("1").revision: troubled(REFUSED)}),  # it was tampered with after its promotion
        ARTIFACT,
        F,
        Reason.ARTIFACT_REFUSED,
        REFUSED,
    ),
    (
        serving("1", wants="2", status=Status(stable=ref("1"), rejected=(rejected("2", message=REFUSED),))),
        ARTIFACT,
        F,
        Reason.ARTIFACT_REFUSED,
        REFUSED,
    ),
    (
        serving("1", status=Status(stable=ref("1"), rejected=(rejected("2", message=REFUSED),))),
        ARTIFACT,
        T,
        Reason.VERIFIED,
        "version 1",
    ),
    (on_trial(Stage.PREPARING, pods=troubled("ErrImagePull: connection refused: x")), ARTIFACT, T, Reason.VERIFIED, ""),
    # RouteReady
    (serving("1"), ROUTE_READY, U, Reason.NO_ROUTE, "spec.route is not set"),
    (serving("1", of=ROUTED), ROUTE_READY, T, Reason.ACCEPTED, "accepted"),
    (observed(of=ROUTED), ROUTE_READY, U, Reason.NO_VERSION_SERVES, "the HTTPRoute is made once a version serves"),
    (serving("1", of=ROUTED, spec=UNKNOWN), ROUTE_READY, U, Reason.INVALID_SPEC, "whatever HTTPRoute there is stays"),
    (
        serving("1", of=ROUTED, spec=UNKNOWN, last_spec=ROUTED),
        ROUTE_READY,
        T,
        Reason.ACCEPTED,
        "accepted",
    ),
    (
        replace(on_trial(Stage.CANARY, weight=25), spec=unknown(Reason.INVALID_SPEC)),
        STALLED,
        T,
        Reason.INVALID_SPEC,
        "it is so: InvalidSpec; until then version 2, which has 25 % of the traffic, is not judged",
    ),
    (
        replace(in_probation(since=timedelta(minutes=1)), spec=unknown(Reason.INVALID_SPEC)),
        STALLED,
        T,
        Reason.INVALID_SPEC,
        "it is so: InvalidSpec; until then version 2, which has 100 % of the traffic, is not judged",
    ),
    (serving("1", of=ROUTED, route=None), ROUTE_READY, U, Reason.WAITING_FOR_GATEWAY, "there is no HTTPRoute yet"),
    (
        serving("1", of=ROUTED, route=None, refused={("HTTPRoute", "risk"): "HTTPRoute ml/risk: 403: no"}),
        ROUTE_READY,
        U,
        Reason.WAITING_FOR_GATEWAY,
        "there is no HTTPRoute yet: HTTPRoute ml/risk: 403: no",
    ),
    (
        on_trial(Stage.CANARY, of=ROUTED, world={"refused": {("HTTPRoute", "risk"): "403: no"}}),
        ROUTE_READY,
        F,
        Reason.APPLY_FAILED,
        f"is what it was (99 % to version 1 (revision {ref('1', ROUTED).revision}), 1 % to version 2 (revision ",
    ),
    (
        serving("1", of=ROUTED, route=RouteState(True, "fine"), refused={("HTTPRoute", "risk"): "403: no"}),
        ROUTE_READY,
        F,
        Reason.APPLY_FAILED,
        "and is what it was: 403: no",
    ),
    (
        serving("1", of=ROUTED, route=taken({"gone": 7, "0": 0}), refused={("HTTPRoute", "risk"): "403: no"}),
        ROUTE_READY,
        F,
        Reason.APPLY_FAILED,
        "is what it was (7 % to risk-gone): 403: no",
    ),
    (serving("1", of=ROUTED, route=RouteState(None, "soon")), ROUTE_READY, U, Reason.WAITING_FOR_GATEWAY, "soon"),
    (serving("1", of=ROUTED, route=RouteState(False, "no host")), ROUTE_READY, F, Reason.NOT_ACCEPTED, "no host"),
    # RolloutSucceeded
    (serving("1"), ROLLOUT, U, Reason.NEVER_TRIED, "no version was tried yet"),
    (on_trial(Stage.PREPARING), ROLLOUT, U, Reason.ON_TRIAL, "version 2 is on trial"),
    (on_trial(Stage.SHADOW), ROLLOUT, U, Reason.SHADOWING, "version 2 is on trial"),
    (on_trial(Stage.CANARY), ROLLOUT, U, Reason.CANARYING, "version 2 is on trial"),
    (in_probation(since=MINUTE), ROLLOUT, T, Reason.IN_PROBATION, "version 2: passed every stage"),
    (failed_probation(), ROLLOUT, F, Reason.IN_PROBATION, "version 2: waits for a pod of version 1"),
    (failed_probation(verdict="Inconclusive"), ROLLOUT, T, Reason.IN_PROBATION, "version 2: passed every stage"),
    (failed_probation(pods=1), ROLLOUT, F, Reason.IN_PROBATION, "version 2: errors: Fail · bad"),
    (failed_probation(pods=1), RECONCILING, F, Reason.SETTLED, ""),
    (failed_probation(), STALLED, F, Reason.NOT_STALLED, "no person is needed"),
    (failed_probation(), RECONCILING, T, Reason.IN_PROBATION, "traffic back: none is available; errors: Fail · bad"),
    (failed_probation("ErrImagePull: gone"), STALLED, T, Reason.PODS_NOT_READY, "traffic back: ErrImagePull: gone; e"),
    (failed_probation("ErrImagePull: gone"), RECONCILING, F, Reason.HELD, "ErrImagePull: gone"),
    (past(Outcome.PROMOTED), ROLLOUT, T, Reason.PROMOTED, "version 2: so it was"),
    (past(Outcome.ROLLED_BACK), ROLLOUT, F, Reason.ROLLED_BACK, "version 2: so it was"),
    (past(Outcome.SUPERSEDED), ROLLOUT, F, Reason.SUPERSEDED, "version 2: so it was"),
    (past(Outcome.ABORTED), ROLLOUT, F, Reason.ABORTED, "version 2: so it was"),
    # Drifted, AccuracyMet
    (serving("1"), DRIFTED, U, Reason.NOT_WATCHED, "spec.monitoring.drift is not set"),
    (serving("1"), ACCURACY, U, Reason.NOT_WATCHED, "spec.monitoring.accuracy is not set"),
    (serving("1", spec=UNKNOWN), DRIFTED, U, Reason.NOT_WATCHED, ""),
    (serving("1", of=WATCHED), DRIFTED, F, Reason.NO_DRIFT, "no drift alert fires"),
    (serving("1", of=WATCHED), ACCURACY, T, Reason.ACCURACY_ENOUGH, "no accuracy alert fires"),
    (serving("1", of=WATCHED, alerts=UNKNOWN), DRIFTED, U, Reason.METRICS_UNAVAILABLE, "it does not answer"),
    (serving("1", of=WATCHED, alerts=UNKNOWN), ACCURACY, U, Reason.METRICS_UNAVAILABLE, "it does not answer"),
    (firing("drift"), DRIFTED, T, Reason.DRIFT_FIRING, "PSI 0.4 of team"),
    (firing("accuracy"), ACCURACY, F, Reason.ACCURACY_BELOW, "PSI 0.4 of team"),
    (firing("drift", of="2"), DRIFTED, F, Reason.NO_DRIFT, ""),  # about a version that no longer serves
    (
        serving("1", of=spec(monitoring={"drift": {"window": "7d"}})),
        DRIFTED,
        U,
        Reason.WINDOW_NOT_INSTALLED,
        "spec.monitoring.drift.window is 7d; the installed rules have 1m, 1h, 24h",
    ),
    # TrainingSucceeded
    (serving("1"), TRAINING, U, Reason.NOT_CONFIGURED, "spec.training is not set"),
    (serving("1", of=TRAINS), TRAINING, U, Reason.NOT_TRAINED, "no trigger has fired yet"),
    (trained(""), TRAINING, U, Reason.TRAINING_STARTED, "Job risk-train-1 runs (drift: PSI of team)"),
    (
        replace(trained(""), jobs={"risk-train-1": Job(JobPhase.RUNNING, trouble="Unschedulable: Insufficient cpu")}),
        TRAINING,
        U,
        Reason.TRAINING_STARTED,
        "Job risk-train-1 runs (drift: PSI of team); its pod: Unschedulable: Insufficient cpu",
    ),
    (
        serving("1", refused={("Service", "risk"): "Service ml/risk is there already and belongs to somebody else"}),
        READY,
        F,
        Reason.APPLY_FAILED,
        "version 1 has pods, and no Service: Service ml/risk is there already",
    ),
    (
        serving("1", refused={("Service", "risk"): "no"}, objects=frozenset({("v1", "Service", "risk")})),
        READY,
        T,
        Reason.SERVING,
        "version 1 serves on 2 pods",
    ),
    (
        serving("1", of=ROUTED, refused={("Service", "risk"): "Service ml/risk is there already"}),
        READY,
        T,
        Reason.SERVING,
        "version 1 serves on 2 pods",
    ),
    (
        serving("1", serving=UNKNOWN, status=Status(stable=replace(ref("2"), revision="0123456789"))),
        STALLED,
        T,
        Reason.STATUS_DOUBTFUL,
        "status names revision 0123456789 as stable, which cannot be",
    ),
    (serving("1", of=WATCHED, target=REGRESSION), ACCURACY, U, Reason.NOT_WATCHED, "of a regression there are none"),
    (
        serving("2", wants="3", status=Status(stable=ref("2"), rejected=(rejected("3"),))),
        READY,
        T,
        Reason.SERVING,
        "version 2 serves on 2 pods; version 3 was rejected and is not tried again: errors: Fail",
    ),
    (trained("Passed", "8"), TRAINING, T, Reason.TRAINING_PASSED, "version 8: so it was"),
    (trained("Rejected", "8"), TRAINING, F, Reason.TRAINING_REJECTED, "version 8: so it was"),
    (trained("Failed"), TRAINING, F, Reason.TRAINING_FAILED, "so it was"),
    # UpdateAvailable
    (serving("1"), UPDATE, F, Reason.UP_TO_DATE, "no newer version is known"),
    (serving("1", of=spec(version="1"), newest="1"), UPDATE, F, Reason.UP_TO_DATE, ""),
    (serving("9", of=spec(version="9"), newest="10"), UPDATE, T, Reason.NEWER_VERSION, "version 10 is newer"),
    (serving("10", of=spec(version="10"), newest="9"), UPDATE, F, Reason.UP_TO_DATE, ""),  # the newest was rejected
    (serving("1", newest="2"), UPDATE, F, Reason.UP_TO_DATE, ""),  # a channel is followed, not proposed
]


def described(world: Observed) -> dict[Type, Condition]:
    return {found.type: found for found in conditions(world, world.status)}


@pytest.mark.parametrize(("world", "kind", "truth", "reason", "message"), CASES)
def test_what_a_condition_says(world: Observed, kind: Type, truth: Truth, reason: Reason, message: str) -> None:
    found = described(world)[kind]
    assert (found.status, found.reason) == (truth, reason)
    assert message in found.message
    assert found.message


def test_every_condition_is_always_there_in_the_same_order() -> None:
    assert len(CONDITIONS) == len(Type)
    for world, *_ in CASES:
        assert [found.type for found in conditions(world, world.status)] == list(Type)


def test_every_reason_can_come() -> None:
    elsewhere = {Reason.STEP_PASSED, Reason.RESTORED, Reason.INTERNAL_ERROR}
    assert {reason for *_, reason, _ in CASES} | elsewhere == set(Reason)


@pytest.mark.parametrize(
    ("world", "read_as"),
    [
        (serving("1"), "Current"),
        (in_probation(since=MINUTE), "Current"),
        (past(Outcome.ROLLED_BACK), "Current"),  # the stable version serves: nothing is to be repaired
        (serving("1", of=spec(replicas=0)), "Current"),
        (starting(), "InProgress"),
        (observed(target=unknown(Reason.STORE_UNREACHABLE)), "InProgress"),
        (on_trial(Stage.SHADOW), "InProgress"),
        (serving("1", pods={}), "InProgress"),
        (on_trial(Stage.CANARY, **HELD), "Failed"),
        (observed(target=unknown(Reason.VERSION_NOT_FOUND)), "Failed"),
        (serving("1", spec=unknown(Reason.INVALID_SPEC)), "Failed"),
        (starting(pods={ref("2").revision: troubled(REFUSED)}), "Failed"),
    ],
)
def test_kstatus_reads(world: Observed, read_as: str) -> None:
    """Its rule: the first of Reconciling and Stalled that is true decides; else Ready does."""
    found = described(world)
    truths = [(kind, found[kind].status) for kind in (RECONCILING, STALLED)]
    words = {RECONCILING: "InProgress", STALLED: "Failed"}
    verdict = next((words[kind] for kind, truth in truths if truth is T), None)
    assert (verdict or ("Current" if found[READY].status is T else "InProgress")) == read_as


def test_nothing_is_on_its_way_and_stuck_at_once() -> None:
    for world, *_ in CASES:
        found = described(world)
        assert T not in (found[RECONCILING].status,) or found[STALLED].status is F


# When a condition changed


def test_a_condition_that_is_new_changed_now() -> None:
    found = conditions(serving("1"), serving("1").status)
    assert changed(Status(), found, NOW) == dict.fromkeys(Type, NOW)


def test_only_another_truth_is_a_change() -> None:
    """Another reason or message is not: kubectl wait and alerts go by the time of the last transition."""
    before = conditions(on_trial(Stage.SHADOW), on_trial(Stage.SHADOW).status)
    after = conditions(on_trial(Stage.CANARY, held="x"), on_trial(Stage.CANARY, held="x").status)
    assert before != after
    status = Status(conditions=before, changed=dict.fromkeys(Type, NOW))
    assert changed(status, after, NOW + timedelta(hours=1)) == dict.fromkeys(Type, NOW)


def test_each_condition_has_its_own_time() -> None:
    before = conditions(on_trial(Stage.SHADOW), on_trial(Stage.SHADOW).status)
    after = conditions(serving("1"), serving("1").status)
    later = NOW + timedelta(hours=1)
    times = changed(Status(conditions=before, changed=dict.fromkeys(Type, NOW)), after, later)
    assert {kind for kind, at in times.items() if at == later} == {RECONCILING}


def test_a_refused_version_that_nobody_wants_is_no_news() -> None:
    world = serving("1", status=Status(stable=ref("1"), rejected=(rejected("2", message=REFUSED),)))
    assert described(replace(world, target=target("3")))[ARTIFACT].status is T
