"""How many pods each revision runs, with and without an autoscaler."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.api.spec import Spec
from seatrial.api.status import Retiring, Stage, Status, Trial
from seatrial.core.observed import Observed, Pods
from seatrial.core.replicas import UNTIL_SEEN, candidate_replicas, needed_replicas, serving_replicas
from tests.given import NOW, ROUTE, available, ended, observed, on_trial, ref, serving, spec

CANARY = {"canary": {"steps": [{"weight": 10}, {"weight": 50}], "stepDuration": "5m"}}
NO_SHADOW = {"shadow": {"enabled": False}}


def trial(stage: Stage, step: int = 0) -> Trial:
    return Trial(ref("2"), stage, began=NOW, stage_since=NOW, step=step)


@pytest.mark.parametrize(
    ("stage", "step", "routed", "needed"),
    [
        (Stage.PREPARING, 0, True, 8),  # a copy of every request: its latency is stable's only on as many pods
        (Stage.SHADOW, 0, True, 8),
        (Stage.CANARY, 0, True, 2),  # one would do, and take its share of the requests with it when it goes
        (Stage.CANARY, 0, False, 1),
        (Stage.CANARY, 1, True, 4),
        (Stage.CANARY, 1, False, 8),
        (Stage.CANARY, 2, True, 8),
        (Stage.CANARY, 2, False, 8),
    ],
)
def test_the_pods_that_a_stage_needs(stage: Stage, step: int, routed: bool, needed: int) -> None:
    route: dict[str, Any] = {"route": ROUTE} if routed else {}
    made = spec(rollout=CANARY, replicas=8, **route)
    assert needed_replicas(observed(), made, Status(stable=ref("1")), trial(stage, step)) == needed


def test_who_has_one_pod_has_one_for_the_candidate() -> None:
    made = spec(rollout=CANARY, replicas=1, route=ROUTE)
    assert needed_replicas(observed(), made, Status(stable=ref("1")), trial(Stage.CANARY)) == 1


def test_without_a_shadow_one_pod_shows_that_the_candidate_starts() -> None:
    made = spec(rollout=NO_SHADOW, replicas=8)
    assert needed_replicas(observed(), made, Status(stable=ref("1")), trial(Stage.PREPARING)) == 1


@pytest.mark.parametrize(("replicas", "needed"), [(0, 0), (1, 1), (8, 1)])
def test_a_first_version_serves_from_its_first_pod(replicas: int, needed: int) -> None:
    assert needed_replicas(observed(), spec(replicas=replicas), Status(), trial(Stage.PREPARING)) == needed


# Room for what retires


@pytest.mark.parametrize(
    ("going", "there", "wanted"),
    [(0, 0, 4), (1, 0, 4), (2, 0, 3), (4, 0, 1), (9, 0, 0), (9, 2, 2), (9, 9, 4)],
)
@pytest.mark.parametrize("retiring", [(Retiring("old", NOW),), ()])
def test_the_candidate_makes_room_for_what_goes(
    going: int, there: int, wanted: int, retiring: tuple[Retiring, ...]
) -> None:
    """Never more pods than stable, the candidate at its weight, and one; and none are taken that are there."""
    made = spec(replicas=4, route=ROUTE)
    world = on_trial(Stage.PREPARING, of=made, pods=available(there))
    status = replace(world.status, retiring=retiring)
    assert candidates(replace(world, status=status, pods={**world.pods, "old": available(going)})) == wanted


# An autoscaler, which counts stable's pods alone


def scaled(weight: int, asked: int, held: int, *, route: bool = True, step: int = 0, **changes: Any) -> Observed:
    """A canary whose stable revision has some pods, of which an autoscaler now asks for another number."""
    sections: dict[str, Any] = {"rollout": {"canary": {"steps": [{"weight": weight}]}}}
    sections |= {"route": ROUTE} if route else {}
    made = spec(replicas=asked, **sections)
    stable = Pods(wanted=held, ready=held, available=held)
    world = on_trial(Stage.CANARY, of=made, stable_pods=stable, step=step, pods=available(0), weight=weight)
    return replace(world, **{"autoscaled": True, **changes})


def candidates(world: Observed) -> int:
    assert isinstance(world.spec, Spec)
    assert world.status.trial is not None
    return candidate_replicas(world, world.spec, world.status, world.status.trial)


def stables(world: Observed, now: Any = NOW) -> int:
    assert isinstance(world.spec, Spec)
    assert world.status.stable is not None
    return serving_replicas(world, world.spec, world.status, world.status.stable.revision, now)


@pytest.mark.parametrize(
    ("weight", "asked", "held", "candidate"),
    [
        (50, 5, 10, 5),  # the load is what it was: stable needs half of its pods, the candidate has the other half's
        (50, 8, 10, 8),  # it has grown: the candidate's share with it
        (50, 15, 15, 15),  # it has grown threefold
        (25, 8, 10, 3),
        (10, 10, 10, 2),
        (99, 2, 2, 2),  # an autoscaler's minimum says nothing of the load
    ],
)
def test_the_candidates_pods_follow_its_weight_and_the_load(weight: int, asked: int, held: int, candidate: int) -> None:
    assert candidates(scaled(weight, asked, held)) == candidate


def test_without_a_route_they_follow_the_pods_that_stable_has() -> None:
    assert candidates(scaled(20, 5, 12, route=False)) == 3


@pytest.mark.parametrize(
    ("weight", "asked", "held", "full"),
    [
        (50, 5, 10, 10),  # what the whole load needed before
        (50, 8, 10, 16),  # it has grown
        (50, 2, 2, 4),
        (90, 2, 2, 4),  # no more than twice what there was
    ],
)
def test_a_candidate_is_scaled_to_full_before_it_takes_over(weight: int, asked: int, held: int, full: int) -> None:
    assert candidates(scaled(weight, asked, held, step=1)) == full


@pytest.mark.parametrize(("asked", "held", "keeps"), [(5, 10, 10), (12, 10, 12), (0, 10, 0)])
def test_stable_keeps_the_pods_that_would_be_missing_after_a_rollback(asked: int, held: int, keeps: int) -> None:
    assert stables(scaled(50, asked, held)) == keeps
    assert stables(scaled(50, asked, held, autoscaled=False)) == asked, "a person meant what they said"


def test_what_took_over_keeps_its_pods_until_the_autoscaler_has_seen_the_load() -> None:
    world = replace(serving("1", of=spec(replicas=5)), autoscaled=True)
    ref_1 = world.status.stable
    assert ref_1 is not None
    lately = replace(ended("1"), ended=NOW)
    world = replace(world, status=replace(world.status, history=(lately,)), pods={ref_1.revision: available(10)})
    assert stables(world, NOW + UNTIL_SEEN - timedelta(seconds=1)) == 10
    assert stables(world, NOW + UNTIL_SEEN) == 5
    assert stables(replace(world, status=replace(world.status, history=())), NOW) == 5


@given(st.integers(1, 99), st.integers(1, 200), st.integers(1, 200), st.integers(0, 1))
def test_whatever_an_autoscaler_asks_for_pods_are_bounded(weight: int, asked: int, held: int, step: int) -> None:
    whole = max(asked, held)
    assert 1 <= candidates(scaled(weight, asked, held, step=step)) <= (2 * whole if step else max(2, whole))
