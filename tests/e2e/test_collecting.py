"""What is answered comes into the store, whatever happens to the store's credentials meanwhile."""

from collections.abc import Mapping
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from seatrial.contract import metrics
from seatrial.contract.http import COLLECTOR_PORT, METRICS_PATH
from tests.system.shelf import fresh_shelf
from tests.system.world import NAME, World, condition, serving

pytestmark = pytest.mark.cluster

LONGEST = 240.0  # seconds until a kubelet brings a Secret's files up to date: at most a sync period and a cache's life


def collector_pod(world: World) -> Mapping[str, Any]:
    """Return the collector's pod, once it is ready."""
    ctl, namespace = world.site.commands.ctl, world.namespace
    ctl("rollout", "status", f"deployment/{NAME}-collector", "-n", namespace, "--timeout=120s")
    chosen = f"seatrial.dev/model={NAME},seatrial.dev/component=collector"
    [pod] = world.site.commands.list("pods", namespace, chosen)
    return pod


def identity(pod: Mapping[str, Any]) -> tuple[str, int]:
    """Return what changes when a pod is made again or its container restarts."""
    return pod["metadata"]["uid"], pod["status"]["containerStatuses"][0]["restartCount"]


def counted(world: World, pod: Mapping[str, Any], name: str, **labels: str) -> float:
    """Return the sum of a counter of the collector's."""
    text = world.site.commands.pod_text(world.namespace, pod["metadata"]["name"], COLLECTOR_PORT, METRICS_PATH)
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())


def test_credentials_are_rotated_under_a_running_collector(world: World) -> None:
    """The store has one key pair, so it is the Secret that is wrong for a while: the pod sees the same two changes."""
    shelf = fresh_shelf(world.site)
    shelf.push("1")
    world.shelf = shelf
    world.serves("1", monitoring={"accuracy": {"window": "1m"}})
    pod = collector_pod(world)
    world.sees_client("has rows stored", lambda _: counted(world, pod, metrics.STORED) > 0)

    world.has_credentials(wrong=True)

    world.sees_client(
        "has rows refused", lambda _: counted(world, pod, metrics.FLUSH_FAILURES, reason="denied") > 0, LONGEST
    )
    status = world.sees("the operator says so", lambda s: condition(s, "ArtifactVerified", "reason") == "StoreDenied")
    assert (serving(status), condition(status, "Ready")) == ("1", "True")
    stored = counted(world, pod, metrics.STORED)

    world.has_credentials()

    world.sees_client("has rows stored again", lambda _: counted(world, pod, metrics.STORED) > stored, LONGEST)
    world.client.send(on=False)
    world.sees_client(
        "has all its rows stored",
        lambda _: counted(world, pod, metrics.STORED, kind="predictions") == counted(world, pod, metrics.COLLECTED),
    )
    assert identity(collector_pod(world)) == identity(pod), "nothing was restarted"
    world.has_lost_nothing()
