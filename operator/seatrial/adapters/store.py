"""The real store behind ports.Store: seatrial.store's blocking calls in a few threads.

Manifests and references never change, so they are remembered; so are clients, which are dear to make. Channels and
serving records are read anew each time.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from seatrial.adapters.remembered import Remembered
from seatrial.contract.canonical import digest_of
from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import Manifest
from seatrial.contract.records import Audit, Pointer
from seatrial.contract.reference import MAXIMUM_BYTES, REFERENCE, Reference, parse_reference
from seatrial.ports import Key, Source
from seatrial.store.audit import append
from seatrial.store.channels import read_channel
from seatrial.store.objects import NotFoundError, ObjectStore, TamperedError
from seatrial.store.s3 import Credentials, S3Store
from seatrial.store.serving import read_serving, write_serving
from seatrial.store.versions import list_versions, read_manifest

THREADS = 8
_CLIENTS, _MANIFESTS, _REFERENCES = 64, 1024, 256  # remembered
_LOOKED_AT = 20  # of the newest versions, to find one that passed

T = TypeVar("T")
Connect = Callable[[str, Source], ObjectStore]


def connect_s3(bucket: str, source: Source) -> ObjectStore:
    """Return a client for a bucket, with the source's credentials."""
    credentials = None if source.credentials is None else Credentials(*source.credentials)
    return S3Store(bucket, source.endpoint, source.region, credentials)


class ThreadedStore:
    """Every store that some ModelDeployment names. `connect` makes the client of one bucket."""

    def __init__(self, connect: Connect = connect_s3) -> None:
        self._connect = connect
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")
        self._clients: Remembered[tuple[str, Source], ObjectStore] = Remembered(_CLIENTS)
        self._manifests: Remembered[tuple[Source, str], tuple[Manifest, str]] = Remembered(_MANIFESTS)
        self._references: Remembered[tuple[Source, str], Reference] = Remembered(_REFERENCES)

    def close(self) -> None:
        """Begin nothing more; what runs ends by its own timeouts."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def manifest(self, source: Source, version: str) -> tuple[Manifest, str]:
        """Return a version's manifest and digest."""
        return await self._run(lambda: self._manifest(source, version))

    async def channel(self, source: Source, channel: str) -> Pointer:
        """Return what a channel points to; NotFoundError."""
        return await self._run(lambda: self._channel(source, channel))

    async def newest(self, source: Source) -> str | None:
        """Return the newest version that passed its gates, of the newest twenty."""
        return await self._run(lambda: self._newest(source))

    async def reference(self, source: Source, manifest: Manifest) -> Reference | None:
        """Return a version's reference distributions; None where it was published without."""
        if REFERENCE not in manifest.files:
            return None
        return await self._run(lambda: self._reference(source, manifest))

    async def serving(self, source: Source, cluster: str, key: Key) -> Pointer | None:
        """Return the serving record of a ModelDeployment."""

        def read() -> Pointer | None:
            held = read_serving(self._client(source), _home(source), cluster, key.namespace, key.name)
            return None if held is None else held.pointer

        return await self._run(read)

    async def write_serving(self, source: Source, cluster: str, key: Key, pointer: Pointer) -> None:
        """Replace the serving record; PreconditionError."""

        def write() -> None:
            client, home, place = self._client(source), _home(source), (cluster, key.namespace, key.name)
            held = read_serving(client, home, *place)
            write_serving(client, home, *place, pointer, expected=None if held is None else held.etag)

        await self._run(write)

    async def append_audit(self, source: Source, audit: Audit) -> None:
        """Add an audit record; adding it twice adds it once."""
        await self._run(lambda: append(self._client(source), _home(source), audit))

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def _client(self, source: Source) -> ObjectStore:
        bucket = _home(source).bucket
        access = Source(bucket, "", source.endpoint, source.region, source.credentials)  # whatever the model
        return self._clients.get((bucket, access), lambda: self._connect(bucket, access))

    def _manifest(self, source: Source, version: str) -> tuple[Manifest, str]:
        return self._manifests.get(
            (source, version), lambda: read_manifest(self._client(source), _home(source), version)
        )

    def _channel(self, source: Source, channel: str) -> Pointer:
        held = read_channel(self._client(source), _home(source), channel)
        if held is None:
            raise NotFoundError(f"model {source.model} has no channel {channel} in {source.store}")
        return held.pointer

    def _newest(self, source: Source) -> str | None:
        versions = reversed(list_versions(self._client(source), _home(source)))
        passed = (v for v in islice(versions, _LOOKED_AT) if self._manifest(source, v)[0].passed)
        return next(passed, None)

    def _reference(self, source: Source, manifest: Manifest) -> Reference:
        promised = manifest.files[REFERENCE].sha256

        def fetch() -> Reference:
            key = _home(source).file(manifest.version, REFERENCE, promised)
            body = self._client(source).get(key, maximum=MAXIMUM_BYTES).body
            if digest_of(body) != promised:
                raise TamperedError(f"{REFERENCE} of {source.model} {manifest.version} has not the digest {promised}")
            return parse_reference(body)

        return self._references.get((source, promised), fetch)


def _home(source: Source) -> ModelHome:
    return ModelHome.at(source.store, source.model)
