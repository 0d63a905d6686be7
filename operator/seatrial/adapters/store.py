"""The real stores behind ports.Store: blocking calls in a few threads, so that a slow store stops nobody else."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from seatrial.adapters.blocking_store import BlockingStore
from seatrial.contract.manifest import Manifest
from seatrial.contract.records import Audit, Pointer
from seatrial.contract.reference import Reference
from seatrial.ports import Key, Source

THREADS = 8

T = TypeVar("T")


class ThreadedStore:
    """ports.Store on a BlockingStore. Each call is bounded in time by the store's own timeouts."""

    def __init__(self, store: BlockingStore) -> None:
        self._store = store
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")

    def close(self) -> None:
        """Begin nothing more; what runs ends by its own timeouts."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def manifest(self, source: Source, version: str, expected: str | None = None) -> tuple[Manifest, str]:
        """Return a version's manifest and digest."""
        return await self._run(lambda: self._store.manifest(source, version, expected))

    async def channel(self, source: Source, channel: str) -> Pointer:
        """Return what a channel points to; NotFoundError."""
        return await self._run(lambda: self._store.channel(source, channel))

    async def newest(self, source: Source) -> str | None:
        """Return the newest version that passed its gates."""
        return await self._run(lambda: self._store.newest(source))

    async def reference(self, source: Source, manifest: Manifest) -> Reference | None:
        """Return a version's reference distributions."""
        return await self._run(lambda: self._store.reference(source, manifest))

    async def serving(self, source: Source, cluster: str, key: Key) -> Pointer | None:
        """Return the serving record of a ModelDeployment."""
        return await self._run(lambda: self._store.serving(source, cluster, key))

    async def write_serving(self, source: Source, cluster: str, key: Key, pointer: Pointer) -> None:
        """Replace the serving record; PreconditionError."""
        await self._run(lambda: self._store.write_serving(source, cluster, key, pointer))

    async def append_audit(self, source: Source, audit: Audit) -> None:
        """Add an audit record."""
        await self._run(lambda: self._store.append_audit(source, audit))

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
