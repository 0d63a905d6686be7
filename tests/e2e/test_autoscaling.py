"""A HorizontalPodAutoscaler on the ModelDeployment, through a canary and a promotion."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.system.world import NAME, ROLLOUT, World, candidate, serving

pytestmark = [pytest.mark.cluster, pytest.mark.alone]
RATE = 50  # requests a second: some 230m of a processor, and twice that on a slow one
HALF: Mapping[str, Any] = {
    **ROLLOUT,
    "shadow": {"enabled": False},
    "canary": {"steps": [{"weight": 50}], "stepDuration": "1h"},
    "probation": "1h",
}
# All of the pods fit on a node of two cores, however slow it is.
UNSAID: Mapping[str, Any] = {
    "rollout": HALF,
    "serving": {"timeout": "5s", "resources": {"requests": {"cpu": "50m"}}},
}
TARGET = "70m"


def autoscaler(world: World) -> Mapping[str, Any]:
    resource = {"name": "cpu", "target": {"type": "AverageValue", "averageValue": TARGET}}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": NAME, "namespace": world.namespace},
        "spec": {
            "scaleTargetRef": {"apiVersion": "seatrial.dev/v1alpha1", "kind": "ModelDeployment", "name": NAME},
            "minReplicas": 2,
            "maxReplicas": 8,
            "metrics": [{"type": "Resource", "resource": resource}],
        },
    }


def test_stable_keeps_its_pods_and_the_candidates_follow_its_weight(world: World) -> None:
    world.client = replace(world.client, rate=RATE)
    world.serves("1", **UNSAID)
    world.site.commands.apply(autoscaler(world))
    world.sees_replicas("the autoscaler adds pods", lambda asked: asked >= 3)
    world.has_all_pods()

    world.apply("2", **UNSAID)
    world.sees("canary", lambda s: candidate(s) == "2" and s.get("weight") == 50, 240)
    before = world.replicas_by_version()["1"]  # it may have gone on growing
    world.sees_replicas("it takes some away", lambda asked: asked < before)

    pods = world.replicas_by_version()
    assert pods["1"] >= before, "after a rollback they must bear all of the load"
    assert 2 <= pods["2"] <= pods["1"]

    status = world.status()
    world.annotates(promote=status["trial"]["candidate"]["revision"])
    world.sees("promotion", lambda s: serving(s) == "2", 120)
    assert world.replicas_by_version()["2"] >= before, "it was scaled to full before it took over"
    world.sees_replicas("the autoscaler sees the whole load again", lambda asked: asked >= 3)
    assert world.asked_replicas() < 8, "nothing drives it to its maximum"
    world.has_lost_nothing()
