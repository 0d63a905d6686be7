"""Checks beyond errors and latency: labels of the same requests, a user's own query, the distribution of answers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.system.world import ROLLOUT, World, condition, outcome, serving

pytestmark = pytest.mark.cluster
COLLECTING: Mapping[str, Any] = {"accuracy": {"window": "1m"}}
ANY_ANSWER: Mapping[str, Any] = {**ROLLOUT["shadow"], "maximumDisagreement": "0.9"}
PODS = 'count(seatrial_predictor_info{revision="{{revision}}"})'


def judged_by(*checks: Mapping[str, Any], **rollout: Any) -> dict[str, Any]:
    return {"rollout": {**ROLLOUT, **rollout, "checks": list(checks)}, "monitoring": COLLECTING}


def tells_the_truth(world: World) -> None:
    """Every answer's label comes three seconds later."""
    world.client = replace(world.client, label_share=1.0)


def ended(world: World, version: str) -> Mapping[str, Any]:
    return world.sees(f"the end of version {version}", lambda s: outcome(s, version) != "", 240)


def test_labels_of_the_same_requests_roll_back_what_is_wrong_more_often(world: World) -> None:
    accuracy = judged_by({"name": "accuracy", "accuracy": {}}, shadow=ANY_ANSWER)
    tells_the_truth(world)
    world.serves("1", **accuracy)

    world.apply("3", **accuracy)

    status = ended(world, "3")
    assert outcome(status, "3") == "RolledBack", status["history"]
    message = condition(status, "RolloutSucceeded", "message")
    assert "accuracy: Fail · candidate wrong" in message
    assert "on the same requests" in message
    world.has_lost_nothing()


def test_a_version_that_is_right_as_often_is_promoted(world: World) -> None:
    checks = judged_by(
        {"name": "accuracy", "accuracy": {"maximumLoss": "0.05"}},
        {"name": "answers", "predictions": {"maximumRatio": "3"}, "stages": ["Shadow"]},
        {"name": "pods", "query": {"candidate": PODS, "maximumRatio": "2", "interval": "1s"}},
    )
    tells_the_truth(world)
    world.serves("1", **checks)

    world.apply("2", **checks)

    status = ended(world, "2")
    assert outcome(status, "2") == "Promoted", status["history"]
    assert "pods: Pass · in the median candidate" in status["history"][-1]["message"]
    world.has_lost_nothing()


def test_a_users_query_rolls_back(world: World) -> None:
    own = judged_by({"name": "pods", "query": {"candidate": PODS, "maximum": "1", "interval": "1s"}})
    world.serves("1", **own)

    world.apply("2", **own)

    status = ended(world, "2")
    assert (outcome(status, "2"), serving(status)) == ("RolledBack", "1")
    assert "· at most 1: broken in" in status["history"][-1]["message"]
    world.has_lost_nothing()


def test_a_query_that_prometheus_refuses_holds_and_says_why(world: World) -> None:
    errors = {"name": "errors", "errors": {}}
    broken = judged_by({"name": "own", "query": {"candidate": "sum(", "maximum": "1", "interval": "1s"}}, errors)
    world.serves("1", **broken)
    world.apply("2", **broken)

    status = world.sees("it is said", lambda s: "parse error" in (s.get("trial") or {}).get("held", ""), 180)

    found = {one["check"]: one["verdict"] for one in status["findings"]}
    assert found["own"] == "Inconclusive"
    world.sees("the others are judged", lambda s: {"check": "errors", "verdict": "Pass"}.items() <= _errors(s).items())
    world.has_lost_nothing()


def _errors(status: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((one for one in status.get("findings", []) if one["check"] == "errors"), {})
