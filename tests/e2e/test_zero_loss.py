"""A client at 200 requests a second over connections that stay open: whatever goes, no request is lost."""

from dataclasses import replace
from typing import Any

import pytest

from tests.system.world import ROLLOUT, World, candidate, outcome, serving

pytestmark = [pytest.mark.cluster, pytest.mark.alone]
RATE = 200  # requests a second
STEPS: dict[str, Any] = {
    **ROLLOUT,
    "shadow": {"minimumSamples": 100, "minimumDuration": "5s", "maximumDisagreement": "0.20"},
    "canary": {"steps": [{"weight": 20}, {"weight": 50}], "stepDuration": "15s"},
    "probation": "1h",
}


@pytest.mark.parametrize("gateway", [True, False], ids=["gateway", "service"])
def test_no_request_is_lost(world: World, gateway: bool) -> None:
    """Pods are killed in a canary, it is promoted, a drain takes all pods, and the version before comes back."""
    sections: dict[str, Any] = {"rollout": STEPS} | ({} if gateway else {"route": None})
    world.client = replace(world.client, rate=RATE)
    if not gateway:
        world.client = replace(world.client, target=f"http://deploy-risk.{world.namespace}.svc")
    world.serves("1", **sections)

    world.apply("2", **sections)
    world.sees("canary", lambda s: candidate(s) == "2" and s.get("weight", 0) > 0, 180)
    world.kills_a_pod_of("1")
    world.kills_a_pod_of("2")
    world.sees("promotion", lambda s: serving(s) == "2", 300)
    world.drains_all_pods()
    world.apply("1", **sections)
    world.sees("the version before is back", lambda s: outcome(s, "2") == "Aborted", 60)
    world.sees_client("gets only version 1", lambda c: list(c["lastSeconds"]) == ["1"])
    world.sees("version 2 goes", lambda s: not s.get("retiring"), 120)

    stats = world.has_lost_nothing()
    assert stats["answered"] > RATE * 60
