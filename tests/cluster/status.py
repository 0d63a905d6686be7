"""A short table of what runs: processes with their memory, the node, and whether each part answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.cluster import addons, components, processes
from tests.cluster.certificates import SERVER
from tests.cluster.cluster import Cluster
from tests.cluster.places import DNS_ADDRESS, NODE, NODE_ADDRESS
from tests.cluster.processes import Identity
from tests.cluster.starting import api_ready, node_ready

_READY = {True: "ready", False: "not ready"}
_PART = ("part", "pid", "state", "memory", "address")


def table(cluster: Cluster) -> str:
    """The whole table; without a cluster a line that says so."""
    known = processes.remembered(cluster.places.running)
    if not known:
        return "The cluster is not there. Bring it up with: make cluster-up"
    rows = [_PART, *_processes(cluster, known), *_server(cluster), *_parts(cluster)]
    return aligned(rows) + f"\n\n{usage(cluster)}"


def usage(cluster: Cluster) -> str:
    """How to look around in the cluster."""
    where = cluster.addresses
    return (
        f"export KUBECONFIG={cluster.kubeconfig} PATH={cluster.places.programs}:$PATH\n"
        f"gateway {where.gateway}   S3 {where.s3}   Prometheus {where.prometheus}"
    )


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text with columns of equal width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _processes(cluster: Cluster, known: Mapping[str, Identity]) -> Iterator[tuple[str, ...]]:
    for component in components.everything(Path("kube"), cluster.places):
        identity = known.get(component.name)
        if identity and identity.alive:
            size = f"{processes.memory(identity.pid) / 2**20:.0f} MiB"
            yield component.name, str(identity.pid), "alive", size, component.address
        else:
            yield component.name, "-", "dead" if identity else "not started", "-", component.address


def _server(cluster: Cluster) -> Iterator[tuple[str, ...]]:
    ready = api_ready(cluster.places)
    yield "Kubernetes API", "", _READY[ready], "", SERVER
    yield f"node {NODE}", "", _READY[ready and node_ready(cluster.kubectl)], "", NODE_ADDRESS


def _parts(cluster: Cluster) -> Iterator[tuple[str, ...]]:
    where = cluster.addresses
    addresses = {"dns": DNS_ADDRESS, "s3": where.s3, "prometheus": where.prometheus, "gateway": where.gateway}
    for name, answers in addons.probes(where).items():
        yield name, "", "answers" if answers() else "silent", "", addresses[name]
