"""The clusters that the suite runs on: the one in memory, and a real API server.

KUBECONFIG names the real one (default: the embedded cluster's). The tests work in a namespace of their own, and
delete it.
"""

import os
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import load_kube_config

from seatrial.adapters.apply_patch import APPLY
from seatrial.adapters.clock import SystemClock
from seatrial.adapters.kube import KubeCluster
from seatrial.adapters.kube_client import KubeClient
from seatrial.adapters.kube_kinds import collection_path, object_path
from seatrial.controller.cache import Place, place_of
from seatrial.ports import Document
from tests.cluster.cluster import Cluster as Embedded
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import FakeCluster

CRD = Path(__file__).resolve().parents[3] / "crds" / "seatrial.dev_modeldeployments.yaml"


class Site(Protocol):
    """A cluster under test, and the hands of the rest of the world in it."""

    namespace: str

    @property
    def cluster(self) -> "KubeCluster | FakeCluster":
        """The cluster."""

    async def user_apply(self, document: Document) -> Document:
        """Write an object as a user does, who is another manager of its fields."""

    async def user_status(self, document: Document, status: Mapping[str, Any]) -> None:
        """Write into an object's status as another manager of its fields."""

    async def pod(self, name: str, labels: Mapping[str, str], status: Mapping[str, Any]) -> None:
        """Let a Pod be there, and its kubelet say this."""

    async def put_secret(self, name: str, data: Mapping[str, str]) -> None:
        """Let a Secret be there."""

    async def told(self, about: Document) -> list[tuple[str, str, bool]]:
        """Return the Events about an object: reason, message, warning."""


class FakeSite:
    """The cluster in memory."""

    def __init__(self) -> None:
        self.cluster, self.namespace = FakeCluster(FakeClock()), "contract"

    async def user_apply(self, document: Document) -> Document:
        live = self.cluster.find(place_of(document)) or {}
        merged = {**live, **document, "metadata": _merged(live.get("metadata", {}), document["metadata"])}
        return self.cluster.user_apply(merged)

    async def user_status(self, document: Document, status: Mapping[str, Any]) -> None:
        self.cluster.set_status(place_of(document), status)

    async def pod(self, name: str, labels: Mapping[str, str], status: Mapping[str, Any]) -> None:
        metadata = {"namespace": self.namespace, "name": name, "labels": dict(labels)}
        self.cluster.user_apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata})
        self.cluster.set_status(Place("v1", "Pod", self.namespace, name), status)

    async def put_secret(self, name: str, data: Mapping[str, str]) -> None:
        self.cluster.secrets[self.namespace, name] = dict(data)

    async def told(self, about: Document) -> list[tuple[str, str, bool]]:
        found = [event for event in self.cluster.recorded if event.about == place_of(about)]
        return [(event.reason, event.message, event.warning) for event in found]


@dataclass
class RealSite:
    """A real API server; Pods in it are given to a scheduler that does not exist, so that no kubelet takes them."""

    client: KubeClient
    namespace: str

    @property
    def cluster(self) -> KubeCluster:
        return KubeCluster(self.client, SystemClock(), "contract-test")

    async def user_apply(self, document: Document) -> Document:
        return await self._apply(object_path(document), document)

    async def user_status(self, document: Document, status: Mapping[str, Any]) -> None:
        head = {name: document[name] for name in ("apiVersion", "kind", "metadata")}
        await self._apply(f"{object_path(document)}/status", {**head, "status": status})

    async def pod(self, name: str, labels: Mapping[str, str], status: Mapping[str, Any]) -> None:
        head = {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": self.namespace, "name": name}}
        spec = {"schedulerName": "nobody", "containers": [{"name": "main", "image": "none"}]}
        labelled = {**head, "metadata": {**head["metadata"], "labels": dict(labels)}}  # type: ignore[dict-item]
        await self.user_apply({**labelled, "spec": spec})
        await self._apply(f"{object_path(head)}/status", {**head, "status": _complete(status)})

    async def put_secret(self, name: str, data: Mapping[str, str]) -> None:
        head = {"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": self.namespace, "name": name}}
        await self.user_apply({**head, "stringData": dict(data)})

    async def told(self, about: Document) -> list[tuple[str, str, bool]]:
        path = collection_path("v1", "Event", self.namespace)
        selector = f"involvedObject.uid={about['metadata']['uid']}"
        found = (await self.client.request("GET", path, query=[("fieldSelector", selector)]))["items"]
        return [(event["reason"], event["message"], event["type"] == "Warning") for event in found]

    async def _apply(self, path: str, document: Document) -> Document:
        query = (("fieldManager", "a-user"), ("force", "true"))
        return await self.client.request("PATCH", path, query=query, body=document, content_type=APPLY)

    async def open(self) -> None:
        """Make the namespace, and see to it that ModelDeployments are known."""
        crd = yaml.safe_load(CRD.read_text())
        await self._apply(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd['metadata']['name']}", crd)
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}
        await self.client.request("POST", "/api/v1/namespaces", body=namespace)

    async def close(self) -> None:
        """Delete the namespace and all that is in it."""
        await self.client.request("DELETE", f"/api/v1/namespaces/{self.namespace}")
        await self.client.close()


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.cluster)])
async def site(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    """The cluster under test."""
    if request.param == "fake":
        yield FakeSite()
        return
    real = await real_site()
    yield real
    await real.close()


async def real_site() -> RealSite:
    """Return the real cluster, with a namespace for this test."""
    configuration = Configuration()
    kubeconfig = os.environ.get("KUBECONFIG") or str(Embedded().kubeconfig)
    await load_kube_config(kubeconfig, client_configuration=configuration)  # type: ignore[no-untyped-call]
    real = RealSite(KubeClient(ApiClient(configuration)), f"seatrial-contract-{secrets.token_hex(4)}")
    await real.open()
    return real


def _merged(live: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    inner = {key: {**live.get(key, {}), **said[key]} for key in ("labels", "annotations") if key in said}
    return {**live, **said, **inner}


def _complete(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Pod's status with the fields that the API server insists on."""
    needed = {"name": "main", "image": "none", "imageID": "", "ready": False, "restartCount": 0}
    containers = [{**needed, **container} for container in status.get("containerStatuses", [])]
    return {**status, "containerStatuses": containers}
