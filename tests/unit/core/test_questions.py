"""What Prometheus is asked."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.api.spec import Spec
from seatrial.api.status import Stage
from seatrial.core.observed import Observed, Query
from seatrial.core.questions import (
    COMPARISONS,
    DURATION,
    HISTORY,
    MAXIMUM_POINTS,
    REFERENCE_DURATION,
    REFERENCE_REQUESTS,
    REQUESTS,
    questions,
)
from tests.given import KEY, MINUTE, NOW, in_probation, observed, on_trial, ref, serving, spec

ONE, TWO = ref("1").revision, ref("2").revision
BOTH = "|".join(sorted((ONE, TWO)))
WHOSE = 'namespace="ml",model_name="risk"'


def asked(world: Observed, namespace_label: str = "namespace") -> dict[str, Query]:
    assert isinstance(world.spec, Spec)
    return dict(questions(KEY, world.spec, world.status, NOW, namespace_label))


@pytest.mark.parametrize(
    "world",
    [
        observed(),
        serving("1"),
        on_trial(Stage.PREPARING, since=MINUTE),
        on_trial(Stage.CANARY),  # it has just begun
        on_trial(Stage.CANARY, since=-MINUTE),  # the clock went back
        replace(on_trial(Stage.CANARY, since=MINUTE), status=replace(on_trial(Stage.CANARY).status, stable=None)),
    ],
)
def test_where_nothing_is_judged_nothing_is_asked(world: Observed) -> None:
    assert asked(world) == {}


@pytest.mark.parametrize(
    ("world", "names"),
    [
        (on_trial(Stage.SHADOW, since=MINUTE), {REQUESTS, DURATION, HISTORY, COMPARISONS}),
        (on_trial(Stage.CANARY, since=MINUTE), {REQUESTS, DURATION, HISTORY}),
        (in_probation(since=MINUTE), {REQUESTS, DURATION, HISTORY, REFERENCE_REQUESTS, REFERENCE_DURATION}),
    ],
)
def test_each_stage_has_its_questions(world: Observed, names: set[str]) -> None:
    assert asked(world).keys() == names


def test_candidate_and_stable_are_asked_about_in_one_query() -> None:
    found = asked(on_trial(Stage.CANARY, since=30 * MINUTE))
    assert found[REQUESTS] == Query(
        f'seatrial_predictor_requests_total{{{WHOSE},revision=~"{BOTH}",traffic="live",outcome=~"ok|invalid|error|shed"}}',
        NOW - 30 * MINUTE,
        NOW,
        30.0,
    )
    assert found[DURATION].promql == (
        f'seatrial_predictor_request_duration_seconds_bucket{{{WHOSE},revision=~"{BOTH}",traffic="live"}}'
    )


def test_in_the_shadow_copies_are_compared_with_what_stable_could_answer() -> None:
    found = asked(on_trial(Stage.SHADOW, since=30 * MINUTE))
    assert found[REQUESTS].promql == (
        f'seatrial_predictor_requests_total{{{WHOSE},revision=~"{ONE}",traffic="live",outcome=~"ok|error"}} or '
        f'seatrial_predictor_requests_total{{{WHOSE},revision=~"{TWO}",traffic="shadow",outcome=~"ok|error"}}'
    )
    assert found[DURATION].promql.count(" or ") == 1
    assert 'traffic="live",outcome=~"ok|error"' in found[HISTORY].promql


def test_comparisons_are_the_candidates() -> None:
    found = asked(on_trial(Stage.SHADOW, since=30 * MINUTE))[COMPARISONS]
    assert found.promql == f'seatrial_shadow_comparisons_total{{{WHOSE},revision=~"{TWO}"}}'


@pytest.mark.parametrize("world", [on_trial(Stage.SHADOW, since=MINUTE), in_probation(since=MINUTE)])
def test_every_series_that_is_asked_for_comes_from_the_models_namespace(world: Observed) -> None:
    for query in asked(world, "kubernetes_namespace").values():
        selectors = query.promql.split(" or ")
        assert all('{kubernetes_namespace="ml",model_name="risk",' in selector for selector in selectors)


def test_history_ends_where_the_stage_begins() -> None:
    found = asked(on_trial(Stage.CANARY, since=30 * MINUTE))[HISTORY]
    since = NOW - 30 * MINUTE
    assert (found.start, found.end, found.seconds) == (since - timedelta(hours=2), since, 60.0)
    assert f'revision=~"{ONE}"' in found.promql


def test_in_probation_the_past_is_the_old_versions_canary() -> None:
    found = asked(in_probation(since=5 * MINUTE))
    for name in (REFERENCE_REQUESTS, REFERENCE_DURATION):
        assert (found[name].start, found[name].end) == (NOW - 15 * MINUTE, NOW - 5 * MINUTE)
        assert f'revision=~"{ONE}"' in found[name].promql
    assert f'revision=~"{ONE}"' in found[HISTORY].promql


@pytest.mark.parametrize(
    ("lasted", "step"),
    [
        (timedelta(seconds=1), 1.0),
        (timedelta(seconds=30), 5.0),
        (3 * MINUTE, 30.0),
        (60 * MINUTE, 30.0),
        (timedelta(hours=6), 180.0),
    ],
)
def test_steps_grow_with_the_stage(lasted: timedelta, step: float) -> None:
    assert asked(on_trial(Stage.CANARY, since=lasted))[REQUESTS].seconds == step


@given(st.integers(1, 10**6), st.sampled_from(["0s", "90s", "2m", "5h", "99999h"]))
def test_no_answer_is_unbounded_and_each_ends_now(seconds: int, warm_up: str) -> None:
    checks = [{"name": "slow", "latency": {"warmUp": warm_up}}]
    world = on_trial(Stage.CANARY, since=timedelta(seconds=seconds), of=spec(rollout={"checks": checks}))
    found = asked(world)
    for name, query in found.items():
        points = (query.end - query.start).total_seconds() / query.seconds
        assert points <= 2 * MAXIMUM_POINTS + 12
        assert abs(points - round(points)) < 1e-6
        assert query.end == (world.status.trial.stage_since if name == HISTORY and world.status.trial else NOW)


def test_a_latency_check_sees_which_pods_were_young_when_the_stage_began() -> None:
    query = asked(on_trial(Stage.CANARY, since=10 * MINUTE))[DURATION]
    assert query.start == NOW - 12 * MINUTE
    errors_only = spec(rollout={"checks": [{"name": "errors", "errors": {}}]})
    assert asked(on_trial(Stage.CANARY, since=10 * MINUTE, of=errors_only))[DURATION].start == NOW - 10 * MINUTE
