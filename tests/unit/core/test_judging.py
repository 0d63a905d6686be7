"""Which checks are asked at a stage, with which limits, and on which evidence."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from seatrial.api.spec import Spec
from seatrial.api.status import Finding as ReportedFinding
from seatrial.api.status import RestartsLeftOut, Stage
from seatrial.core.judging import exposure, judge
from seatrial.core.observed import Evidence, Observed, Pods
from seatrial.judge.counts import Counts
from seatrial.judge.verdict import Finding, Verdict
from tests.given import (
    MINUTE,
    NOW,
    UNKNOWN,
    disagreeing,
    failing,
    healthy,
    in_probation,
    nothing_yet,
    on_trial,
    ref,
    requests,
    restarted,
    serving,
    slow,
    spec,
    unseen_pods,
)

SINCE = NOW - 5 * MINUTE
PASS, FAIL, UNSURE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


BURSTS = (*[Counts(600, 0)] * 27, *[Counts(600, 60)] * 3)  # 1 % of stable's requests failed, all of them in 3 minutes


def findings(world: Observed) -> dict[str, Finding]:
    assert isinstance(world.spec, Spec)
    return {finding.check: finding for finding in judge(world, world.spec)}


def verdicts(world: Observed) -> dict[str, Verdict]:
    return {name: finding.verdict for name, finding in findings(world).items()}


def canary(evidence: Evidence, **changes: Any) -> Observed:
    return on_trial(Stage.CANARY, since=5 * MINUTE, evidence=evidence, **changes)


@pytest.mark.parametrize("world", [serving("1"), on_trial(Stage.PREPARING)])
def test_nothing_is_judged(world: Observed) -> None:
    assert findings(world) == {}


@pytest.mark.parametrize(
    ("stage", "checks"),
    [(Stage.SHADOW, ["disagreement", "errors", "latency"]), (Stage.CANARY, ["errors", "latency"])],
)
def test_each_stage_has_its_checks(stage: Stage, checks: list[str]) -> None:
    assert list(verdicts(on_trial(stage))) == checks
    assert list(verdicts(on_trial(stage, evidence=UNKNOWN))) == checks


def test_a_shadow_that_is_left_out_asks_for_no_comparisons() -> None:
    without = spec(rollout={"shadow": {"enabled": False}})
    assert list(verdicts(on_trial(Stage.SHADOW, of=without))) == ["errors", "latency"]


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (healthy(SINCE), {"errors": PASS, "latency": PASS}),
        (failing(SINCE), {"errors": FAIL, "latency": PASS}),
        (slow(SINCE), {"errors": PASS, "latency": FAIL}),
        (nothing_yet(SINCE), {"errors": UNSURE, "latency": UNSURE}),
        (requests(SINCE, (50, 0), (5_000, 0)), {"errors": UNSURE, "latency": PASS}),
    ],
    ids=["healthy", "failing", "slow", "nothing yet", "few requests"],
)
def test_verdicts_of_a_canary(evidence: Evidence, expected: dict[str, Verdict]) -> None:
    assert verdicts(canary(evidence, step=3)) == expected


def test_a_shadow_that_disagrees_fails() -> None:
    assert verdicts(on_trial(Stage.SHADOW, since=5 * MINUTE, evidence=disagreeing(SINCE)))["disagreement"] is FAIL


@pytest.mark.parametrize(
    ("evidence", "errors"),
    [(healthy(SINCE), PASS), (failing(SINCE), FAIL), (nothing_yet(SINCE), UNSURE)],
)
def test_verdicts_of_a_probation(evidence: Evidence, errors: Verdict) -> None:
    assert verdicts(in_probation(since=5 * MINUTE, evidence=evidence))["errors"] is errors


@pytest.mark.parametrize("stage", [Stage.SHADOW, Stage.CANARY, Stage.PROBATION])
def test_a_stable_that_is_used_to_bursts_of_errors_makes_a_fail_harder(stage: Stage) -> None:
    def errors(evidence: Evidence) -> Finding:
        if stage is Stage.PROBATION:
            return findings(in_probation(since=5 * MINUTE, evidence=evidence))["errors"]
        return findings(on_trial(stage, since=5 * MINUTE, step=3, evidence=evidence))["errors"]

    steady = requests(SINCE, (5_000, 200), (5_000, 50))
    bursts = replace(steady, history=BURSTS)
    assert (errors(steady).verdict, errors(bursts).verdict) == (FAIL, UNSURE)


def test_a_slow_version_fails_its_probation() -> None:
    found = findings(in_probation(since=5 * MINUTE, evidence=replace(slow(SINCE), history=BURSTS)))["latency"]
    assert found.verdict is FAIL
    assert "bursts" not in found.sentence, "errors that came in bursts say nothing of latencies"


def test_where_prometheus_does_not_answer_no_check_says_anything() -> None:
    found = findings(on_trial(Stage.CANARY, evidence=UNKNOWN))
    assert {finding.verdict for finding in found.values()} == {UNSURE}
    assert found["errors"].line() == "errors: Inconclusive · it does not answer"


@pytest.mark.parametrize("since", [SINCE - timedelta(seconds=1), SINCE + timedelta(seconds=1)])
def test_evidence_of_another_stage_counts_for_nothing(since: Any) -> None:
    found = findings(canary(failing(since)))
    assert {finding.verdict for finding in found.values()} == {UNSURE}
    assert found["errors"].sentence == "no evidence yet: the stage has just begun"


def test_the_chance_of_a_false_alarm_is_shared_by_the_checks() -> None:
    one = spec(rollout={"checks": [{"name": "errors", "errors": {}}]})
    alone = findings(canary(healthy(SINCE), of=one))["errors"].threshold
    together = findings(canary(healthy(SINCE)))["errors"].threshold
    assert together - alone == pytest.approx(0.693147)  # ln 2


def test_a_shadow_asks_for_the_samples_that_the_spec_says() -> None:
    many = spec(rollout={"shadow": {"minimumSamples": 6000}})
    assert set(verdicts(on_trial(Stage.SHADOW, since=5 * MINUTE, evidence=healthy(SINCE), of=many)).values()) == {
        PASS,
        UNSURE,
    }


@pytest.mark.parametrize(("count", "verdict"), [(99, UNSURE), (100, PASS)])
def test_a_canary_asks_for_a_hundred_requests_however_clear_they_are(count: int, verdict: Verdict) -> None:
    better = requests(SINCE, (count, 0), (5_000, 1_000), intervals=1)
    assert verdicts(canary(better, step=3))["errors"] is verdict


def test_a_check_has_its_own_ratio() -> None:
    """Three times the errors are too many, unless the spec allows for four times."""
    tripled = requests(SINCE, (5_000, 150), (5_000, 50))
    patient = spec(rollout={"checks": [{"name": "errors", "errors": {"maximumRatio": "4"}}]})
    assert verdicts(canary(tripled, step=3))["errors"] is FAIL
    assert verdicts(canary(tripled, step=3, of=patient))["errors"] is not FAIL


def test_a_latency_that_is_fast_enough_is_no_matter_of_ratios() -> None:
    checks = [{"name": "latency", "latency": {"objective": "5s"}}]
    assert verdicts(canary(slow(SINCE), of=spec(rollout={"checks": checks}))) == {"latency": PASS}


@pytest.mark.parametrize(
    ("stage", "step", "share"),
    [
        (Stage.SHADOW, 0, 1.0),
        (Stage.CANARY, 0, 0.05),
        (Stage.CANARY, 2, 0.50),
        (Stage.CANARY, 3, 1.0),
        (Stage.CANARY, 4, 1.0),
        (Stage.CANARY, 9, 1.0),
    ],
)
def test_a_pass_is_held_to_the_traffic_that_it_gives(stage: Stage, step: int, share: float) -> None:
    world = on_trial(stage, step=step)
    assert isinstance(world.spec, Spec)
    assert exposure(world.spec.rollout, world.status) == share
    assert exposure(world.spec.rollout, replace(world.status, trial=None)) == 1.0


# Restarts


def restarts_verdict(world: Observed) -> Verdict | None:
    return verdicts(world).get("restarts")


@pytest.mark.parametrize("stage", [Stage.SHADOW, Stage.CANARY])
@pytest.mark.parametrize("evidence", [healthy(SINCE), UNKNOWN], ids=["healthy", "no Prometheus"])
def test_a_candidate_whose_process_ends_again_and_again_fails(stage: Stage, evidence: Any) -> None:
    assert restarts_verdict(on_trial(stage, since=5 * MINUTE, evidence=evidence, pods=restarted(3))) is FAIL


@pytest.mark.parametrize(("before", "verdict"), [(0, FAIL), (1, FAIL), (2, None), (4, None), (9, None)])
def test_what_restarted_before_the_stage_does_not_count(before: int, verdict: Verdict | None) -> None:
    left_out = RestartsLeftOut(judged={"pod-0": before})
    assert restarts_verdict(canary(healthy(SINCE), pods=restarted(4), restarts_left_out=left_out)) is verdict


@pytest.mark.parametrize(("pods", "verdict"), [(restarted(4), FAIL), (restarted(4, at_start=[0]), None)])
def test_a_start_that_failed_does_not_count(pods: Pods, verdict: Verdict | None) -> None:
    assert restarts_verdict(canary(healthy(SINCE), pods=pods)) is verdict


def test_failed_starts_of_one_pod_bring_back_none_of_what_was_before_of_another() -> None:
    """The store was away when the second pod started, while the first had ended before this stage."""
    before = RestartsLeftOut(judged={"pod-0": 6})
    away = canary(healthy(SINCE), pods=restarted(6, 6, at_start=[1]), restarts_left_out=before)
    assert restarts_verdict(away) is None


@pytest.mark.parametrize(
    ("theirs", "before", "verdict"),
    [
        (restarted(1), 0, None),
        (restarted(1), 1, FAIL),  # it was before the stage
        (restarted(1, at_start=[0]), 0, FAIL),  # the store was away
        (restarted(7), 4, None),
    ],
)
def test_a_stable_whose_processes_end_as_well_leaves_it_open(
    theirs: Pods, before: int, verdict: Verdict | None
) -> None:
    left_out = RestartsLeftOut(control={"pod-0": before})
    world = canary(healthy(SINCE), pods=restarted(3), stable_pods=theirs, restarts_left_out=left_out)
    assert restarts_verdict(world) is verdict


@pytest.mark.parametrize(
    ("pods", "verdict"), [(restarted(6), FAIL), (restarted(6, 0), FAIL), (restarted(6, 0, 0), None)]
)
def test_ends_count_for_each_pod(pods: Pods, verdict: Verdict | None) -> None:
    assert restarts_verdict(canary(healthy(SINCE), pods=pods)) is verdict


def test_one_end_of_stables_hides_no_hundred() -> None:
    assert restarts_verdict(canary(healthy(SINCE), pods=restarted(100), stable_pods=restarted(1))) is FAIL


@pytest.mark.parametrize("side", ["pods", "stable_pods"])
def test_pods_that_cannot_be_seen_fail_nobody(side: str) -> None:
    found = restarts_verdict(canary(healthy(SINCE), **({"pods": restarted(9)} | {side: unseen_pods()})))
    assert found is Verdict.INCONCLUSIVE


def test_where_the_other_version_has_no_pods_at_all_it_has_no_ends() -> None:
    world = canary(healthy(SINCE), pods=restarted(3))
    there = {revision: pods for revision, pods in world.pods.items() if revision != ref("1").revision}
    assert restarts_verdict(replace(world, pods=there)) is FAIL


def failed_before(world: Observed) -> dict[str, Verdict]:
    """Judge where both kinds of checks had failed, which could not be acted upon at once."""
    failed = [ReportedFinding(name, "Fail", "so it was") for name in ("errors", "restarts", "gone")]
    status = replace(world.status, findings=(*failed, ReportedFinding("latency", "Pass", "so it was")))
    return verdicts(replace(world, status=status))


UNSURE = Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("blind", "found"),
    [
        ({}, {"errors": Verdict.PASS, "latency": Verdict.PASS}),
        ({"evidence": UNKNOWN}, {"errors": FAIL, "latency": UNSURE}),
        ({"pods": unseen_pods()}, {"errors": Verdict.PASS, "latency": Verdict.PASS, "restarts": FAIL}),
        ({"evidence": UNKNOWN, "pods": unseen_pods()}, {"errors": FAIL, "latency": UNSURE, "restarts": FAIL}),
    ],
)
def test_a_fail_stands_while_what_would_disprove_it_cannot_be_seen(
    blind: dict[str, Any], found: dict[str, Verdict]
) -> None:
    world: dict[str, Any] = {"since": 5 * MINUTE, "evidence": healthy(SINCE)} | blind
    assert failed_before(on_trial(Stage.CANARY, **world)) == found


@pytest.mark.parametrize(("before", "verdict"), [(0, FAIL), (1, None)])
def test_a_promoted_version_whose_process_ends_again_and_again_fails(before: int, verdict: Verdict | None) -> None:
    world = in_probation(since=5 * MINUTE, evidence=healthy(SINCE))
    assert world.status.stable is not None
    assert world.status.probation is not None
    there = {**world.pods, world.status.stable.revision: restarted(3)}
    probation = replace(world.status.probation, restarts_left_out=RestartsLeftOut(judged={"pod-0": before}))
    world = replace(world, pods=there, status=replace(world.status, probation=probation))
    assert restarts_verdict(world) is verdict
