"""The wanted version, and each way in which it cannot be had: which reason, and words that say what to do."""

from dataclasses import replace

import pytest

from seatrial.api.conditions import Reason
from seatrial.api.parse import parse_spec
from seatrial.api.spec import Spec
from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import Gate
from seatrial.contract.names import SEGMENT_RULE
from seatrial.contract.records import Pointer
from seatrial.controller.from_store import serving_of, source_of, target_of
from seatrial.core.observed import Target, Unknown
from seatrial.ports import ClusterError, Key, RefusedError, Source, UnavailableError
from seatrial.store.objects import (
    DeniedError,
    NoBucketError,
    StoreError,
    TamperedError,
    TooLargeError,
    UnreachableError,
)
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import FakeCluster
from tests.fakes.store import FakeStore
from tests.given import manifest

STORE = "s3://models/team"
SOURCE = Source(STORE, "risk", None, None, None, "ml")
ONE = manifest("1")
KEYS = {"accessKeyId": "key", "secretAccessKey": "secret\n"}


def wants(*, version: str | None = "1", channel: str | None = None, digest: str | None = None) -> Spec:
    model = {"store": STORE, "version": version, "channel": channel, "digest": digest}
    return parse_spec("risk", {"model": {field: value for field, value in model.items() if value}})


def with_secret() -> Spec:
    return parse_spec("risk", {"model": {"store": STORE, "version": "1"}, "storage": {"secretRef": {"name": "s3"}}})


@pytest.fixture
def store() -> FakeStore:
    store = FakeStore()
    store.publish(STORE, ONE)
    store.point(STORE, "risk", "latest", ONE)
    return store


async def found(store: FakeStore, spec: Spec) -> Target | Unknown:
    return await target_of(store, SOURCE, spec)


async def reason(store: FakeStore, spec: Spec) -> tuple[Reason, str]:
    unknown = await found(store, spec)
    assert isinstance(unknown, Unknown)
    return unknown.reason, unknown.message


async def test_a_version_that_is_there(store: FakeStore) -> None:
    expected = Target("1", ONE.digest, ONE)
    assert await found(store, wants()) == expected
    assert await found(store, wants(version=None, channel="latest")) == expected
    assert await found(store, wants(digest=ONE.digest)) == expected


async def test_an_absent_version(store: FakeStore) -> None:
    why, message = await reason(store, wants(version="2"))
    assert why is Reason.VERSION_NOT_FOUND
    assert "no version 2" in message


async def test_an_absent_channel(store: FakeStore) -> None:
    why, message = await reason(store, wants(version=None, channel="production"))
    assert why is Reason.CHANNEL_NOT_FOUND
    assert "production" in message


async def test_a_channel_to_an_absent_version(store: FakeStore) -> None:
    store.point(STORE, "risk", "latest", manifest("3"))
    assert (await reason(store, wants(version=None, channel="latest")))[0] is Reason.VERSION_NOT_FOUND


async def test_a_pinned_digest_that_the_manifest_has_not(store: FakeStore) -> None:
    pinned = "sha256:" + "1" * 64
    why, message = await reason(store, wants(digest=pinned))
    assert why is Reason.DIGEST_MISMATCH
    assert "spec.model.digest" in message
    assert pinned in message
    assert ONE.digest in message


async def test_a_channels_digest_that_the_manifest_has_not(store: FakeStore) -> None:
    store.point(STORE, "risk", "latest", ONE, digest="sha256:" + "1" * 64)
    why, message = await reason(store, wants(version=None, channel="latest"))
    assert why is Reason.DIGEST_MISMATCH
    assert "channel latest" in message


async def test_a_manifest_under_another_versions_name(store: FakeStore) -> None:
    store.put(ModelHome.at(STORE, "risk").manifest("2"), ONE.encode())
    assert (await reason(store, wants(version="2")))[0] is Reason.DIGEST_MISMATCH


@pytest.mark.parametrize(
    "document", [b"{}", b"root:s3cret", b'{"model": "s3cret"}', b'{"schema": {"features": "s3cret"}}']
)
async def test_of_a_manifest_that_is_none_nothing_is_shown(store: FakeStore, document: bytes) -> None:
    store.put(ModelHome.at(STORE, "risk").manifest("2"), document)
    why, message = await reason(store, wants(version="2"))
    assert why is Reason.INVALID_MANIFEST
    assert message.startswith("manifest: ")
    assert "s3cret" not in message


async def test_a_channel_that_names_what_can_be_no_version(store: FakeStore) -> None:
    store.point(STORE, "risk", "latest", replace(ONE, version="../s3cret"))
    why, message = await reason(store, wants(version=None, channel="latest"))
    assert why is Reason.INVALID_MANIFEST
    where = "team/risk/channels/latest.json"
    assert message == f"channel latest of risk ({where}): version is wrong; expected {SEGMENT_RULE}"


