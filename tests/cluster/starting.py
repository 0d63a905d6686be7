"""From nothing to a ready node: keys and files, the network, the processes one after the other."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.cluster import certificates, components, configuration, leftovers, network, processes
from tests.cluster.addons import Kubectl
from tests.cluster.certificates import SERVER, Credential
from tests.cluster.components import Component
from tests.cluster.containers import Containers
from tests.cluster.failures import ComponentDiedError
from tests.cluster.places import NODE, Places
from tests.cluster.probes import wait_for
from tests.cluster.stock import Stock

_PATIENCE: Final = 90.0
_IMPORTS: Final = 3


def start(places: Places, stock: Stock) -> None:
    """Start all components and load the cluster's images. Nothing of an earlier cluster may be left.

    Raises ComponentDiedError as soon as one of them ends, NotInTimeError if one does not get ready.
    """
    prepare(places, stock)
    kube = stock.program("kube")
    _start(places, components.first(kube, places))
    containers = Containers(places)
    _wait(places, "containerd", containers.answers)
    with ThreadPoolExecutor(_IMPORTS) as pool:
        loads = [pool.submit(containers.load_layout, layout) for layout in stock.layouts]
        _wait(places, "API server", lambda: api_ready(places))
        _start(places, components.second(kube, places))
        for load in loads:
            load.result()
    kubectl = Kubectl(places.programs / "kubectl", places.kubeconfig)
    _wait(places, f"node {NODE}", lambda: node_ready(kubectl))


def prepare(places: Places, stock: Stock) -> None:
    """Make the state folder with keys and configuration, the programs for PATH, the network and the cgroup."""
    for folder in (places.running, places.logs, places.programs, places.state / "cni"):
        folder.mkdir(parents=True)
    certificates.make_all(places.pki, places.state)
    (places.state / "cni" / "10-seatrial.conflist").write_text(network.conflist(places.state / "leases"))
    (places.state / "containerd.toml").write_text(configuration.containerd(places))
    (places.state / "kubelet.yaml").write_text(configuration.kubelet(places))
    _shim(places, "kubectl", f"{stock.program('kube')} ctl")
    _shim(places, "helm", str(stock.program("helm")))
    network.raise_up()
    leftovers.make_cgroup()


def check(places: Places) -> None:
    """Raise ComponentDiedError for the first component that no longer runs."""
    for name, identity in processes.remembered(places.running).items():
        if not identity.alive:
            raise ComponentDiedError(name, places.logs / f"{name}.log")


def api_ready(places: Places) -> bool:
    """Whether the API server says that it is ready."""
    client = Credential(places.pki, "admin")
    try:
        context = ssl.create_default_context(cafile=client.authority)
        context.load_cert_chain(client.certificate, client.key)
        secure = urllib.request.HTTPSHandler(context=context)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), secure)
        with opener.open(f"{SERVER}/readyz", timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def node_ready(kubectl: Kubectl) -> bool:
    """Whether the node is registered and has the condition Ready."""
    nodes = json.loads(kubectl("get", "nodes", "--output=json"))["items"]
    conditions = [condition for node in nodes for condition in node["status"].get("conditions", ())]
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _start(places: Places, started: Iterable[Component]) -> None:
    for component in started:
        processes.start(component.name, component.command, places.running, places.logs)


def _wait(places: Places, what: str, ready: Callable[[], bool]) -> None:
    def alive_and_ready() -> bool:
        check(places)
        return ready()

    wait_for(what, alive_and_ready, timeout=_PATIENCE)


def _shim(places: Places, name: str, command: str) -> None:
    """A program for PATH that uses this cluster unless KUBECONFIG names another one."""
    path: Path = places.programs / name
    path.write_text(f'#!/bin/sh\nexport KUBECONFIG="${{KUBECONFIG:-{places.kubeconfig}}}"\nexec {command} "$@"\n')
    path.chmod(0o755)
