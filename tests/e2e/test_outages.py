"""What is around it fails, and nothing that serves is touched. These tests stop parts that all others use."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cluster.cluster import Cluster
from tests.system.installation import NAMESPACE, RELEASE
from tests.system.world import RATE, ROLLOUT, World, candidate, outcome, serving

pytestmark = [pytest.mark.cluster, pytest.mark.alone]
AWAY = 60.0  # seconds
LONG_STEPS = {
    **ROLLOUT,
    "canary": {"steps": [{"weight": 20}, {"weight": 50}], "stepDuration": "20s"},
    # These worlds have the machine for themselves, so that latencies tell something.
    "checks": [
        {"name": "errors", "errors": {}},
        {"name": "latency", "latency": {"objective": "100ms", "warmUp": "5s"}},
    ],
}


@contextmanager
def stopped(world: World, namespace: str, deployment: str) -> Iterator[None]:
    """A Deployment without pods, for a while."""
    ctl = world.site.commands.ctl
    ctl("scale", "deployment", deployment, "-n", namespace, "--replicas=0")
    ctl("wait", "pod", "-n", namespace, "-l", f"app={deployment}", "--for=delete", "--timeout=60s")
    try:
        yield
    finally:
        ctl("scale", "deployment", deployment, "-n", namespace, "--replicas=1")
        ctl("rollout", "status", f"deployment/{deployment}", "-n", namespace, "--timeout=120s")


def test_an_operator_killed_in_mid_canary_goes_on_from_there(world: World) -> None:
    world.serves("1", rollout=LONG_STEPS)
    world.apply("2", rollout=LONG_STEPS)
    before = world.sees("canary", lambda s: s.get("stage") == "Canary" and s.get("weight", 0) > 0, 180)

    world.site.commands.ctl(
        "delete", "pod", "-n", NAMESPACE, "-l", f"app.kubernetes.io/instance={RELEASE}", "--grace-period=0", "--force"
    )

    status = world.sees("promotion", lambda s: outcome(s, "2") != "", 240)
    assert outcome(status, "2") == "Promoted", status["history"]
    assert len(status["history"]) == len(before["history"]) + 1, "the trial went on; it did not begin again"
    world.has_lost_nothing()


def test_a_prometheus_that_is_down_holds_and_nothing_else(world: World) -> None:
    world.serves("1", rollout=LONG_STEPS)
    world.apply("2", rollout=LONG_STEPS)
    world.sees("canary", lambda s: s.get("stage") == "Canary" and s.get("weight", 0) > 0, 180)

    with stopped(world, "monitoring", "prometheus"):
        world.sees("it is noticed", lambda s: any(f["verdict"] == "Inconclusive" for f in s.get("findings", [])), 60)
        held = world.status()
        world.stays("it holds", lambda s: (candidate(s), s["weight"]) == ("2", held["weight"]), 25)
        assert serving(world.status()) == "1"

    status = world.sees("promotion", lambda s: outcome(s, "2") != "", 300)
    assert outcome(status, "2") == "Promoted", status["history"]
    world.has_lost_nothing()


def test_an_api_server_that_is_away_for_a_minute_stops_nobody(world: World) -> None:
    if not world.site.embedded:
        pytest.skip("only the embedded cluster's API server is the tests' to stop")
    world.serves("1", rollout=LONG_STEPS)
    world.apply("2", rollout=LONG_STEPS)
    before = world.sees("canary", lambda s: s.get("stage") == "Canary" and s.get("weight", 0) > 0, 180)
    answered = world.client.stats()["answered"]

    with Cluster().without_api():
        time.sleep(AWAY)

    world.sees_client("was answered all the time", lambda c: c["answered"] - answered >= 0.9 * AWAY * RATE)
    status = world.sees("promotion", lambda s: outcome(s, "2") != "", 300)
    assert outcome(status, "2") == "Promoted", status["history"]
    assert len(status["history"]) == len(before["history"]) + 1, "the trial went on; it did not begin again"
    world.has_lost_nothing()


def test_a_dead_operator_stops_neither_serving_nor_deletion(world: World) -> None:
    world.serves("1")

    with stopped_operator(world):
        answered = world.client.stats()["answered"]
        world.sees_client("is still answered", lambda c: c["answered"] > answered + 100)
        world.client.stop()
        world.delete()
        deadline = time.monotonic() + 60
        while world.objects("deployments,services,httproutes") and time.monotonic() < deadline:
            time.sleep(1)
        assert not world.objects("deployments,services,httproutes")


@contextmanager
def stopped_operator(world: World) -> Iterator[None]:
    """No operator, for a while."""
    ctl = world.site.commands.ctl
    ctl("scale", "deployment", RELEASE, "-n", NAMESPACE, "--replicas=0")
    try:
        yield
    finally:
        ctl("scale", "deployment", RELEASE, "-n", NAMESPACE, "--replicas=1")
        ctl("rollout", "status", f"deployment/{RELEASE}", "-n", NAMESPACE, "--timeout=120s")
