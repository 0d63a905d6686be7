"""Carrying a decision out, in its order: status, objects and removals, the store's records, events.

The status goes first, and only if nobody wrote it since it was read, so a move on a stale view of the world ends there.
What follows are duties that do not depend on each other: a store that refuses a record keeps no Event from being
told. Within a duty the first failure stops, but for an object that is refused: it keeps only what points to it from
being written, and removals where it is the Service of the callers. A later pass decides again and goes on.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from seatrial.adapters.kube_kinds import described
from seatrial.api.status_document import status_document
from seatrial.contract.canonical import canonical_json, digest_of
from seatrial.contract.labels import APPLIED
from seatrial.contract.records import Pointer
from seatrial.controller.cache import Cache, Place, place_of, trimmed
from seatrial.controller.containment import contains
from seatrial.controller.memory import Memory, Seen
from seatrial.controller.ownership import check_ours
from seatrial.core.decision import Decision, Gauge, Removal
from seatrial.core.observed import Unknown
from seatrial.ports import AbsentError, Cluster, ClusterError, Document, Key, RefusedError, Source, Store
from seatrial.store.objects import StoreError

_MAXIMUM_WRITTEN = 50_000  # objects of which it is remembered what the API server made of them
_CHANGES_BY_ITSELF = ("status", "metadata")  # parts of an object that are no answer to what was applied


class NotWrittenError(RefusedError):
    """Objects were refused; `refused` has why, by kind and name."""

    def __init__(self, refused: Mapping[tuple[str, str], RefusedError]) -> None:
        super().__init__(str(next(iter(refused.values()))))
        self.refused = {place: str(error) for place, error in refused.items()}


class Publisher(Protocol):
    """Who exposes gauges."""

    def publish(self, key: Key, gauges: Sequence[Gauge]) -> None:
        """Replace all gauges of a ModelDeployment."""


class Applier:
    """Writes what differs, and puts the answers into the cache."""

    def __init__(self, cache: Cache, cluster: Cluster, store: Store, publisher: Publisher, cluster_name: str) -> None:
        self._cache, self._cluster, self._store = cache, cluster, store
        self._publisher, self._cluster_name = publisher, cluster_name
        self._written: OrderedDict[Place, str] = OrderedDict()

    async def carry_out(
        self, document: Document, decision: Decision, source: Source | Unknown, memory: Memory, now: datetime
    ) -> None:
        """Carry a decision about a ModelDeployment out.

        Raises what cluster and store raise: ConflictError where the view was stale.
        """
        key = Key(document["metadata"]["namespace"], document["metadata"]["name"])
        await self._write_status(document, decision)
        memory.events.extend(decision.events)
        self._publisher.publish(key, decision.gauges)
        await _each(
            lambda: self._change(key, decision),
            lambda: self._record(key, decision, source, memory, now),
            lambda: self._tell(document, memory),
        )

    async def _write_status(self, document: Document, decision: Decision) -> None:
        metadata = document["metadata"]
        status = status_document(decision.status, metadata["name"])
        if status == document.get("status"):
            return
        identity = {name: metadata[name] for name in ("namespace", "name", "uid", "resourceVersion")}
        head = {"apiVersion": document["apiVersion"], "kind": document["kind"], "metadata": identity}
        self._cache.put(await self._cluster.write_status({**head, "status": status}))

    async def _change(self, key: Key, decision: Decision) -> None:
        """Apply what is wanted and remove what is not.

        Of what is removed the gateway sends nothing to anything; whether the Service of the callers still chooses it
        is known once that is written.
        """
        refused: dict[tuple[str, str], RefusedError] = {}
        for wanted in decision.objects:
            try:
                _check_backends(wanted, refused)
                await self._apply(wanted)
            except RefusedError as error:
                refused[wanted["kind"], wanted["metadata"]["name"]] = error
        if ("Service", key.name) not in refused:
            for removal in decision.removals:
                await self._remove(key.namespace, removal)
        if refused:
            raise NotWrittenError(refused)

    async def _apply(self, wanted: Document) -> None:
        document, digest = marked(wanted)
        place = place_of(document)
        live = self._cache.find(place)
        if live is not None and self._stands(live, document, digest):
            return
        live = live if live is not None else await self._looked_up(document)
        if live is not None:
            check_ours(document, live)
        result = trimmed(await self._applied(document))
        self._cache.put(result)
        self._written[place] = _fingerprint(result, digest)
        self._written.move_to_end(place)
        if len(self._written) > _MAXIMUM_WRITTEN:
            self._written.popitem(last=False)

    async def _applied(self, document: Document) -> Document:
        try:
            return await self._cluster.apply(document)
        except AbsentError as error:  # of an object that would be made: there is no such kind, or no such namespace
            needed = "; install the Gateway API, or leave spec.route out" if document["kind"] == "HTTPRoute" else ""
            raise RefusedError(f"{described(document)} cannot be made: {error}{needed}") from error

    async def _looked_up(self, document: Document) -> Document | None:
        """Return the object of this name that the cache does not know, because it has no label of ours."""
        try:
            return await self._cluster.read(document)
        except AbsentError:
            return None

    def _stands(self, live: Document, document: Document, digest: str) -> bool:
        """Say whether the live object needs no writing.

        It bears the digest of what is desired, and either still says all of it or is just what the API server made of
        it: what it would not keep is not asked for again and again.
        """
        if (live["metadata"].get("annotations") or {}).get(APPLIED) != digest:
            return False
        if live["metadata"].get("deletionTimestamp"):
            return True  # it cannot be kept from going; it is made again when it has gone
        return contains(live, document) or self._written.get(place_of(live)) == _fingerprint(live, digest)

    async def _record(
        self, key: Key, decision: Decision, source: Source | Unknown, memory: Memory, now: datetime
    ) -> None:
        if isinstance(source, Unknown):
            return
        if decision.serving is not None:
            await self._store.write_serving(source, self._cluster_name, key, decision.serving)
            written: Pointer | None = decision.serving
            memory.serving = Seen(written, source, now)
        memory.audited &= set(decision.audits)
        for audit in decision.audits:
            if audit not in memory.audited:
                await self._store.append_audit(source, audit)
                memory.audited |= {audit}

    async def _remove(self, namespace: str, removal: Removal) -> None:
        live = self._cache.find(Place(removal.api_version, removal.kind, namespace, removal.name))
        if live is None or live["metadata"].get("deletionTimestamp"):
            return
        head = {"apiVersion": removal.api_version, "kind": removal.kind}
        identity = {name: live["metadata"][name] for name in ("namespace", "name", "uid")}
        await self._cluster.delete({**head, "metadata": identity})

    async def _tell(self, document: Document, memory: Memory) -> None:
        while memory.events:
            event = memory.events[0]
            await self._cluster.event(document, reason=event.reason, message=event.message, warning=event.warning)
            memory.events.popleft()


async def _each(*duties: Callable[[], Awaitable[None]]) -> None:
    """Do all duties, one after the other, and raise the first error of cluster or store then."""
    failures: list[ClusterError | StoreError] = []
    for duty in duties:
        try:
            await duty()
        except (ClusterError, StoreError) as error:
            failures.append(error)
    if failures:
        raise failures[0]


def _check_backends(document: Document, refused: Collection[tuple[str, str]]) -> None:
    """Refuse an HTTPRoute that would send traffic to a Service that could not be written: it may be somebody else's."""
    rules = document["spec"].get("rules") or () if document["kind"] == "HTTPRoute" else ()
    for backend in (backend for rule in rules for backend in rule["backendRefs"]):
        if ("Service", backend["name"]) in refused:
            raise RefusedError(f"{described(document)} waits for Service {backend['name']}, which was refused")


def marked(wanted: Document) -> tuple[dict[str, Any], str]:
    """Return an object with the digest of what is desired as an annotation, and the digest."""
    digest = digest_of(canonical_json(dict(wanted)))
    metadata = dict(wanted["metadata"])
    metadata["annotations"] = {**(metadata.get("annotations") or {}), APPLIED: digest}
    return {**wanted, "metadata": metadata}, digest


def _fingerprint(document: Document, digest: str) -> str:
    kept = {name: value for name, value in document.items() if name not in _CHANGES_BY_ITSELF}
    return digest_of(canonical_json({**kept, "desired": digest}))
