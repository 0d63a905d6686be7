"""The real stores behind ports.Store: blocking calls in threads, in a lane for each endpoint.

So a store that is slow or never answers stops nobody else. What a digest names never changes: once it was read it is
returned without a look at the lane, also while the endpoint is away.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

from seatrial.adapters.blocking_store import BlockingStore
from seatrial.adapters.lanes import Lanes, Shares
from seatrial.contract.manifest import Manifest
from seatrial.contract.records import Audit, Pointer
from seatrial.contract.reference import REFERENCE, Reference
from seatrial.ports import Key, Source
from seatrial.store.objects import UnreachableError

# One namespace holds a quarter at most, however many silent endpoints it names.
THREADS, THREADS_OF_ONE = 64, 16
PATIENCE, WRITE_PATIENCE = 3.0, 10.0  # seconds; a write that was given up may yet take place, so it is given time

Record = tuple[str, str, str, str, Key]  # a serving record: endpoint, store, model, cluster

T = TypeVar("T")


class ThreadedStore:
    """ports.Store on a BlockingStore: UnreachableError after `patience` seconds, `write_patience` for writes.

    `clock` is monotonic, in seconds.
    """

    def __init__(
        self,
        store: BlockingStore,
        *,
        patience: float = PATIENCE,
        write_patience: float = WRITE_PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._patience, self._write_patience = patience, write_patience
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")
        self._lanes = Lanes(self._threads, clock)
        self._shares = Shares(THREADS_OF_ONE)
        self._lock, self._writing = Lock(), set[Record]()

    def close(self) -> None:
        """Begin nothing more; what runs ends by its own timeouts."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def manifest(self, source: Source, version: str, expected: str | None = None) -> tuple[Manifest, str]:
        """Return a version's manifest and digest."""
        known = self._store.known_manifest(source, version, expected)
        if known is not None:
            return known
        return await self._read(source, lambda: self._store.manifest(source, version, expected))

    async def channel(self, source: Source, channel: str) -> Pointer:
        """Return what a channel points to; NotFoundError."""
        return await self._read(source, lambda: self._store.channel(source, channel))

    async def newest(self, source: Source, like: str) -> str | None:
        """Return the newest version that passed its gates, of those named like another."""
        return await self._read(source, lambda: self._store.newest(source, like))

    async def reference(self, source: Source, manifest: Manifest) -> Reference | None:
        """Return a version's reference distributions."""
        known = self._store.known_reference(source, manifest)
        if known is not None or REFERENCE not in manifest.files:
            return known
        return await self._read(source, lambda: self._store.reference(source, manifest))

    async def serving(self, source: Source, cluster: str, key: Key) -> Pointer | None:
        """Return the serving record of a ModelDeployment."""
        return await self._read(source, lambda: self._store.serving(source, cluster, key))

    async def write_serving(self, source: Source, cluster: str, key: Key, pointer: Pointer) -> None:
        """Replace the serving record; PreconditionError."""

        def write() -> None:
            with self._alone((_endpoint(source), source.store, source.model, cluster, key)):
                self._store.write_serving(source, cluster, key, pointer)

        await self._write(source, write)

    async def append_audit(self, source: Source, audit: Audit) -> None:
        """Add an audit record."""
        await self._write(source, lambda: self._store.append_audit(source, audit))

    async def _read(self, source: Source, call: Callable[[], T]) -> T:
        return await self._run(source, call, self._patience)

    async def _write(self, source: Source, call: Callable[[], T]) -> T:
        return await self._run(source, call, self._write_patience)

    async def _run(self, source: Source, call: Callable[[], T], patience: float) -> T:
        return await self._lanes.lane(_endpoint(source)).run(call, patience, self._shares.of(source.namespace))

    @contextmanager
    def _alone(self, record: Record) -> Iterator[None]:
        """Write a record once at a time: a write that was given up must not end after a later one, and undo it."""
        with self._lock:
            if record in self._writing:
                raise UnreachableError(f"{record[0]} did not end an earlier write of the serving record yet")
            self._writing.add(record)
        try:
            yield
        finally:
            self._writing.discard(record)


def _endpoint(source: Source) -> str:
    """Say whom a source's calls go to: of AWS each region is an endpoint, and a region that is none never answers."""
    if source.endpoint is not None:
        return source.endpoint
    return "AWS S3" if source.region is None else f"AWS S3 in {source.region}"
