"""From Prometheus' answers to counts, side by side."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from seatrial.api.spec import Spec
from seatrial.api.status import Stage, Status
from seatrial.contract import metrics
from seatrial.core import questions
from seatrial.core.evidence import read_evidence
from seatrial.core.observed import Evidence, Unknown
from seatrial.judge.counts import Comparisons, Counts, Interval, Pairs
from seatrial.judge.query import Reading
from tests.given import MINUTE, NOW, UNKNOWN, in_probation, observed, on_trial, ref, spec
from tests.unit.core.counted import counter, durations, requests

ONE, TWO = ref("1").revision, ref("2").revision
SPEC = spec(rollout={"checks": [{"name": "slow", "latency": {"warmUp": "20s"}}, {"name": "errors", "errors": {}}]})
CANARY, SHADOW = on_trial(Stage.CANARY).status, on_trial(Stage.SHADOW).status
PROBATION = in_probation(since=timedelta(0)).status
NOTHING = Counts(0, 0)


def read(status: Status, answers: dict[str, list[Any]], of: Spec = SPEC) -> Evidence:
    return read_evidence(of, status, answers, 30.0)


def intervals(status: Status, *series: Any) -> list[tuple[Counts, Counts]]:
    found = read(status, {questions.REQUESTS: list(series)}).requests
    return [(one.candidate, one.stable) for one in found]


# Requests


def test_nothing_is_judged_and_so_nothing_is_read() -> None:
    assert read(observed().status, {questions.REQUESTS: [requests(ONE, [0, 9])]}).requests == ()
    assert read(on_trial(Stage.PREPARING).status, {}).since < NOW


def test_no_answers_are_no_evidence_of_this_stage() -> None:
    assert read(CANARY, {}) == Evidence(since=NOW, latency={"slow": ()})


def test_candidate_and_stable_side_by_side() -> None:
    assert intervals(
        CANARY,
        requests(TWO, [0, 10, 30]),
        requests(TWO, [0, 1, 1], outcome=metrics.ERROR),
        requests(ONE, [100, 190, 280]),
        requests(ONE, [9, 9, 12], outcome=metrics.ERROR),
    ) == [(Counts(11, 1), Counts(90, 0)), (Counts(20, 0), Counts(93, 3))]


@pytest.mark.parametrize("outcome", [metrics.INVALID, metrics.SHED, metrics.ERROR])
def test_whatever_its_caller_had_no_use_for_is_bad(outcome: str) -> None:
    assert intervals(CANARY, requests(TWO, [0, 4], outcome=outcome), requests(ONE, [0, 9])) == [
        (Counts(4, 4), Counts(9, 0))
    ]


def test_all_pods_of_a_revision_count() -> None:
    assert intervals(
        CANARY, requests(TWO, [0, 10], pod="a"), requests(TWO, [5, 7], pod="b"), requests(ONE, [0, 1])
    ) == [(Counts(12, 0), Counts(1, 0))]


def test_a_candidates_pod_that_comes_later_counts_from_its_first_request() -> None:
    assert intervals(CANARY, requests(ONE, [50, 51]), requests(TWO, [None, 7])) == [(Counts(7, 0), Counts(1, 0))]


def test_pods_are_scraped_at_different_moments() -> None:
    """Alone, what one side counted at a step tells nothing; the next step's count of the other belongs to it."""
    assert intervals(CANARY, requests(TWO, [0, 5, 5, 9, 9]), requests(ONE, [0, 0, 40, 40, 80])) == [
        (Counts(5, 0), Counts(40, 0)),
        (Counts(4, 0), Counts(40, 0)),
    ]


def test_what_one_side_counted_last_is_kept() -> None:
    assert intervals(CANARY, requests(TWO, [0, 5, 9]), requests(ONE, [0, 40, 40])) == [
        (Counts(5, 0), Counts(40, 0)),
        (Counts(4, 0), NOTHING),
    ]
    assert intervals(CANARY, requests(ONE, [0, 40, 50])) == [(NOTHING, Counts(50, 0))]


def test_in_shadow_the_candidates_copies_are_compared_with_stables_callers() -> None:
    series = [
        requests(TWO, [0, 10], traffic=metrics.SHADOW),
        requests(TWO, [0, 99]),
        requests(ONE, [0, 20]),
        requests(ONE, [0, 88], traffic=metrics.SHADOW),
    ]
    assert intervals(SHADOW, *series) == [(Counts(10, 0), Counts(20, 0))]
    assert intervals(CANARY, *series) == [(Counts(99, 0), Counts(20, 0))]


def test_other_revisions_do_not_count() -> None:
    assert intervals(CANARY, requests("another", [0, 99]), requests(TWO, [0, 1]), requests(ONE, [0, 2])) == [
        (Counts(1, 0), Counts(2, 0))
    ]


