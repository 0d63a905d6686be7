"""What each revision runs, and what traffic it gets."""

from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.spec import Spec
from seatrial.api.status import Retiring, Stage, Status
from seatrial.core.observed import Observed, Pods, RouteState
from seatrial.core.plan import Plan, plan, with_weight
from seatrial.core.target import wanted_recipe
from tests.given import (
    MINUTE,
    NOW,
    ROUTE,
    UNKNOWN,
    available,
    in_probation,
    observed,
    on_trial,
    recipe,
    ref,
    serving,
    spec,
    taken,
)

ONE, TWO = ref("1").revision, ref("2").revision
STEPS: dict[str, Any] = {"canary": {"steps": [{"weight": 10}, {"weight": 50}]}}


def weighted(world: Observed) -> Status:
    assert isinstance(world.spec, Spec)
    return with_weight(world, world.spec, world.status, NOW)


def test_a_step_whose_weight_somebody_changes_begins_anew() -> None:
    begun = NOW - 5 * MINUTE
    same, other = canary(4, weight=50, step_since=begun), canary(4, weight=10, step_since=begun)
    found = [weighted(world) for world in (same, other)]
    assert [status.weight for status in found] == [50, 50]
    assert [status.trial.step_since if status.trial else None for status in found] == [begun, None]


def planned(world: Observed) -> Plan:
    assert isinstance(world.spec, Spec)
    return plan(world, world.spec, world.status, wanted_recipe(world), NOW)


def canary(available_pods: int, *, step: int = 1, weight: int = 10, replicas: int = 4, **changes: Any) -> Observed:
    made = spec(replicas=replicas, rollout=STEPS, route=ROUTE)
    pods = Pods(wanted=replicas, ready=available_pods, available=available_pods)
    return on_trial(Stage.CANARY, step=step, weight=weight, of=made, pods=pods, **{"step_since": None, **changes})


@pytest.mark.parametrize(
    ("pods", "weight", "becomes"),
    [
        (0, 10, 0),  # no pods, no traffic
        (1, 10, 10),  # not yet enough for more
        (1, 0, 0),
        (2, 10, 50),
        (4, 0, 50),
        (1, 80, 50),  # the spec has other steps now
    ],
)
def test_a_weight_goes_up_only_with_its_pods(pods: int, weight: int, becomes: int) -> None:
    status = weighted(canary(pods, weight=weight))
    assert status.weight == becomes
    assert status.trial is not None
    assert status.trial.step_since is None


@pytest.mark.parametrize(
    ("route", "in_effect"),
    [
        (taken({TWO: 50}), True),
        (taken({TWO: 10}), False),  # refused by the API server, or undone
        (replace(taken({TWO: 50}), accepted=None), False),
        (replace(taken({TWO: 50}), accepted=False), False),
        (None, False),
    ],
)
def test_a_step_begins_when_the_gateway_has_its_weight(route: RouteState | None, in_effect: bool) -> None:
    status = weighted(canary(2, weight=50, world={"route": route}))
    assert status.trial is not None
    assert (status.weight, status.trial.step_since) == (50, NOW if in_effect else None)


def test_without_a_route_a_step_begins_when_its_pods_were_told_of_it() -> None:
    world = on_trial(Stage.CANARY, step=1, weight=50, of=spec(rollout=STEPS), step_since=None)
    status = weighted(world)
    assert status.trial is not None
    assert status.trial.step_since == NOW


def test_without_a_route_a_step_does_not_begin_before_its_weight_was_written() -> None:
    status = weighted(on_trial(Stage.CANARY, step=1, weight=10, of=spec(rollout=STEPS), step_since=None))
    assert status.trial is not None
    assert (status.weight, status.trial.step_since) == (50, None)


def test_a_step_that_has_begun_keeps_its_beginning() -> None:
    status = weighted(canary(2, weight=50, step_since=NOW - MINUTE))
    assert status.trial is not None
    assert status.trial.step_since == NOW - MINUTE


def test_a_step_that_lost_all_its_pods_begins_anew() -> None:
    status = weighted(canary(0, weight=50, step_since=NOW - MINUTE))
    assert status.trial is not None
    assert (status.weight, status.trial.step_since) == (0, None)


def test_a_weight_goes_down_with_the_spec() -> None:
    assert weighted(canary(2, step=0, weight=50)).weight == 10


def test_a_weight_does_not_go_down_to_a_stable_without_pods() -> None:
    assert weighted(canary(2, step=0, weight=50, stable_pods=available(0))).weight == 50
    assert weighted(canary(0, step=0, weight=50, stable_pods=available(0))).weight == 0  # nobody has pods


