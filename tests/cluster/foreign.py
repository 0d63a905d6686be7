"""A cluster of the user's own, named by KUBECONFIG: nothing is built or changed, only what it lacks is said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.cluster.commands import run
from tests.cluster.failures import UnsuitableError
from tests.cluster.places import Places

_TIME: Final = 30.0
_ROUTES: Final = "httproutes.gateway.networking.k8s.io"


def is_named(environment: Mapping[str, str], places: Places) -> bool:
    """Whether KUBECONFIG names a cluster that is not the embedded one."""
    named = environment.get("KUBECONFIG", "")
    return bool(named) and Path(named).resolve() != places.kubeconfig.resolve()


def report() -> str:
    """What the cluster is, and what of the demo's needs it lacks. Raises CommandError if it does not answer."""
    if not shutil.which("kubectl"):
        raise UnsuitableError("KUBECONFIG is set, but there is no kubectl on PATH")
    nodes = _items("nodes")
    lacking = lacks(_items("customresourcedefinitions"), _items("services", "--all-namespaces"))
    size = "1 node" if len(nodes) == 1 else f"{len(nodes)} nodes"
    lines = [f"KUBECONFIG names a cluster of {size}, which answers; nothing was built or changed."]
    return "\n".join(lines + [f"missing for the demo: {need}" for need in lacking])


def lacks(definitions: list[Any], services: list[Any]) -> list[str]:
    """What the demo needs and the cluster does not have, from its definitions and Services."""
    names = {definition["metadata"]["name"] for definition in definitions}
    parts = {service["metadata"]["name"] for service in services}
    needs = {
        "the Gateway API (standard channel) with a Gateway gateways/models": _ROUTES in names,
        "a Prometheus that scrapes annotated pods": any("prometheus" in part for part in parts),
        "an S3 server, as a Service named s3 or minio, or an endpoint outside": bool(parts & {"s3", "minio"}),
    }
    return [need for need, met in needs.items() if not met]


def _items(*words: str) -> list[Any]:
    answer = run(["kubectl", "get", *words, "--output=json", "--request-timeout=20s"], timeout=_TIME)
    items: list[Any] = json.loads(answer)["items"]
    return items
