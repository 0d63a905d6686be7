"""A store in memory, with seatrial.store's own rules; `before` and `after` make it fail as a real one does."""

import json
from datetime import UTC, datetime
from typing import Any

from seatrial.adapters.blocking_store import BlockingStore
from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import Manifest
from seatrial.contract.records import Audit, Pointer
from seatrial.contract.reference import Reference
from seatrial.ports import Key, Source
from tests.fakes.hooks import Hook, nothing
from tests.fakes.objects import MemoryStore


class FakeStore:
    """ports.Store. Every bucket is `objects`, whatever its address."""

    def __init__(self) -> None:
        self.before: Hook = nothing
        self.after: Hook = nothing
        self.objects = MemoryStore()
        self._store = BlockingStore(lambda bucket, source: self.objects)

    async def manifest(self, source: Source, version: str, expected: str | None = None) -> tuple[Manifest, str]:
        """Return a version's manifest and digest."""
        self.before("manifest", (source, version))
        return self._store.manifest(source, version, expected)

    async def channel(self, source: Source, channel: str) -> Pointer:
        """Return what a channel points to."""
        self.before("channel", (source, channel))
        return self._store.channel(source, channel)

    async def newest(self, source: Source, like: str) -> str | None:
        """Return the newest version that passed its gates."""
        self.before("newest", (source,))
        return self._store.newest(source, like)

    async def reference(self, source: Source, manifest: Manifest) -> Reference | None:
        """Return a version's reference distributions."""
        self.before("reference", (source, manifest))
        return self._store.reference(source, manifest)

    async def serving(self, source: Source, cluster: str, key: Key) -> Pointer | None:
        """Return the serving record."""
        self.before("serving", (source, cluster, key))
        return self._store.serving(source, cluster, key)

    async def write_serving(self, source: Source, cluster: str, key: Key, pointer: Pointer) -> None:
        """Replace the serving record."""
        self.before("write_serving", (source, cluster, key, pointer))
        self._store.write_serving(source, cluster, key, pointer)
        self.after("write_serving", (source, cluster, key, pointer))

    async def append_audit(self, source: Source, audit: Audit) -> None:
        """Add an audit record."""
        self.before("append_audit", (source, audit))
        self._store.append_audit(source, audit)
        self.after("append_audit", (source, audit))

    # The rest of the world

    def publish(self, store: str, manifest: Manifest) -> None:
        """Let a version be there, without its files."""
        home = ModelHome.at(store, manifest.model)
        self.objects.put(home.manifest(manifest.version), manifest.encode())

    def point(self, store: str, model: str, channel: str, manifest: Manifest, digest: str | None = None) -> None:
        """Let a channel point to a version."""
        when = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
        pointer = Pointer(manifest.version, digest or manifest.digest, when, "a test")
        self.objects.put(ModelHome.at(store, model).channel(channel), pointer.encode())

    def put(self, key: str, body: bytes) -> None:
        """Write any object."""
        self.objects.put(key, body)

    def audits(self, store: str, model: str) -> list[dict[str, Any]]:
        """Return the audit records in order."""
        prefix = f"{ModelHome.at(store, model).root}audit/"
        return [_json(self.objects.get(key, maximum=1 << 20).body) for key in self.objects.list(prefix)]


def _json(body: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(body)
    return document
