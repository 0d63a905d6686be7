"""What the stages of a trial ask for."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from seatrial.api.spec import Spec
from seatrial.api.status import Retiring, Stage, Trial
from seatrial.core.stages import (
    fitted,
    is_left_out,
    may_end,
    may_move,
    remaining,
    routed,
    step_weight,
    takes_over,
)
from tests.given import MINUTE, NOW, ROUTE, available, on_trial, ref, serving, spec, taken

HOUR = 60 * MINUTE
CANARY = {"canary": {"steps": [{"weight": 10}, {"weight": 50}], "stepDuration": "5m"}}
NO_CANARY = {"canary": {"enabled": False}}
NO_SHADOW = {"shadow": {"enabled": False}}


def trial(stage: Stage, step: int = 0, **changes: Any) -> Trial:
    return Trial(ref("2"), stage, began=NOW, stage_since=NOW, step=step, **changes)


def of(rollout: dict[str, Any], **more: Any) -> Spec:
    return spec(rollout=rollout, **more)


@pytest.mark.parametrize(
    ("stage", "step", "weight", "over"),
    [
        (Stage.PREPARING, 0, 0, False),
        (Stage.SHADOW, 0, 0, False),
        (Stage.CANARY, 0, 10, False),
        (Stage.CANARY, 1, 50, False),
        (Stage.CANARY, 2, 50, True),  # the weight of the last step, while the candidate scales up
    ],
)
def test_the_weight_of_a_step(stage: Stage, step: int, weight: int, over: bool) -> None:
    assert step_weight(of(CANARY).rollout, trial(stage, step)) == weight
    assert takes_over(of(CANARY).rollout, trial(stage, step)) is over


@pytest.mark.parametrize(
    ("steps", "step", "over", "fits"),
    [
        ((10, 50), 1, False, (1, False)),
        ((10,), 1, False, (0, False)),  # a step that has not passed is before it still
        ((10, 50), 2, True, (2, True)),
        ((10,), 2, True, (1, True)),
        ((10, 20, 50), 2, True, (2, False)),  # one came after what it had passed
        ((10, 50), 2, False, (1, False)),  # nobody but a hand wrote so
    ],
)
def test_a_trial_fits_the_steps_that_there_are(
    steps: tuple[int, ...], step: int, over: bool, fits: tuple[int, bool]
) -> None:
    rollout = of({"canary": {"steps": [{"weight": weight} for weight in steps]}}).rollout
    found = fitted(rollout, replace(trial(Stage.CANARY, step), taking_over=over))
    assert (found.step, found.taking_over) == fits


def test_without_a_canary_the_candidate_takes_over_at_once() -> None:
    assert step_weight(of(NO_CANARY).rollout, trial(Stage.CANARY)) == 0
    assert takes_over(of(NO_CANARY).rollout, trial(Stage.CANARY))


@pytest.mark.parametrize(
    ("stage", "step", "step_since", "left"),
    [
        (Stage.PREPARING, 0, None, timedelta(0)),
        (Stage.SHADOW, 0, None, 10 * MINUTE),
        (Stage.CANARY, 0, None, 5 * MINUTE),  # not begun: all of it is left
        (Stage.CANARY, 1, NOW - 2 * MINUTE, 3 * MINUTE),
        (Stage.CANARY, 2, None, timedelta(0)),
    ],
)
def test_how_much_longer_a_stage_lasts(stage: Stage, step: int, step_since: Any, left: timedelta) -> None:
    assert remaining(of(CANARY).rollout, trial(stage, step, step_since=step_since), NOW) == left


@pytest.mark.parametrize(
    ("rollout", "stage", "left_out"),
    [
        ({}, Stage.PREPARING, True),
        ({}, Stage.SHADOW, False),
        ({}, Stage.CANARY, False),
        (NO_SHADOW, Stage.SHADOW, True),
        (NO_CANARY, Stage.CANARY, True),
    ],
)
def test_stages_in_which_nothing_is_judged(rollout: dict[str, Any], stage: Stage, left_out: bool) -> None:
    assert is_left_out(of(rollout).rollout, stage) is left_out


@pytest.mark.parametrize(("away", "to", "may"), [(1, 1, True), (0, 1, True), (1, 0, False), (0, 0, True)], ids=str)
def test_traffic_moves_to_pods_or_from_none(away: int, to: int, may: bool) -> None:
    world = serving(pods={"away": available(away), "to": available(to)})
    assert may_move(world, away="away", to="to") is may


def test_a_trial_without_traffic_may_always_end() -> None:
    world = on_trial(Stage.CANARY, weight=0, stable_pods=available(0))
    assert world.status.trial is not None
    assert may_end(world, world.status, world.status.trial)


def test_a_trial_with_traffic_may_not_end_while_stable_has_no_pods() -> None:
    world = on_trial(Stage.CANARY, stable_pods=available(0))
    assert world.status.trial is not None
    assert not may_end(world, world.status, world.status.trial)


def test_what_the_route_sends_traffic_to_whatever_status_says() -> None:
    by_route = spec(route=ROUTE)
    one, two = ref("1", by_route).revision, ref("2", by_route).revision
    assert routed(on_trial(Stage.CANARY, step=1, of=by_route), HOUR, NOW) == {one, two}
    assert routed(on_trial(Stage.SHADOW, of=by_route), HOUR, NOW) == {one}
    assert routed(on_trial(Stage.CANARY, step=1), HOUR, NOW) == frozenset()


@pytest.mark.parametrize(
    ("accepted", "ago", "weights", "found"),
    [
        (True, MINUTE, {"1": 100, "2": 0}, {"1"}),
        (None, MINUTE, {"1": 100, "2": 0}, {"1", "2"}),
        (False, MINUTE, {"1": 100, "2": 0}, {"1", "2"}),
        (None, HOUR, {"1": 100, "2": 0}, {"1"}),
        (None, MINUTE, {"1": 100}, {"1"}),
        (None, HOUR, {"1": 90, "2": 10}, {"1", "2"}),
    ],
)
def test_a_gateway_that_has_not_answered_may_still_have_the_weights_of_before(
    accepted: bool | None, ago: timedelta, weights: dict[str, int], found: set[str]
) -> None:
    by_route = spec(route=ROUTE)
    world = on_trial(Stage.CANARY, of=by_route)
    over = Retiring(ref("2", by_route).revision, NOW - ago, routed=NOW)
    told = taken({ref(version, by_route).revision: weight for version, weight in weights.items()})
    world = replace(
        world, route=replace(told, accepted=accepted), status=replace(world.status, trial=None, retiring=(over,))
    )
    assert routed(world, HOUR, NOW) == {ref(version, by_route).revision for version in found}
