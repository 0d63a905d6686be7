"""How each kind of check is judged: by which evidence, from how many samples, and which of them a stage waits for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.checks import possible_stages
from seatrial.api.spec import Spec
from seatrial.api.status import Stage
from seatrial.core.judging import ALPHA, backstops, check_names, judge
from seatrial.core.observed import Evidence, Observed, Unknown
from seatrial.core.situation import Situation
from seatrial.judge.counts import NO_PAIRS, ClassInterval, Counts, Interval, Pairs
from seatrial.judge.query import Reading
from seatrial.judge.verdict import Finding, Verdict
from tests.given import MINUTE, NOW, UNKNOWN, healthy, in_probation, on_trial, spec

SINCE = NOW - 5 * MINUTE
PASS, FAIL, UNSURE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
SAME, WORSE = Pairs(4_000, 100, 100, 500), Pairs(3_500, 50, 650, 500)
RIGHT, WRONG = Counts(20_000, 1_000), Counts(20_000, 4_000)


def checks(*listed: Mapping[str, Any], **rollout: Any) -> Spec:
    return spec(rollout={"checks": list(listed), **rollout})


def judged(stage: Stage, of: Spec, **evidence: Any) -> dict[str, Finding]:
    found = replace(healthy(SINCE), **evidence)
    world = (
        in_probation(since=5 * MINUTE, of=of, evidence=found)
        if stage is Stage.PROBATION
        else on_trial(stage, since=5 * MINUTE, of=of, evidence=found)
    )
    return {finding.check: finding for finding in judge(world, of)}


ACCURACY = checks({"name": "accuracy", "accuracy": {"maximumLoss": "0.02"}})


@pytest.mark.parametrize(("pairs", "verdict"), [(SAME, PASS), (WORSE, FAIL), (NO_PAIRS, UNSURE)])
def test_in_the_shadow_accuracy_is_judged_by_pairs(pairs: Pairs, verdict: Verdict) -> None:
    found = judged(Stage.SHADOW, ACCURACY, pairs=(pairs,), labels=(Interval(WRONG, RIGHT),))
    assert found["accuracy"].verdict is verdict


@pytest.mark.parametrize(
    ("pairs", "candidate", "verdict"),
    [
        (NO_PAIRS, RIGHT, PASS),
        (NO_PAIRS, WRONG, FAIL),
        (SAME, WRONG, FAIL),
        (WORSE, RIGHT, FAIL),
        (SAME, Counts(10, 1), PASS),
        (Pairs(9, 0, 1, 0), Counts(10, 1), UNSURE),
    ],
)
def test_in_the_canary_late_pairs_and_each_sides_own_labels_tell(
    pairs: Pairs, candidate: Counts, verdict: Verdict
) -> None:
    found = judged(Stage.CANARY, ACCURACY, pairs=(pairs,), labels=(Interval(candidate, RIGHT),))
    assert found["accuracy"].verdict is verdict


def test_in_probation_accuracy_may_still_fail() -> None:
    assert judged(Stage.PROBATION, ACCURACY, labels=(Interval(WRONG, RIGHT),))["accuracy"].verdict is FAIL


def test_accuracy_asks_for_more_than_a_few_labels() -> None:
    listed: dict[str, Any] = {"name": "accuracy", "accuracy": {"maximumLoss": "0.1"}}
    few = judged(Stage.SHADOW, checks(listed), pairs=(Pairs(199, 0, 0, 0),))["accuracy"]
    assert (few.verdict, "199 of 200 labelled pairs" in few.sentence) == (UNSURE, True)
    own = checks({**listed, "minimumSamples": 150})
    assert judged(Stage.SHADOW, own, pairs=(Pairs(199, 0, 0, 0),))["accuracy"].verdict is PASS


PREDICTIONS = checks({"name": "predictions", "predictions": {}})


@pytest.mark.parametrize(("candidate", "verdict"), [((900, 100), PASS), ((500, 500), FAIL)])
@pytest.mark.parametrize("stage", [Stage.SHADOW, Stage.CANARY])
def test_the_distribution_of_predictions(stage: Stage, candidate: tuple[int, ...], verdict: Verdict) -> None:
    intervals = (ClassInterval(candidate, (900, 100)),) * 8
    found = judged(stage, PREDICTIONS, classes=("a", "b"), predictions=intervals)
    assert found["predictions"].verdict is verdict


def query(**limit: Any) -> Spec:
    return checks({"name": "own", "query": {"candidate": "{{revision}}", **limit}})


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [
        ({"maximum": "3"}, PASS),
        ({"maximum": "1"}, FAIL),
        ({"minimum": "1"}, PASS),
        ({"minimum": "-1"}, PASS),
        ({"minimum": "3"}, FAIL),
        ({"maximumRatio": "1.5"}, PASS),
        ({"maximumRatio": "0.5"}, FAIL),
        ({"minimumRatio": "0.5"}, PASS),
        ({"minimumRatio": "1.5"}, FAIL),
    ],
)
def test_a_users_metric_is_held_to_its_limit(limit: dict[str, str], verdict: Verdict) -> None:
    readings = {"own": (Reading(2.0, 2.0),) * 20}
    assert judged(Stage.CANARY, query(**limit), readings=readings)["own"].verdict is verdict


def test_a_users_query_that_gives_nothing_to_judge_says_why() -> None:
    found = judged(Stage.CANARY, query(maximum="3"), readings={"own": UNKNOWN})["own"]
    assert (found.verdict, found.sentence) == (UNSURE, "it does not answer")
    assert judged(Stage.CANARY, query(maximum="3"))["own"].verdict is UNSURE


# Where checks are asked


@pytest.mark.parametrize(
    ("listed", "stages"),
    [
        ({"errors": {}}, (Stage.SHADOW, Stage.CANARY, Stage.PROBATION)),
        ({"errors": {}, "stages": ["Canary"]}, (Stage.CANARY,)),
        ({"predictions": {}}, (Stage.SHADOW, Stage.CANARY)),
        ({"query": {"candidate": "x", "maximum": "3"}}, (Stage.CANARY, Stage.PROBATION)),
        ({"query": {"candidate": "{{revision}}", "maximumRatio": "3"}}, (Stage.CANARY,)),
    ],
)
def test_a_check_is_asked_where_it_can_say_something(listed: dict[str, Any], stages: tuple[Stage, ...]) -> None:
    of = checks({"name": "own", **listed})
    asked = tuple(s for s in (Stage.SHADOW, Stage.CANARY, Stage.PROBATION) if "own" in check_names(of.rollout, s))
    assert asked == stages
    assert set(stages) <= set(possible_stages(of.rollout.checks[0].kind))


def test_two_tests_on_accuracy_share_its_chance_of_a_false_fail() -> None:
    alone = judged(Stage.SHADOW, checks({"name": "errors", "errors": {}, "stages": ["Shadow"]}))["errors"].threshold
    labelled = {"labels": (Interval(Counts(100, 5), Counts(100, 5)),), "pairs": (Pairs(90, 2, 2, 6),)}
    both = judged(Stage.CANARY, ACCURACY, **labelled)["accuracy"].threshold
    assert both == pytest.approx(alone), "one check of two in the shadow, half a check here"


def test_the_chance_of_a_false_fail_is_shared_by_the_checks_of_the_stage() -> None:
    of = checks({"name": "a", "errors": {}, "stages": ["Shadow"]}, {"name": "b", "errors": {}})
    only = judged(Stage.CANARY, of)["b"].threshold
    assert only == pytest.approx(judged(Stage.CANARY, checks({"name": "b", "errors": {}}))["b"].threshold)
    assert only < judged(Stage.SHADOW, of)["b"].threshold
    assert ALPHA == 0.01


@pytest.mark.parametrize(
    ("rollout", "stage", "names"),
    [
        ({}, Stage.CANARY, {"accuracy"}),
        ({}, Stage.SHADOW, set()),
        ({"shadow": {"enabled": False}}, Stage.CANARY, set()),  # then it is shown there or nowhere
    ],
)
def test_after_a_shadow_accuracy_is_only_a_backstop(rollout: dict[str, Any], stage: Stage, names: set[str]) -> None:
    of = checks({"name": "errors", "errors": {}}, {"name": "accuracy", "accuracy": {}}, **rollout)
    assert backstops(of.rollout, stage) == names


@pytest.mark.parametrize("evidence", [UNKNOWN, Evidence(since=NOW)])
@pytest.mark.parametrize(("of", "regression"), [(ACCURACY, False), (PREDICTIONS, True)])
def test_where_there_is_nothing_but_backstops_they_are_waited_for(
    of: Spec, regression: bool, evidence: Evidence | Unknown
) -> None:
    """So that nobody is promoted without anything being shown."""
    assert backstops(of.rollout, Stage.CANARY, regression=regression) == set()

    world = on_trial(Stage.CANARY, of=of, evidence=evidence)
    assert world.status.trial is not None
    situation = Situation(world, of, world.status, world.status.trial, judge(world, of), NOW)
    assert situation.verdict is UNSURE


def verdict(of: Spec, *findings: Finding) -> tuple[Verdict, str]:
    world: Observed = on_trial(Stage.CANARY, of=of)
    assert world.status.trial is not None
    situation = Situation(world, of, world.status, world.status.trial, findings, NOW)
    return situation.verdict, situation.why(UNSURE)


def finding(check: str, verdict: Verdict) -> Finding:
    return Finding(check, verdict, "so", 0.0, 5.0)


BOTH = checks({"name": "errors", "errors": {}}, {"name": "accuracy", "accuracy": {}})


@pytest.mark.parametrize(
    ("errors", "accuracy", "stage"),
    [(PASS, UNSURE, PASS), (PASS, FAIL, FAIL), (UNSURE, PASS, UNSURE), (PASS, PASS, PASS), (UNSURE, UNSURE, UNSURE)],
)
def test_a_backstop_is_not_waited_for(errors: Verdict, accuracy: Verdict, stage: Verdict) -> None:
    found, why = verdict(BOTH, finding("errors", errors), finding("accuracy", accuracy))
    assert found is stage
    assert "accuracy" not in why


def test_a_stage_in_which_no_check_is_asked_only_lasts() -> None:
    nothing = checks({"name": "errors", "errors": {}, "stages": ["Shadow"]})
    assert verdict(nothing)[0] is PASS
    assert verdict(BOTH)[0] is UNSURE, "there is no evidence yet"


def test_evidence_that_is_not_there_is_told_of_every_check() -> None:
    world = on_trial(Stage.CANARY, of=BOTH, evidence=Unknown(UNKNOWN.reason, "away"))
    assert [(one.check, one.sentence) for one in judge(world, BOTH)] == [("errors", "away"), ("accuracy", "away")]
    fresh = on_trial(Stage.CANARY, of=BOTH, evidence=Evidence(since=NOW - MINUTE))
    assert {one.verdict for one in judge(fresh, BOTH)} == {UNSURE}


def test_what_labels_tell_is_not_waited_for_where_stable_collects_nothing() -> None:
    of = checks({"name": "errors", "errors": {}}, {"name": "accuracy", "accuracy": {}}, shadow={"enabled": False})
    assert backstops(of.rollout, Stage.CANARY, collects=False) == {"accuracy"}
    assert backstops(of.rollout, Stage.CANARY, collects=True) == set()
