"""Listing everything: to fill the cache at the start, and now and then to find what the watches did not tell.

A watch that went deaf, or that was away while objects were deleted, shows as a difference that is still there some
seconds after a listing. The cache is then put right, and the affected keys are woken.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from seatrial.adapters.kube_kinds import AUTOSCALER, AUTOSCALER_API, MODEL_API, ROUTE_API
from seatrial.api import KIND
from seatrial.contract.labels import MODEL
from seatrial.controller.cache import Cache, owner_of, place_of
from seatrial.ports import ClusterError, Document, Key

EVERY = 600.0  # seconds
GRACE = 10.0  # seconds in which the watches may still tell what a listing showed

# What is watched: (apiVersion, kind, label selector).
WATCHED = (
    (MODEL_API, KIND, ""),
    ("v1", "Service", MODEL),
    ("apps/v1", "ControllerRevision", MODEL),
    ("apps/v1", "Deployment", MODEL),
    ("policy/v1", "PodDisruptionBudget", MODEL),
    ("batch/v1", "Job", MODEL),
    (ROUTE_API, "HTTPRoute", MODEL),
    (AUTOSCALER_API, AUTOSCALER, ""),
)

_log = logging.getLogger(__name__)


class Lister(Protocol):
    """Who lists objects."""

    def listing(self, api_version: str, kind: str, selector: str) -> AsyncIterator[Document]:
        """Yield all objects of a kind in all namespaces; nothing where the kind is not installed."""


class Resync:
    """Compares the cache with listings. `wake` is told the keys of what was put right, `repaired` how much it was."""

    def __init__(
        self, cache: Cache, lister: Lister, wake: Callable[[Key], None], repaired: Callable[[int], None]
    ) -> None:
        self._cache, self._lister, self._wake, self._repaired = cache, lister, wake, repaired

    async def fill(self) -> None:
        """Take everything that there is; raises ClusterError."""
        for watched in WATCHED:
            async for document in self._lister.listing(*watched):
                self._cache.put(document)

    async def repair(self, grace: float = GRACE) -> int:
        """Compare with what there is, and return how many objects had to be put right; raises ClusterError."""
        return sum([await self._repair_kind(*watched, grace) for watched in WATCHED])

    async def run(self) -> None:
        """Repair for ever."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                count = await self.repair()
            except ClusterError as error:
                _log.warning("objects could not be listed: %s", error)
                continue
            self._repaired(count)
            if count:
                _log.warning("the watches had missed %d objects", count)

    async def _repair_kind(self, api_version: str, kind: str, selector: str, grace: float) -> int:
        known = {place: self._cache.find(place) for place in self._cache.places(api_version, kind)}
        listed = [document async for document in self._lister.listing(api_version, kind, selector)]
        await asyncio.sleep(grace)
        there = {place_of(document) for document in listed}
        gone = [d for place, d in known.items() if place not in there and d is not None]
        # The cache knows what is newer: what a watch told meanwhile is neither stale nor gone.
        stale = [document for document in listed if self._cache.put(document)]
        ghosts = [document for document in gone if self._cache.drop(document)]
        for document in (*stale, *ghosts):
            if (owner := owner_of(document)) is not None:
                self._wake(owner)
        return len(stale) + len(ghosts)
