"""The store as the operator uses it: what is remembered, what is checked."""

from dataclasses import replace

import pytest

from seatrial.adapters.blocking_store import BlockingStore
from seatrial.adapters.remembered import Remembered
from seatrial.adapters.store import ThreadedStore
from seatrial.contract.canonical import digest_of
from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import File, Gate, Manifest
from seatrial.contract.records import Audit, Pointer
from seatrial.contract.reference import REFERENCE, Reference
from seatrial.ports import Key, Source
from seatrial.store.objects import NotFoundError, TamperedError
from tests.fakes.objects import MemoryStore
from tests.given import manifest

HOME = ModelHome.at("s3://models/team", "risk")
SOURCE = Source("s3://models/team", "risk", "http://s3", None, ("key", "secret"))
KEY = Key("ml", "risk")


class Counting(MemoryStore):
    """Counts what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self.connected: list[tuple[str, Source]] = []

    def _body(self, key: str) -> bytes:
        self.read.append(key)
        return super()._body(key)

    def connect(self, bucket: str, source: Source) -> MemoryStore:
        self.connected.append((bucket, source))
        return self

    def publish(self, version: Manifest) -> None:
        self.put(HOME.manifest(version.version), version.encode())


@pytest.fixture
def objects() -> Counting:
    objects = Counting()
    objects.publish(manifest("1"))
    return objects


@pytest.fixture
def store(objects: Counting) -> BlockingStore:
    return BlockingStore(objects.connect)


def test_a_manifest_whose_digest_is_known_is_read_once(store: BlockingStore, objects: Counting) -> None:
    expected = (manifest("1"), manifest("1").digest)
    assert store.manifest(SOURCE, "1") == store.manifest(SOURCE, "1", expected[1]) == expected
    assert len(objects.read) == 1


@pytest.mark.parametrize("promised", [True, False])
def test_a_version_that_was_removed_and_pushed_anew_is_seen(
    store: BlockingStore, objects: Counting, promised: bool
) -> None:
    store.manifest(SOURCE, "1")
    anew = replace(manifest("1"), created="2026-02-02T00:00:00+00:00")
    objects.publish(anew)
    assert store.manifest(SOURCE, "1", anew.digest if promised else None) == (anew, anew.digest)


def test_each_digest_of_a_version_is_remembered(store: BlockingStore, objects: Counting) -> None:
    """One serves, and another was pushed under its name."""
    anew = replace(manifest("1"), created="2026-02-02T00:00:00+00:00")
    assert store.known_manifest(SOURCE, "1", manifest("1").digest) is None
    store.manifest(SOURCE, "1")
    objects.publish(anew)
    store.manifest(SOURCE, "1")
    for one in (manifest("1"), anew):
        assert store.known_manifest(SOURCE, "1", one.digest) == store.manifest(SOURCE, "1", one.digest)
    assert store.known_manifest(SOURCE, "1", None) is None
    assert len(objects.read) == 2


def test_with_other_credentials_it_is_read_again(store: BlockingStore, objects: Counting) -> None:
    digest = store.manifest(SOURCE, "1")[1]
    store.manifest(replace(SOURCE, credentials=("other", "secret")), "1", digest)
    assert len(objects.read) == 2
    assert [source.credentials for _, source in objects.connected] == [("key", "secret"), ("other", "secret")]


def test_models_of_one_bucket_share_a_client(store: BlockingStore, objects: Counting) -> None:
    store.manifest(SOURCE, "1")
    with pytest.raises(NotFoundError):
        store.manifest(replace(SOURCE, model="other"), "1")
    assert [bucket for bucket, _ in objects.connected] == ["models"]


def test_what_was_not_found_is_looked_for_again(store: BlockingStore, objects: Counting) -> None:
    with pytest.raises(NotFoundError):
        store.manifest(SOURCE, "2")
    objects.publish(manifest("2"))
    assert store.manifest(SOURCE, "2")[0].version == "2"


def test_a_channel_is_always_read_anew(store: BlockingStore, objects: Counting) -> None:
    with pytest.raises(NotFoundError, match="no channel latest"):
        store.channel(SOURCE, "latest")
    for version in ("1", "2"):
        pointer = Pointer(version, manifest(version).digest, "2026-01-01T00:00:00+00:00", "a test")
        objects.put(HOME.channel("latest"), pointer.encode())
        assert store.channel(SOURCE, "latest") == pointer


def test_the_newest_version_that_passed(store: BlockingStore, objects: Counting) -> None:
    assert store.newest(replace(SOURCE, model="none"), "9") is None
    for version in ("9", "10"):
        objects.publish(manifest(version))
    objects.publish(replace(manifest("11"), gates=(Gate("minimum", False, "too low"),)))
    objects.publish(manifest("slow"))
    assert store.newest(SOURCE, "9") == "10", "who is named otherwise is not newer"
    assert store.newest(SOURCE, "slow-2") is None


def test_a_reference_is_checked_and_read_once(store: BlockingStore, objects: Counting) -> None:
    reference = Reference(5, {})
    body = reference.encode()
    files = {**manifest("1").files, REFERENCE: File(digest_of(body), len(body))}
    version = replace(manifest("1"), files=files)
    objects.put(HOME.file("1", REFERENCE, digest_of(body)), b"tampered")
    with pytest.raises(TamperedError):
        store.reference(SOURCE, version)
    objects.put(HOME.file("1", REFERENCE, digest_of(body)), body)
    objects.read.clear()
    assert store.reference(SOURCE, version) == store.reference(SOURCE, version) == reference
    assert len(objects.read) == 1
    assert store.reference(SOURCE, manifest("1")) is None


def test_serving_records_and_audits(store: BlockingStore, objects: Counting) -> None:
    assert store.serving(SOURCE, "test", KEY) is None
    for version in ("1", "2"):
        pointer = Pointer(version, manifest(version).digest, "2026-01-01T00:00:00+00:00", "seatrial")
        store.write_serving(SOURCE, "test", KEY, pointer)
        assert store.serving(SOURCE, "test", KEY) == pointer
    audit = Audit("2026-01-01T00:00:00+00:00", "seatrial", "promoted", "2", manifest("2").digest)
    store.append_audit(SOURCE, audit)
    store.append_audit(SOURCE, audit)
    assert len(list(objects.list(f"{HOME.root}audit/"))) == 1


async def test_the_same_from_threads(store: BlockingStore) -> None:
    threaded = ThreadedStore(store)
    assert (await threaded.manifest(SOURCE, "1"))[0].version == "1"
    assert await threaded.newest(SOURCE, "1") == "1"
    assert await threaded.serving(SOURCE, "test", KEY) is None
    assert await threaded.reference(SOURCE, manifest("1")) is None
    with pytest.raises(NotFoundError):
        await threaded.channel(SOURCE, "latest")
    threaded.close()


def test_the_memory_is_bounded_and_what_is_used_stays() -> None:
    made: list[int] = []
    memory = Remembered[int, int](2)

    def get(key: int) -> int:
        def make() -> int:
            made.append(key)
            return key

        return memory.get(key, make)

    for key in (1, 2, 1, 3, 1, 2):
        assert get(key) == key
    assert made == [1, 2, 3, 2]