@pytest.mark.parametrize(("routed", "weight"), [(True, 50), (False, 0)])
def test_without_a_route_there_is_no_weight_while_others_would_get_traffic(routed: bool, weight: int) -> None:
    sections: dict[str, Any] = {"route": ROUTE} if routed else {}
    made = spec(replicas=4, rollout=STEPS, **sections)
    world = on_trial(Stage.CANARY, step=1, of=made)
    status = replace(world.status, retiring=(Retiring("old", NOW),))
    assert weighted(replace(world, status=status)).weight == weight


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.SHADOW])
def test_before_its_canary_a_candidate_has_no_weight(stage: Stage) -> None:
    assert weighted(on_trial(stage, weight=10)).weight == 0


def test_after_its_trial_nothing_has_a_weight() -> None:
    world = in_probation(since=MINUTE)
    assert weighted(replace(world, status=replace(world.status, weight=50))).weight == 0


# The plan


@pytest.mark.parametrize(
    ("world", "weights", "replicas"),
    [
        (observed(), {}, {}),
        (serving("1"), {ONE: 100}, {ONE: 2}),
        (on_trial(Stage.PREPARING), {ONE: 100, TWO: 0}, {ONE: 2, TWO: 2}),
        (on_trial(Stage.SHADOW), {ONE: 100, TWO: 0}, {ONE: 2, TWO: 2}),
        (on_trial(Stage.CANARY, step=2), {ONE: 75, TWO: 25}, {ONE: 2, TWO: 1}),
        (on_trial(Stage.CANARY, step=4), {ONE: 50, TWO: 50}, {ONE: 2, TWO: 2}),
        (on_trial(Stage.CANARY, step=2, weight=0), {ONE: 100, TWO: 0}, {ONE: 2, TWO: 1}),
        (in_probation(since=MINUTE), {TWO: 100, ONE: 0}, {TWO: 2, ONE: 2}),
        (serving("1", of=spec(replicas=0)), {ONE: 100}, {ONE: 0}),
        (on_trial(Stage.SHADOW, of=spec(replicas=0)), {ONE: 100, TWO: 0}, {ONE: 0, TWO: 0}),
        (on_trial(Stage.CANARY, of=spec(replicas=9)), {ONE: 99, TWO: 1}, {ONE: 9, TWO: 1}),
    ],
)
def test_who_runs_and_who_gets_traffic(world: Observed, weights: dict[str, int], replicas: dict[str, int]) -> None:
    assert (planned(world).weights, planned(world).replicas) == (weights, replicas)


def retired(count: int) -> Observed:
    gone = tuple(Retiring(f"old {number}", NOW) for number in range(count))
    world = on_trial(Stage.CANARY)
    there = {one.revision: available(1) for one in gone if one.revision != "old 0"}
    return replace(world, status=replace(world.status, retiring=gone), pods={**world.pods, **there})


def test_what_retires_is_in_the_route_without_weight_as_long_as_it_has_a_deployment() -> None:
    assert planned(retired(3)).weights == {ONE: 99, TWO: 1, "old 2": 0, "old 1": 0}


def test_a_route_has_no_more_backends_than_it_may() -> None:
    weights = planned(retired(40)).weights
    assert len(weights) == 16
    assert (weights[ONE], weights[TWO], weights["old 39"]) == (99, 1, 0)


def test_a_first_version_comes_up_with_all_its_pods() -> None:
    world = on_trial(Stage.PREPARING)
    world = replace(world, status=replace(world.status, stable=None))
    assert (planned(world).weights, planned(world).replicas) == ({}, {TWO: 2})


# Recipes


def test_recipes_that_were_lost_are_found_again() -> None:
    world = replace(on_trial(Stage.CANARY), recipes={})
    assert planned(world).recipes == {ONE: recipe("1"), TWO: recipe("2")}


def test_the_version_befores_recipe_is_found_again() -> None:
    world = replace(in_probation(since=MINUTE), recipes={})
    assert planned(world).recipes == {ONE: recipe("1"), TWO: recipe("2")}


def test_a_kept_recipe_is_not_made_again() -> None:
    other = replace(recipe("1"), image_by_default=False)
    assert planned(replace(serving("1"), recipes={ONE: other})).recipes[ONE] == other


def test_where_the_target_is_not_known_the_kept_recipes_are_all() -> None:
    world = replace(on_trial(Stage.CANARY), target=UNKNOWN)
    assert planned(world).recipes == world.recipes
