"""A new version's way, on the real cluster: served, promoted, rolled back for each reason, with nobody touching it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from seatrial.judge.restarts import TOO_MANY
from tests.system.world import RATE, ROLLOUT, World, candidate, condition, outcome, serving

pytestmark = pytest.mark.cluster
NO_SHADOW = {**ROLLOUT, "shadow": {"enabled": False}}


def rolled_back(world: World, version: str, check: str) -> None:
    """Then: the version was rolled back because of a check, which says so, and version 1 serves on."""
    status = world.sees("it is rolled back", lambda s: outcome(s, version) != "", 180)
    assert outcome(status, version) == "RolledBack", status["history"]
    assert serving(status) == "1"
    assert condition(status, "Ready") == "True"
    assert condition(status, "RolloutSucceeded") == "False"
    assert f"{check}: Fail" in condition(status, "RolloutSucceeded", "message")
    assert any(event.startswith("RolledBack:") and check in event for event in world.events())
    world.sees_client("gets only version 1", lambda c: list(c["lastSeconds"]) == ["1"])


def left_out(status: Mapping[str, Any]) -> dict[str, int]:
    """Return how many restarts of each of the candidate's pods do not count."""
    found: dict[str, int] = status["trial"].get("restartsLeftOut", {}).get("judged", {})
    return found


def test_the_first_version_serves(world: World) -> None:
    world.serves("1")

    status = world.status()
    assert condition(status, "ArtifactVerified") == "True"
    assert condition(status, "RouteReady") == "True"
    assert condition(status, "Reconciling") == "False"
    assert list(world.route_weights().values()) == [100]
    world.has_lost_nothing()


def test_a_healthy_version_is_promoted_and_no_request_is_lost(world: World) -> None:
    world.serves("1")

    world.apply("2")

    world.sees("shadow", lambda s: s.get("stage") == "Shadow" and candidate(s) == "2")
    world.sees("canary", lambda s: s.get("stage") == "Canary", 120)
    assert sum(world.route_weights().values()) == 100
    status = world.sees("promotion", lambda s: outcome(s, "2") != "", 180)
    assert outcome(status, "2") == "Promoted", status["history"]
    world.sees("the end of the probation", lambda s: s.get("stage") == "Idle" and not s.get("probation"))
    stats = world.sees_client("gets only version 2", lambda c: list(c["lastSeconds"]) == ["2"])
    assert stats["byVersion"]["2"] > 0
    world.sees("version 1's pods go", lambda s: not s.get("retiring"), 90)
    assert len(world.objects("deployments")) == 1
    world.has_lost_nothing()


def test_errors_in_the_canary_roll_back(world: World) -> None:
    world.serves("1", rollout=NO_SHADOW)

    world.apply("broken", rollout=NO_SHADOW)

    rolled_back(world, "broken", "errors")
    stats = world.client.stats()
    assert set(stats["failedByVersion"]) == {"broken"}, "only what the bad version answered itself may fail"
    assert stats["lost"] == 0


def test_errors_in_the_shadow_roll_back_and_no_client_sees_one(world: World) -> None:
    world.serves("1")

    world.apply("broken")

    rolled_back(world, "broken", "errors")
    world.has_lost_nothing()


def test_latency_rolls_back(world: World) -> None:
    strict = {**NO_SHADOW, "checks": [{"name": "latency", "latency": {"warmUp": "3s"}}]}
    world.serves("1", rollout=strict)

    world.apply("slow", rollout=strict)

    rolled_back(world, "slow", "latency")
    world.has_lost_nothing()


def test_disagreement_rolls_back(world: World) -> None:
    world.serves("1")

    world.apply("3")

    rolled_back(world, "3", "disagreement")
    world.has_lost_nothing()


def test_a_process_that_ends_again_and_again_rolls_back(world: World) -> None:
    patient = {**NO_SHADOW, "canary": {"steps": [{"weight": 20}], "stepDuration": "10m"}}
    alone = {"rollout": patient, "serving": {"replicas": 1, "timeout": "5s"}}
    world.serves("1", **alone)
    world.apply("2", **alone)
    world.sees("canary", lambda s: s.get("stage") == "Canary" and s.get("weight", 0) > 0, 180)

    for _ in range(TOO_MANY):
        world.ends_a_process_of("2")

    rolled_back(world, "2", "restarts")