def test_in_probation_now_is_compared_with_stables_past() -> None:
    before = NOW - 10 * MINUTE
    found = read(
        PROBATION,
        {
            questions.REQUESTS: [requests(TWO, [50, 80, 90]), requests(ONE, [70, 75, 75])],
            questions.REFERENCE_REQUESTS: [
                requests(ONE, [0, 200, 400], start=before),
                requests(ONE, [0, 2, 4], start=before, outcome=metrics.ERROR),
                requests(ONE, [0, 55], start=before, traffic=metrics.SHADOW),
            ],
        },
    )
    assert found.requests == (
        Interval(NOTHING, Counts(202, 2)),
        Interval(NOTHING, Counts(202, 2)),
        Interval(Counts(30, 0), NOTHING),
        Interval(Counts(10, 0), NOTHING),
    )


def test_in_probation_without_a_past_nothing_is_made_up() -> None:
    assert read(PROBATION, {questions.REQUESTS: [requests(TWO, [0, 80])]}).requests == (
        Interval(Counts(80, 0), NOTHING),
    )


# Latency


def latency(status: Status, *histograms: list[Any], name: str = "slow") -> list[tuple[dict[int, int], dict[int, int]]]:
    answers = {questions.DURATION: [series for histogram in histograms for series in histogram]}
    found = read(status, answers).latency[name]
    return [tuple({b: n for b, n in enumerate(side) if n} for side in (i.candidate, i.stable)) for i in found]  # type: ignore[misc]


BEFORE = NOW - timedelta(seconds=30)


def test_cumulative_buckets_become_single_ones() -> None:
    assert latency(
        CANARY,
        durations(TWO, [0, 0, 0, 0, 6], bucket=8, start=BEFORE),
        durations(TWO, [0, 0, 0, 0, 2], bucket=30, start=BEFORE, pod="b"),
        durations(ONE, [0, 0, 0, 0, 9], bucket=0, start=BEFORE),
    ) == [({8: 6, 30: 2}, {0: 9})]


def test_what_a_pod_did_in_its_warm_up_is_left_out() -> None:
    """The candidate's pod is seen first when the stage begins, and what it does from 20 s later on counts."""
    assert latency(
        CANARY,
        durations(TWO, [None, None, None, 0, 5, 9, 13], bucket=20, start=BEFORE),
        durations(ONE, [0, 0, 0, 0, 100, 200, 300], bucket=8, start=BEFORE),
    ) == [({20: 4}, {8: 300})]


def test_a_stable_pod_that_was_young_when_the_stage_began_warms_up_too() -> None:
    assert latency(
        CANARY,
        durations(TWO, [0, 0, 0, 0, 5, 10], bucket=20, start=BEFORE),
        durations(ONE, [None, None, 0, 50, 100, 200], bucket=8, start=BEFORE),
    ) == [({20: 10}, {8: 100})]


@pytest.mark.parametrize("edges", [["0.1", "0.5", "+Inf"], [f"{2**n}" for n in range(30)] + ["+Inf"]])
def test_a_histogram_of_other_buckets_counts_for_nothing(edges: list[str]) -> None:
    assert latency(CANARY, durations(TWO, [0, 0, 0, 0, 6], bucket=1, start=BEFORE, edges=edges)) == []


def test_a_reset_between_two_buckets_makes_no_negative_count() -> None:
    histogram = durations(TWO, [0, 0, 0, 5, 9], bucket=8, start=BEFORE)
    histogram[20] = replace(histogram[20], points=tuple((at, min(value, 6.0)) for at, value in histogram[20].points))
    [(candidate, _)] = latency(CANARY, histogram)
    assert min(candidate.values()) > 0


def test_in_probation_latency_is_compared_with_stables_past() -> None:
    start = NOW - 10 * MINUTE
    answers = {
        questions.DURATION: durations(TWO, [0, 0, 0, 0, 6], bucket=9, start=BEFORE),
        questions.REFERENCE_DURATION: durations(ONE, [0, 70], bucket=8, start=start),
    }
    before, since = read(PROBATION, answers).latency["slow"]
    assert (before.stable[8], sum(before.stable), sum(before.candidate)) == (70, 70, 0)
    assert (since.candidate[9], sum(since.candidate), sum(since.stable)) == (6, 6, 0)


# Comparisons and history


def test_comparisons_by_result() -> None:
    results: dict[str, list[float | None]] = {
        metrics.AGREE: [0, 90, 90, 95],
        metrics.DISAGREE: [2, 7, 7, 9],
        metrics.ERROR: [None, 3, 3, 3],
        "another": [0, 8, 9, 10],
    }
    answers = {questions.COMPARISONS: [counter(values, result=result) for result, values in results.items()]}
    assert read(SHADOW, answers).comparisons == (Comparisons(90, 5, 3), Comparisons(5, 2, 0))


