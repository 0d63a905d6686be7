"""What the watches did not tell is found by listing."""

from typing import Any

import pytest

from seatrial.contract.labels import MODEL
from seatrial.controller.cache import Cache, Place
from seatrial.controller.resync import Resync
from seatrial.ports import Key
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import FakeCluster

KEY = Key("ml", "risk")
PLACE = Place("v1", "Service", "ml", "risk")


def service(name: str = "risk", port: int = 80, model: str | None = "risk") -> dict[str, Any]:
    labels = {"labels": {MODEL: model}} if model else {}
    metadata = {"namespace": "ml", "name": name, **labels}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"port": port}}


class Scene:
    def __init__(self) -> None:
        self.cluster, self.cache = FakeCluster(FakeClock()), Cache()
        self.woken: list[Key] = []
        self.resync = Resync(self.cache, self.cluster, self.woken.append, lambda count: None)

    def tell(self) -> None:
        for event in self.cluster.take_events():
            _ = self.cache.drop(event.document) if event.deleted else self.cache.put(event.document)


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.cluster.user_apply(service())
    return scene


async def test_at_the_start_everything_is_taken(scene: Scene) -> None:
    scene.cluster.user_apply(service("foreign", model=None))
    await scene.resync.fill()
    assert [document["metadata"]["name"] for document in scene.cache.owned(KEY)] == ["risk"]
    assert len(scene.cache.places("v1", "Service")) == 1


async def test_where_the_watches_told_everything_nothing_is_repaired(scene: Scene) -> None:
    scene.tell()
    assert await scene.resync.repair(grace=0) == 0
    assert scene.woken == []


async def test_a_change_that_no_watch_told_is_found(scene: Scene) -> None:
    scene.tell()
    scene.cluster.user_apply(service(port=81))
    assert await scene.resync.repair(grace=0) == 1
    assert scene.woken == [KEY]
    found = scene.cache.find(PLACE)
    assert found is not None
    assert found["spec"]["port"] == 81


async def test_a_deletion_that_no_watch_told_is_found(scene: Scene) -> None:
    scene.tell()
    scene.cluster.remove(PLACE)
    assert await scene.resync.repair(grace=0) == 1
    assert scene.cache.find(PLACE) is None
    assert scene.woken == [KEY]


async def test_what_the_watch_told_meanwhile_is_no_miss(scene: Scene) -> None:
    scene.tell()
    scene.cluster.user_apply(service("second"))
    scene.cluster.user_apply(service(port=81))

    listing = scene.cluster.listing

    async def slow(*watched: str) -> Any:
        async for document in listing(*watched):
            yield document
        scene.tell()

    scene.cluster.listing = slow  # type: ignore[method-assign,assignment]
    assert await scene.resync.repair(grace=0) == 0


async def test_an_object_that_was_made_after_the_listing_stays(scene: Scene) -> None:
    scene.tell()
    listing = scene.cluster.listing

    async def slow(*watched: str) -> Any:
        async for document in listing(*watched):
            yield document
        if watched[1] == "Service":
            scene.cluster.user_apply(service("new"))
            scene.tell()

    scene.cluster.listing = slow  # type: ignore[method-assign,assignment]
    assert await scene.resync.repair(grace=0) == 0
    assert len(scene.cache.places("v1", "Service")) == 2