@pytest.mark.parametrize("channel", [None, "latest"])
async def test_a_version_that_failed_its_gates(store: FakeStore, channel: str | None) -> None:
    bad = replace(manifest("2"), gates=(Gate("minimum", False, "0.61 is below 0.85"), Gate("margin", True, "fine")))
    store.publish(STORE, bad)
    store.point(STORE, "risk", "latest", bad)
    why, message = await reason(store, wants(version=None if channel else "2", channel=channel))
    assert why is Reason.GATES_NOT_PASSED
    assert "0.61 is below 0.85" in message
    assert "fine" not in message


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DeniedError("refused"), Reason.STORE_DENIED),
        (UnreachableError("no answer"), Reason.STORE_UNREACHABLE),
        (TamperedError("other bytes"), Reason.DIGEST_MISMATCH),
        (TooLargeError("5 MB"), Reason.INVALID_MANIFEST),
        (NoBucketError("there is no such bucket"), Reason.VERSION_NOT_FOUND),
        (StoreError("set the region"), Reason.INVALID_SPEC),
    ],
)
async def test_each_failure_of_the_store_has_its_reason(store: FakeStore, error: StoreError, expected: Reason) -> None:
    def fail(call: str, arguments: object) -> None:
        raise error

    store.before = fail
    assert await reason(store, wants()) == (expected, str(error))
    record = await serving_of(store, SOURCE, "test", Key("ml", "risk"))
    assert record == Unknown(expected, str(error))


async def test_the_serving_record(store: FakeStore) -> None:
    key = Key("ml", "risk")
    assert await serving_of(store, SOURCE, "test", key) is None
    pointer = Pointer("1", ONE.digest, "2026-01-01T00:00:00+00:00", "seatrial")
    await store.write_serving(SOURCE, "test", key, pointer)
    assert await serving_of(store, SOURCE, "test", key) == pointer
    assert await serving_of(store, SOURCE, "another-cluster", key) is None


async def test_credentials_come_from_the_objects_own_namespace() -> None:
    cluster = FakeCluster(FakeClock())
    cluster.secrets["ml", "s3"] = KEYS
    cluster.secrets["other", "s3"] = {"accessKeyId": "another's", "secretAccessKey": "another's"}
    source = await source_of(cluster, "ml", with_secret(), own_identity=False)
    assert isinstance(source, Source)
    assert source.credentials == ("key", "secret")


async def test_without_a_secret_the_pods_identity_is_used() -> None:
    assert await source_of(FakeCluster(FakeClock()), "ml", wants(), own_identity=True) == SOURCE


async def test_the_operators_identity_is_not_lent_unasked() -> None:
    unknown = await source_of(FakeCluster(FakeClock()), "ml", wants(), own_identity=False)
    assert isinstance(unknown, Unknown)
    assert unknown.reason is Reason.SECRET_NOT_FOUND
    assert "spec.storage.secretRef is not set" in unknown.message


@pytest.mark.parametrize("value", ["a\nb", "a\x00b"])
async def test_an_access_key_that_fits_no_header_is_named_and_not_shown(value: str) -> None:
    cluster = FakeCluster(FakeClock())
    cluster.secrets["ml", "s3"] = {**KEYS, "accessKeyId": value}
    unknown = await source_of(cluster, "ml", with_secret(), own_identity=False)
    assert isinstance(unknown, Unknown)
    assert unknown.reason is Reason.SECRET_NOT_FOUND
    assert "its accessKeyId cannot be one" in unknown.message
    assert value not in unknown.message


@pytest.mark.parametrize("lacking", ["accessKeyId", "secretAccessKey"])
async def test_a_secret_that_lacks_a_key(lacking: str) -> None:
    cluster = FakeCluster(FakeClock())
    cluster.secrets["ml", "s3"] = {**KEYS, lacking: ""}
    unknown = await source_of(cluster, "ml", with_secret(), own_identity=False)
    assert isinstance(unknown, Unknown)
    assert unknown.reason is Reason.SECRET_NOT_FOUND
    assert f"lacks {lacking}" in unknown.message


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, Reason.SECRET_NOT_FOUND),
        (RefusedError("forbidden"), Reason.SECRET_NOT_FOUND),
        (UnavailableError("timeout"), Reason.STORE_UNREACHABLE),
    ],
)
async def test_a_secret_that_cannot_be_read(error: ClusterError | None, expected: Reason) -> None:
    cluster = FakeCluster(FakeClock())

    def fail(call: str, arguments: object) -> None:
        if error is not None:
            raise error

    cluster.before = fail
    unknown = await source_of(cluster, "ml", with_secret(), own_identity=False)
    assert isinstance(unknown, Unknown)
    assert unknown.reason is expected
    for words in ("spec.storage.secretRef.name", "'s3'", str(error or "accessKeyId and secretAccessKey")):
        assert words in unknown.message
