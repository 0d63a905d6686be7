"""The store behind threads: who waits for whom, and what is known without asking."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from threading import Event

import pytest

from seatrial.adapters.blocking_store import BlockingStore
from seatrial.adapters.lanes import REST
from seatrial.adapters.store import ThreadedStore
from seatrial.contract.canonical import digest_of
from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import File
from seatrial.contract.records import Audit, Pointer
from seatrial.contract.reference import REFERENCE, Reference
from seatrial.ports import Key, Source
from seatrial.store.objects import NotFoundError, Object, UnreachableError
from tests.fakes.clock import FakeClock
from tests.fakes.objects import MemoryStore
from tests.given import manifest

HOME = ModelHome.at("s3://models/team", "risk")
SOURCE = Source("s3://models/team", "risk", "http://s3", None, None)
SILENT = replace(SOURCE, endpoint="http://silent")
KEY = Key("ml", "risk")
V1, V2 = (Pointer(v, manifest(v).digest, "2026-01-01T00:00:00+00:00", "seatrial") for v in ("1", "2"))
AUDIT = Audit("2026-01-01T00:00:00+00:00", "seatrial", "promoted", "1", manifest("1").digest)


class Gated(MemoryStore):
    """Answers only while its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Event()

    def get(self, key: str, *, maximum: int) -> Object:
        self.gate.wait(10)
        return super().get(key, maximum=maximum)

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        self.gate.wait(10)
        return super().put(key, body, if_absent=if_absent, if_match=if_match)


class Scene:
    """A store that answers and a silent one, both with version 1."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.answers, self.silent = MemoryStore(), Gated()
        for objects in (self.answers, self.silent):
            MemoryStore.put(objects, HOME.manifest("1"), manifest("1").encode())
        blocking = BlockingStore(lambda _, source: self.silent if source.endpoint == SILENT.endpoint else self.answers)
        self.store = ThreadedStore(blocking, patience=0.5, write_patience=0.6, clock=self.clock.monotonic)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    yield scene
    scene.silent.gate.set()
    scene.store.close()


async def test_a_silent_endpoint_stops_nobody_else(scene: Scene) -> None:
    waiting = [asyncio.create_task(scene.store.serving(SILENT, "test", Key("ml", str(n)))) for n in range(16)]
    await asyncio.sleep(0)
    assert (await scene.store.manifest(SOURCE, "1"))[0].version == "1"
    for error in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(error, UnreachableError)
        assert str(error) == "http://silent did not answer within 0.5 s"


async def test_writes_have_a_patience_of_their_own(scene: Scene) -> None:
    with pytest.raises(UnreachableError, match=r"within 0\.6 s"):
        await scene.store.append_audit(SILENT, AUDIT)
    scene.clock.advance(REST)
    with pytest.raises(UnreachableError, match=r"within 0\.6 s"):
        await scene.store.write_serving(SILENT, "test", KEY, V1)


async def test_each_region_of_aws_is_an_endpoint(scene: Scene) -> None:
    scene.answers = scene.silent
    with pytest.raises(UnreachableError, match="AWS S3 in nowhere did not answer"):
        await scene.store.serving(replace(SOURCE, endpoint=None, region="nowhere"), "test", KEY)
    scene.silent.gate.set()
    assert await scene.store.serving(replace(SOURCE, endpoint=None), "test", KEY) is None


async def test_what_a_digest_names_is_known_while_the_endpoint_is_away(scene: Scene) -> None:
    body = Reference(5, {}).encode()
    with_reference = replace(manifest("1"), files={**manifest("1").files, REFERENCE: File(digest_of(body), len(body))})
    MemoryStore.put(scene.silent, HOME.file("1", REFERENCE, digest_of(body)), body)
    scene.silent.gate.set()
    digest = manifest("1").digest
    first = await scene.store.manifest(SILENT, "1", digest), await scene.store.reference(SILENT, with_reference)
    scene.silent.gate.clear()
    with pytest.raises(UnreachableError):
        await scene.store.serving(SILENT, "test", KEY)
    again = await scene.store.manifest(SILENT, "1", digest), await scene.store.reference(SILENT, with_reference)
    assert again == first == ((manifest("1"), digest), Reference(5, {}))
    with pytest.raises(UnreachableError, match="asked again soon"):
        await scene.store.manifest(SILENT, "1")


async def test_a_manifest_that_is_not_the_promised_one_is_read_anew(scene: Scene) -> None:
    promised = manifest("2").digest
    assert (await scene.store.manifest(SOURCE, "1", promised))[1] == manifest("1").digest
    MemoryStore.put(scene.answers, HOME.manifest("1"), replace(manifest("1"), created="2026-02-02").encode())
    assert (await scene.store.manifest(SOURCE, "1", promised))[0].created == "2026-02-02"


async def test_a_write_that_was_given_up_never_undoes_a_later_one(scene: Scene) -> None:
    scene.silent.gate.set()
    assert await scene.store.serving(SILENT, "test", KEY) is None
    scene.silent.gate.clear()
    with pytest.raises(UnreachableError):
        await scene.store.write_serving(SILENT, "test", KEY, V1)
    scene.clock.advance(REST)
    with pytest.raises(UnreachableError, match="did not end an earlier write"):
        await scene.store.write_serving(SILENT, "test", KEY, V2)
    scene.silent.gate.set()
    scene.clock.advance(REST)
    while await scene.store.serving(SILENT, "test", KEY) != V1:  # noqa: ASYNC110 - what threads do
        await asyncio.sleep(0.001)
    await scene.store.write_serving(SILENT, "test", KEY, V2)
    assert await scene.store.serving(SILENT, "test", KEY) == V2


async def test_errors_of_the_store_pass_through(scene: Scene) -> None:
    with pytest.raises(NotFoundError, match="no channel latest"):
        await scene.store.channel(SOURCE, "latest")
    assert await scene.store.newest(SOURCE, "1") == "1"


async def test_once_closed_nothing_begins(scene: Scene) -> None:
    scene.store.close()
    with pytest.raises(RuntimeError):
        await scene.store.newest(SOURCE, "1")
