"""Leader election by a Lease: of several operators one works, the others wait.

As client-go does it: a Lease counts as abandoned when it was not renewed for its duration by *this* process's
monotonic clock since it last saw it change, so that no two machines' clocks are ever compared. Who cannot renew for
ten seconds stops working before anybody else may begin.
https://pkg.go.dev/k8s.io/client-go/tools/leaderelection
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Protocol

from seatrial.ports import AbsentError, Clock, ClusterError, Document

DURATION, GIVE_UP_AFTER, RETRY_EVERY = 15.0, 10.0, 2.0  # seconds

_log = logging.getLogger(__name__)


class Leases(Protocol):
    """Where Leases are."""

    async def read(self, document: Document) -> Document:
        """Return an object as it is now; AbsentError."""

    async def create(self, document: Document) -> Document:
        """Create an object; ConflictError where it exists."""

    async def replace(self, document: Document) -> Document:
        """Replace an object; ConflictError where it was changed since it was read."""


@dataclass(frozen=True, slots=True)
class Candidacy:
    """Which Lease, and who wants it."""

    namespace: str
    lease: str
    identity: str


class Leadership:
    """One process's part in the election. `monotonic` returns seconds."""

    def __init__(
        self,
        leases: Leases,
        candidacy: Candidacy,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._leases, self._candidacy, self._clock = leases, candidacy, clock
        self._monotonic, self._sleep = monotonic, sleep
        self._seen: tuple[Any, float] = (None, monotonic())  # the Lease's spec, and since when it is so
        self.held = False

    async def acquire(self) -> None:
        """Wait until this process leads."""
        while not await self._try():
            await self._sleep(RETRY_EVERY)
        self.held = True
        _log.info("leads as %s", self._candidacy.identity)

    async def keep(self) -> None:
        """Renew the Lease; returns when it is lost."""
        renewed = self._monotonic()
        while self._monotonic() - renewed < GIVE_UP_AFTER:
            await self._sleep(RETRY_EVERY)
            began = self._monotonic()
            if await self._try_in_time(renewed):
                renewed = began
        self.held = False
        _log.error("has lost the Lease %s/%s", self._candidacy.namespace, self._candidacy.lease)

    async def release(self) -> None:
        """Give the Lease up, so that another need not wait until it runs out."""
        if not self.held:
            return
        self.held = False
        try:
            lease = await self._leases.read(self._document())
            if holder_of(lease) == self._candidacy.identity:
                await self._leases.replace({**lease, "spec": {**lease["spec"], "holderIdentity": ""}})
        except ClusterError as error:
            _log.warning("the Lease could not be given up, and runs out by itself: %s", error)

    async def _try_in_time(self, renewed: float) -> bool:
        left = GIVE_UP_AFTER - (self._monotonic() - renewed)
        try:
            return await asyncio.wait_for(self._try(), max(left, 0.0))
        except TimeoutError:
            return False

    async def _try(self) -> bool:
        """Take or renew the Lease; False where another has it, or the API server did not do it."""
        try:
            try:
                lease = await self._leases.read(self._document())
            except AbsentError:
                return await self._take(None)
            return await self._take(lease) if self._may_take(lease) else False
        except ClusterError as error:
            _log.warning("the Lease could not be taken: %s", error)
            return False

    def _may_take(self, lease: Document) -> bool:
        spec = lease.get("spec") or {}
        if spec != self._seen[0]:
            self._seen = (spec, self._monotonic())
        if holder_of(lease) in ("", self._candidacy.identity):
            return True
        return self._monotonic() - self._seen[1] >= float(spec.get("leaseDurationSeconds") or DURATION)

    async def _take(self, lease: Document | None) -> bool:
        if lease is None:
            await self._leases.create({**self._document(), "spec": self._spec({})})
        else:
            await self._leases.replace({**lease, "spec": self._spec(lease.get("spec") or {})})
        return True

    def _spec(self, before: Document) -> dict[str, Any]:
        now = f"{self._clock.now().astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        ours = before.get("holderIdentity") == self._candidacy.identity
        return {
            "holderIdentity": self._candidacy.identity,
            "leaseDurationSeconds": int(DURATION),
            "acquireTime": before.get("acquireTime") if ours else now,
            "renewTime": now,
            "leaseTransitions": int(before.get("leaseTransitions") or 0) + (not ours),
        }

    def _document(self) -> dict[str, Any]:
        metadata = {"namespace": self._candidacy.namespace, "name": self._candidacy.lease}
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}


def holder_of(lease: Document) -> str:
    """Return who holds a Lease; empty: nobody."""
    return str((lease.get("spec") or {}).get("holderIdentity") or "")
