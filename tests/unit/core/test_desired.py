"""Which objects should be, in which order, and which should go."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.spec import Spec
from seatrial.api.status import Retiring, Stage, Status, TrainingStatus
from seatrial.core.desired import desired_objects, removals
from seatrial.core.moves import Outcome
from seatrial.core.observed import Job, JobPhase, Observed, RouteState
from seatrial.core.plan import plan
from seatrial.core.target import wanted_recipe
from tests.given import (
    MINUTE,
    NOW,
    ROUTE,
    TRAINING,
    UNKNOWN,
    available,
    ended,
    in_probation,
    observed,
    on_trial,
    ref,
    rejected,
    serving,
    spec,
)
from tests.unit.core.carried_out import Identity, identity

ONE, TWO, THREE = (f"risk-{ref(version).revision}" for version in "123")
ROUTED, COLLECTING = spec(route=ROUTE), spec(monitoring={"accuracy": {}})
CORE, APPS, GATEWAY = "v1", "apps/v1", "gateway.networking.k8s.io/v1"


def revision(name: str) -> list[Identity]:
    kinds = [
        (APPS, "ControllerRevision"),
        (CORE, "Service"),
        ("policy/v1", "PodDisruptionBudget"),
        (APPS, "Deployment"),
    ]
    return [(api, kind, name) for api, kind in kinds]


def name_under(of: Spec) -> str:
    return f"risk-{ref('1', of).revision}"


CLIENTS = (CORE, "Service", "risk")
SHADOW = (CORE, "Service", "risk-shadow")
HTTP_ROUTE = (GATEWAY, "HTTPRoute", "risk")
COLLECTOR = [(CORE, "Service", "risk-collector"), (APPS, "Deployment", "risk-collector")]
JOB = ("batch/v1", "Job", "risk-train-1")
EVERYTHING = [*revision(ONE), *revision(TWO), *revision(THREE), CLIENTS, SHADOW, HTTP_ROUTE, *COLLECTOR, JOB]


def documents(world: Observed) -> tuple[dict[str, Any], ...]:
    assert isinstance(world.spec, Spec)
    chosen = plan(world, world.spec, world.status, wanted_recipe(world), NOW)
    return desired_objects(world, world.spec, world.status, chosen)


def objects(world: Observed) -> list[Identity]:
    return [identity(document) for document in documents(world)]


def removed(world: Observed, there: Iterable[Identity] = EVERYTHING) -> set[Identity]:
    assert isinstance(world.spec, Spec)
    world = replace(world, objects=frozenset(there))
    found = removals(world, world.spec, world.status, documents(world), ())  # type: ignore[arg-type]
    return {(one.api_version, one.kind, one.name) for one in found}


def training(outcome: str = "") -> TrainingStatus:
    return TrainingStatus("risk-train-1", "drift", "PSI", NOW, outcome=outcome)


def test_nothing_before_it_is_known_what() -> None:
    assert objects(observed(target=UNKNOWN)) == []


def test_a_first_version_has_its_pods_before_clients_have_a_service() -> None:
    world = on_trial(Stage.PREPARING)
    world = replace(world, status=replace(world.status, stable=None))
    assert objects(world) == revision(TWO)


def test_what_serves() -> None:
    assert objects(serving("1")) == [*revision(ONE), CLIENTS]


def test_services_come_before_the_route_that_sends_traffic_to_them() -> None:
    assert objects(serving("1", of=ROUTED)) == [*revision(ONE), CLIENTS, HTTP_ROUTE]
    assert objects(on_trial(Stage.CANARY, of=ROUTED)) == [*revision(ONE), *revision(TWO), CLIENTS, HTTP_ROUTE]


def test_no_route_before_there_are_pods_but_it_stays_when_they_go() -> None:
    nobody = serving("1", of=ROUTED, pods={ref("1").revision: available(0)})
    assert HTTP_ROUTE not in objects(replace(nobody, route=None))
    assert HTTP_ROUTE in objects(replace(nobody, route=RouteState(True, "accepted")))


@pytest.mark.parametrize(("stage", "there"), [(Stage.PREPARING, False), (Stage.SHADOW, True), (Stage.CANARY, False)])
def test_the_shadows_service_is_there_only_in_the_shadow_stage(stage: Stage, there: bool) -> None:
    assert (SHADOW in objects(on_trial(stage))) is there


def test_the_version_before_stays_in_probation() -> None:
    assert objects(in_probation(since=MINUTE)) == [*revision(TWO), *revision(ONE), CLIENTS]


LABELLED = spec(rollout={"checks": [{"name": "right", "accuracy": {}}]})


@pytest.mark.parametrize("of", [COLLECTING, LABELLED])
def test_a_collector_where_something_needs_it(of: Spec) -> None:
    assert objects(serving("1", of=of)) == [*revision(name_under(of)), CLIENTS, *COLLECTOR]


def test_a_revision_whose_recipe_is_lost_is_left_as_it_is() -> None:
    assert objects(replace(serving("1"), recipes={}, target=UNKNOWN)) == [CLIENTS]


@pytest.mark.parametrize(
    ("outcome", "jobs", "there"),
    [
        ("", {}, True),
        ("", {"risk-train-1": Job(JobPhase.RUNNING)}, False),  # a Job cannot be changed
        ("Passed", {}, False),
    ],
)
def test_a_job_is_made_once(outcome: str, jobs: dict[str, Job], there: bool) -> None:
    world = serving("1", of=spec(training=TRAINING), jobs=jobs)
    world = replace(world, status=replace(world.status, training=training(outcome)))
    assert (JOB in objects(world)) is there


def test_no_job_without_the_serving_versions_recipe() -> None:
    world = serving("1", of=spec(training=TRAINING), recipes={}, target=UNKNOWN)
    assert JOB not in objects(replace(world, status=replace(world.status, training=training())))


# Removals


def test_what_nothing_wants_goes() -> None:
    expected = {*revision(TWO), *revision(THREE), SHADOW, HTTP_ROUTE, *COLLECTOR}
    assert removed(serving("1")) == expected


def test_what_is_kept_up_stays() -> None:
    gone = removed(on_trial(Stage.CANARY, of=ROUTED))
    assert gone == {*revision(THREE), SHADOW, *COLLECTOR}


def test_what_retires_stays_a_while() -> None:
    world = serving("1")
    world = replace(world, status=replace(world.status, retiring=(Retiring(ref("2").revision, NOW),)))
    assert removed(world).isdisjoint(revision(TWO))


def test_of_a_rejected_revision_the_recipe_stays() -> None:
    world = serving("1")
    world = replace(world, status=replace(world.status, rejected=(rejected("2"),)))
    assert removed(world) & {*revision(TWO)} == {*revision(TWO)} - {(APPS, "ControllerRevision", TWO)}


def test_jobs_end_by_themselves() -> None:
    assert JOB not in removed(serving("1"))


def test_a_route_that_was_taken_out_of_the_spec_goes_in_mid_canary() -> None:
    assert HTTP_ROUTE in removed(on_trial(Stage.CANARY))


@pytest.mark.parametrize("lost", [{}, {"target": UNKNOWN}])
def test_what_serves_stays_though_its_recipe_and_the_target_are_lost(lost: dict[str, Any]) -> None:
    world = replace(serving("1", of=COLLECTING), recipes={}, **lost)
    assert removed(world).isdisjoint({*revision(name_under(COLLECTING)), CLIENTS, *COLLECTOR})


@pytest.mark.parametrize(
    "world",
    [
        observed(target=UNKNOWN),
        observed(serving=UNKNOWN),
        on_trial(Stage.PREPARING, world={"serving": None}),
    ],
)
def test_nothing_that_may_serve_goes_where_the_status_was_lost(world: Observed) -> None:
    lost = replace(world.status, stable=None)
    assert removed(replace(world, status=lost)) == set()


def test_first_versions_that_never_served_go() -> None:
    world = on_trial(Stage.PREPARING)
    status = replace(world.status, stable=None, history=(ended("3", Outcome.SUPERSEDED, "by version 2"),))
    assert removed(replace(world, status=status)) == {*revision(THREE)}


def test_nothing_goes_twice() -> None:
    assert removed(serving("1"), there=[]) == set()
    assert removed(replace(serving("1"), status=Status(stable=ref("1"))), there=revision(ONE)) == set()