@pytest.mark.timeout(600)
def test_pods_that_cannot_reach_the_store_hold_a_trial_and_reject_nobody(world: World) -> None:
    """Between the last step and the promotion as many pods are needed as stable has, and the Secret is wrong."""
    brief = {**NO_SHADOW, "canary": {"steps": [{"weight": 20}], "stepDuration": "10s"}}
    three = {"rollout": brief, "serving": {"replicas": 3, "timeout": "5s"}}
    world.serves("1", **three)
    world.apply("2", **three)
    world.sees("canary", lambda s: s.get("stage") == "Canary" and s.get("weight", 0) > 0, 180)

    world.has_credentials(wrong=True)

    world.sees("it waits for a pod", lambda s: "3 available pods" in (s.get("trial") or {}).get("held", ""), 120)
    world.sees("its starts failed", lambda s: max(left_out(s).values(), default=0) >= TOO_MANY, 180)
    status = world.status()
    assert (candidate(status), status.get("rejected")) == ("2", None)
    assert condition(status, "Stalled", "reason") == "StoreDenied"
    assert "refused" in status["trial"]["held"], "it says what its pods say"

    world.has_credentials()

    status = world.sees("promotion", lambda s: outcome(s, "2") != "", 300)
    assert outcome(status, "2") == "Promoted", status["history"]
    world.has_lost_nothing()


def test_a_namespace_without_room_for_pods_is_named_and_healed(world: World) -> None:
    world.serves("1")
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "full", "namespace": world.namespace}}
    world.site.commands.apply({**quota, "spec": {"hard": {"pods": "1"}}})
    selector = "seatrial.dev/component=predictor"

    world.site.commands.ctl("delete", "pod", "-n", world.namespace, "-l", selector, "--wait=false")

    status = world.sees("it is told", lambda s: condition(s, "Stalled") == "True", 120)
    assert condition(status, "Ready") == "False"
    assert "exceeded quota" in condition(status, "Ready", "message")
    world.site.commands.ctl("delete", "resourcequota", "full", "-n", world.namespace)
    world.sees("it is healed", lambda s: (condition(s, "Ready"), condition(s, "Stalled")) == ("True", "False"), 180)


def test_a_gateway_whose_name_was_mistyped_takes_no_traffic_away(world: World) -> None:
    world.serves("1")
    hostnames = [f"{world.namespace}.example.org"]

    world.apply("1", route={"gateway": {"name": "nowhere"}, "hostnames": hostnames})

    status = world.sees("it is said", lambda s: condition(s, "RouteReady") == "Unknown")
    assert "nowhere has not answered" in condition(status, "RouteReady", "message")
    answered = world.client.stats()["answered"]
    world.sees_client("is answered on", lambda c: c["answered"] >= answered + 10 * RATE)
    world.has_lost_nothing()


def test_without_a_gateway_replicas_carry_the_weights(world: World) -> None:
    world.client = replace(world.client, target=f"http://deploy-risk.{world.namespace}.svc")
    world.serves("1", route=None)

    world.apply("2", route=None)

    status = world.sees("promotion", lambda s: outcome(s, "2") != "", 240)
    assert outcome(status, "2") == "Promoted", status["history"]
    assert condition(status, "RouteReady", "reason") == "NoRoute"
    world.sees_client("gets only version 2", lambda c: list(c["lastSeconds"]) == ["2"], 90)
    assert not world.route_weights()


def test_an_object_that_is_made_again_in_mid_trial_gives_no_untried_version_all_the_traffic(world: World) -> None:
    """Its status is gone; the store knows what served."""
    patient = {**NO_SHADOW, "canary": {"steps": [{"weight": 20}], "stepDuration": "1h"}}
    world.serves("1", rollout=patient)
    world.apply("2", rollout=patient)
    world.sees("canary", lambda s: s.get("stage") == "Canary" and s.get("weight", 0) > 0, 180)

    world.delete()
    world.apply("2", rollout=patient)

    status = world.sees("a version serves", lambda s: serving(s) != "", 120)
    assert serving(status) == "1"
    status = world.sees("the trial begins anew", lambda s: candidate(s) == "2" and s.get("weight", 0) > 0, 180)
    assert (serving(status), status.get("history")) == ("1", None)


def test_deletion_takes_all_objects_and_no_artifact(world: World) -> None:
    world.serves("1", monitoring={"accuracy": {"window": "1m"}})
    world.client.stop()
    kinds = "deployments,services,controllerrevisions,httproutes,jobs,pods"
    assert world.objects(kinds)

    world.delete()

    world.sees("nothing is left", lambda _: not world.objects(kinds), 90)
    assert world.shelf.has("1")


def test_below_a_prefix_the_gateway_shows_the_model_and_not_its_metrics(world: World) -> None:
    gateway = {"name": world.site.gateway_name, "namespace": world.site.gateway_namespace}
    route = {"gateway": gateway, "hostnames": [f"{world.namespace}.example.org"], "path": "/risk"}
    world.client = replace(world.client, target=f"{world.site.gateway}/risk")

    world.serves("1", route=route)

    world.has_lost_nothing()
    rules = world.site.commands.get("httproute", "deploy-risk", world.namespace)
    assert rules is not None
    paths = [match["path"]["value"] for rule in rules["spec"]["rules"] for match in rule["matches"]]
    assert paths == ["/risk/v1", "/risk/v2"]
