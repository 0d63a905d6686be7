"""kopf on a real API server: it tells what happens, and leaves no trace on the objects."""

import asyncio
import gc
import os
import threading
from collections.abc import AsyncIterator

import pytest

from seatrial.adapters.kube_kinds import MODEL_API
from seatrial.api import KIND
from seatrial.contract.labels import MODEL
from seatrial.controller.handlers import watch
from seatrial.ports import Document
from tests.cluster.cluster import Cluster as Embedded
from tests.contract.kube.conftest import RealSite, real_site

pytestmark = [
    pytest.mark.cluster,
    # kopf leaves its connections to the garbage collector when it is stopped.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
PATIENCE = 60.0  # seconds


class Told:
    """What the watches told about one namespace."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.news: list[tuple[Document, bool]] = []
        self._more = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, document: Document, deleted: bool) -> None:
        if document["metadata"]["namespace"] == self.namespace:
            self.news.append((document, deleted))
            task = asyncio.create_task(self._tell())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def until(self, kind: str, name: str, *, deleted: bool = False) -> Document:
        """Wait until an object's state, or its deletion, was told."""

        def found() -> Document | None:
            matching = (d for d, gone in self.news if gone is deleted and (d["kind"], d["metadata"]["name"]) == key)
            return next(matching, None)

        key = (kind, name)
        async with asyncio.timeout(PATIENCE), self._more:
            await self._more.wait_for(lambda: found() is not None)
        document = found()
        assert document is not None
        return document

    async def _tell(self) -> None:
        async with self._more:
            self._more.notify_all()


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RealSite]:
    monkeypatch.setenv("KUBECONFIG", os.environ.get("KUBECONFIG") or str(Embedded().kubeconfig))
    site = await real_site()
    yield site
    await site.close()


@pytest.fixture
async def told(site: RealSite) -> AsyncIterator[Told]:
    told, stop = Told(site.namespace), threading.Event()
    watching = asyncio.create_task(watch(told, stop))
    yield told
    assert not watching.done()
    stop.set()
    await asyncio.wait_for(watching, PATIENCE)
    gc.collect()


async def test_what_happens_is_told_and_nothing_is_written(site: RealSite, told: Told) -> None:
    model = _model(site)
    before = await site.user_apply(model)
    await site.user_apply(_service(site, "foreign", {}))
    await site.user_apply(_service(site, "owned", {MODEL: "risk"}))
    seen = await told.until(KIND, "risk")
    assert seen["apiVersion"] == MODEL_API
    assert (await told.until("Service", "owned"))["apiVersion"] == "v1"
    await site.cluster.delete(_service(site, "owned", {}))
    await told.until("Service", "owned", deleted=True)
    assert all(document["metadata"]["name"] != "foreign" for document, _ in told.news)
    now = await site.cluster.read(model)
    assert "finalizers" not in now["metadata"]
    assert now["metadata"].get("annotations") == before["metadata"].get("annotations")


async def test_the_versions_that_watches_tell_grow(site: RealSite, told: Told) -> None:
    model = _model(site)
    await site.user_apply(model)
    await told.until(KIND, "risk")
    await site.cluster.delete(model)
    gone = await told.until(KIND, "risk", deleted=True)
    states = [document for document, deleted in told.news if document["kind"] == KIND and not deleted]
    versions = [int(document["metadata"]["resourceVersion"]) for document in states]
    assert versions == sorted(versions)
    assert int(gone["metadata"]["resourceVersion"]) > versions[-1], "a deletion is newer than what was there"


def _model(site: RealSite) -> Document:
    spec = {"model": {"store": "s3://models/team", "name": "risk", "version": "1"}}
    metadata = {"namespace": site.namespace, "name": "risk"}
    return {"apiVersion": MODEL_API, "kind": KIND, "metadata": metadata, "spec": spec}


def _service(site: RealSite, name: str, labels: dict[str, str]) -> Document:
    metadata = {"namespace": site.namespace, "name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}}