def test_history_is_stables_own_traffic_minute_by_minute() -> None:
    start = NOW - questions.HISTORY_SPAN
    answers = {
        questions.HISTORY: [
            requests(ONE, [0, 10, 30], start=start),
            requests(ONE, [0, 1, 1], start=start, outcome=metrics.ERROR),
        ]
    }
    assert read(CANARY, answers).history == (Counts(11, 1), Counts(20, 0))


def test_where_prometheus_is_younger_its_first_points_are_not_growth() -> None:
    answers = {questions.HISTORY: [requests(ONE, [1_000_000, 1_000_010], start=NOW - MINUTE)]}
    assert read(CANARY, answers).history == (Counts(10, 0),)


# Labels, pairs and predictions


def labels(revision: str, values: list[float | None], result: str) -> Any:
    return counter(values, revision=revision, result=result)


def test_labels_of_each_side_are_counted_side_by_side() -> None:
    answer = [
        labels(TWO, [0, 8, 8], metrics.RIGHT),
        labels(TWO, [0, 2, 3], metrics.WRONG),
        labels(ONE, [90, 99, 99], metrics.RIGHT),
        labels(ONE, [4, 5, 6], metrics.WRONG),
        labels("other", [0, 50, 90], metrics.WRONG),
    ]
    found = read(CANARY, {questions.LABELS: answer}).labels
    assert [(one.candidate, one.stable) for one in found] == [
        (Counts(10, 2), Counts(10, 1)),
        (Counts(1, 1), Counts(1, 1)),
    ]


def test_pairs_count_since_the_trial_began() -> None:
    """The truth about the shadow's answers comes while the canary goes on."""
    canary = on_trial(Stage.CANARY, since=10 * MINUTE).status
    assert canary.trial is not None
    status = replace(canary, trial=replace(canary.trial, stage_since=NOW))
    start = NOW - 10 * MINUTE
    counts = dict(zip(metrics.PAIR_RESULTS, ([0, 7, 9], [0, 2, 2], [0, 3, 4], [0, 1, 1]), strict=True))
    answer = [counter(values, start=start, revision=TWO, result=result) for result, values in counts.items()]
    assert read(status, {questions.PAIRS: answer}).pairs == (Pairs(7, 2, 3, 1), Pairs(2, 0, 1, 0))
    assert read(PROBATION, {questions.PAIRS: []}).pairs == ()


def predicted(revision: str, values: list[float | None], name: str, traffic: str = metrics.LIVE) -> Any:
    found = counter(values, revision=revision, traffic=traffic)
    return replace(found, labels={**found.labels, metrics.CLASS: name})


def test_predictions_are_counted_by_class() -> None:
    answer = [
        predicted(TWO, [0, 5, 6], "high"),
        predicted(TWO, [0, 4, 9], "low"),
        predicted(ONE, [10, 15, 16], "low"),
        predicted(ONE, [0, 1, 3], "none"),
        predicted(ONE, [0, 70, 90], "low", metrics.SHADOW),
    ]
    found = read(CANARY, {questions.PREDICTIONS: answer})
    assert found.classes == ("high", "low", "none")
    assert [(one.candidate, one.stable) for one in found.predictions] == [
        ((5, 4, 0), (0, 5, 1)),
        ((1, 5, 0), (0, 1, 2)),
    ]


def test_in_the_shadow_its_copies_are_its_predictions() -> None:
    answer = [predicted(TWO, [0, 5], "a", metrics.SHADOW), predicted(TWO, [0, 9], "a"), predicted(ONE, [0, 4], "a")]
    [found] = read(SHADOW, {questions.PREDICTIONS: answer}).predictions
    assert (found.candidate, found.stable) == ((5,), (4,))


# A user's own


def test_what_a_users_query_gave_is_read_by_check() -> None:
    of = spec(rollout={"checks": [{"name": "own", "query": {"candidate": "x", "maximum": "3"}}]})
    answers = {"query own candidate": [counter([9.0, 2.0, 4.0])]}
    assert read(CANARY, answers, of).readings == {"own": (Reading(2.0, None), Reading(4.0, None))}
    assert read(SHADOW, answers, of).readings == {}


def test_a_users_bad_query_leaves_the_rest_as_it_is() -> None:
    of = spec(rollout={"checks": [{"name": "own", "query": {"candidate": "x", "maximum": "3"}}]})
    bad: dict[str, Any] = {"query own candidate": UNKNOWN, questions.REQUESTS: [requests(TWO, [0, 5])]}
    found = read(CANARY, bad, of)
    assert isinstance(found.readings["own"], Unknown)
    assert len(found.requests) == 1
