"""What Prometheus is asked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seatrial.api.spec import Spec
from seatrial.api.status import Stage
from seatrial.core.observed import Observed, Query
from seatrial.core.questions import (
    COMPARISONS,
    DURATION,
    HISTORY,
    LABELS,
    PAIRS,
    PREDICTIONS,
    REFERENCE_DURATION,
    REFERENCE_REQUESTS,
    REQUESTS,
    questions,
)
from tests.given import KEY, MINUTE, NOW, in_probation, observed, on_trial, ref, serving, spec

ONE, TWO = ref("1").revision, ref("2").revision
BOTH = "|".join(sorted((ONE, TWO)))
DAY = timedelta(days=1)
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


def test_in_a_long_stage_what_still_grows_is_asked_in_two_resolutions_and_what_is_over_in_one() -> None:
    two = {REQUESTS, DURATION, COMPARISONS, LABELS, PAIRS, PREDICTIONS}
    checks = [{"name": "accuracy", "accuracy": {}}, {"name": "predictions", "predictions": {}}]
    of = spec(rollout={"checks": checks})
    found = asked(on_trial(Stage.SHADOW, since=DAY, of=of)) | asked(in_probation(since=DAY))
    assert {name for name, query in found.items() if query.past is not None} == two
    assert found.keys() - two == {HISTORY, REFERENCE_REQUESTS, REFERENCE_DURATION}


def test_a_latency_check_sees_which_pods_were_young_when_the_stage_began() -> None:
    query = asked(on_trial(Stage.CANARY, since=10 * MINUTE))[DURATION]
    assert query.start == NOW - 12 * MINUTE
    errors_only = spec(rollout={"checks": [{"name": "errors", "errors": {}}]})
    assert asked(on_trial(Stage.CANARY, since=10 * MINUTE, of=errors_only))[DURATION].start == NOW - 10 * MINUTE


ACCURACY = spec(rollout={"checks": [{"name": "accuracy", "accuracy": {}}]})
PREDICTED = spec(rollout={"checks": [{"name": "predictions", "predictions": {}}]})


@pytest.mark.parametrize(
    ("world", "names"),
    [
        (on_trial(Stage.SHADOW, since=MINUTE, of=ACCURACY), {LABELS, PAIRS}),
        (on_trial(Stage.CANARY, since=MINUTE, of=ACCURACY), {LABELS, PAIRS}),
        (in_probation(since=MINUTE, of=ACCURACY), {LABELS}),
        (on_trial(Stage.CANARY, since=MINUTE, of=PREDICTED), {PREDICTIONS}),
        (in_probation(since=MINUTE, of=PREDICTED), set()),
    ],
)
def test_only_what_a_check_of_the_stage_needs_is_asked(world: Observed, names: set[str]) -> None:
    assert asked(world).keys() & {LABELS, PAIRS, PREDICTIONS} == names


def test_pairs_are_the_candidates_beside_stable_since_the_trial_began() -> None:
    world = on_trial(Stage.CANARY, since=MINUTE, of=ACCURACY)
    assert world.status.trial is not None
    status = replace(world.status, trial=replace(world.status.trial, began=NOW - 20 * MINUTE))
    found = asked(replace(world, status=status))[PAIRS]
    one, two = ref("1", ACCURACY).revision, ref("2", ACCURACY).revision
    assert found.promql == f'seatrial_collector_label_pairs_total{{{WHOSE},revision=~"{two}",control="{one}"}}'
    assert found.start == NOW - 20 * MINUTE


def test_predictions_are_asked_of_the_traffic_that_is_judged() -> None:
    found = asked(on_trial(Stage.SHADOW, since=MINUTE, of=PREDICTED))[PREDICTIONS].promql
    assert 'traffic="live"' in found.split(" or ")[0]
    assert 'traffic="shadow"' in found.split(" or ")[1]
