"""An API server in memory, deterministic: resourceVersions, conflicts, server-side apply, watch events.

What operators do goes through the methods of ports.Cluster (and those that leader election and resync use), where
`before` and `after` may break in. What the rest of the world does - users, kubelets, gateways - goes through `user_*`,
`set_status` and `remove`, which never fail. Watch events queue up in `events`, for the test to deliver, delay or lose.
"""

import re
from collections import deque
from collections.abc import AsyncIterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from seatrial.adapters.kube_pods import last_termination_message, seen_of
from seatrial.controller.cache import Place, place_of
from seatrial.ports import AbsentError, ConflictError, Document, PodsSeen, RefusedError
from tests.fakes.clock import FakeClock
from tests.fakes.hooks import Hook, nothing
from tests.fakes.merging import applied

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_WITH_GENERATION = frozenset({"ModelDeployment", "Deployment", "HTTPRoute", "Job"})
_SELECTOR = re.compile(r"([^=,]+)(?:=([^,]*))?")


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """What a watch would tell."""

    document: dict[str, Any]
    deleted: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """An Event that was recorded about an object."""

    about: Place
    reason: str
    message: str
    warning: bool


class FakeCluster:
    """One cluster."""

    def __init__(self, clock: FakeClock) -> None:
        self.before: Hook = nothing
        self.after: Hook = nothing
        self.events: deque[WatchEvent] = deque()
        self.recorded: list[Recorded] = []
        self.secrets: dict[tuple[str, str], dict[str, str]] = {}
        self.messages: dict[tuple[str, str], str] = {}  # termination messages by (namespace, Job)
        self.seen: dict[tuple[str, str], PodsSeen] = {}  # by (namespace, label selector)
        self._clock, self._version, self._made = clock, 0, 0
        self._objects: dict[Place, dict[str, Any]] = {}
        self._applied: dict[Place, dict[str, Any]] = {}

    # ports.Cluster

    async def apply(self, document: Document) -> Document:
        """Server-side apply of everything but `status`."""
        self.before("apply", (document,))
        result = self._apply(document)
        self.after("apply", (document,))
        return result

    async def write_status(self, document: Document) -> Document:
        """Replace `status`."""
        self.before("write_status", (document,))
        if place_of(document) not in self._objects:
            raise AbsentError(f"{place_of(document)} not found")
        self._check(document, "resourceVersion")
        live = self._objects[place_of(document)]
        result = self._store({**deepcopy(live), "status": deepcopy(document["status"])})
        self.after("write_status", (document,))
        return result

    async def delete(self, document: Document) -> None:
        """Delete an object; what it owns goes with `collect_garbage`."""
        self.before("delete", (document,))
        place = place_of(document)
        if place in self._objects:
            self._check(document, "uid")
            self.remove(place)
        self.after("delete", (document,))

    async def secret(self, namespace: str, name: str) -> Mapping[str, str]:
        """Return a Secret's data."""
        self.before("secret", (namespace, name))
        if (namespace, name) not in self.secrets:
            raise AbsentError(f'secrets "{name}" not found')
        return dict(self.secrets[namespace, name])

    async def termination_message(self, namespace: str, job: str) -> str | None:
        """Return what `messages` has, else what the Job's Pods left behind."""
        self.before("termination_message", (namespace, job))
        left = last_termination_message(self._pods(namespace, f"batch.kubernetes.io/job-name={job}"))
        return self.messages.get((namespace, job), left)

    async def pods(self, namespace: str, selector: str) -> PodsSeen:
        """Return what `seen` has, else what the Pods say that have not ended."""
        self.before("pods", (namespace, selector))
        found = self._pods(namespace, selector)
        lasting = [pod for pod in found if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")]
        return self.seen.get((namespace, selector), seen_of(lasting))

    async def event(self, regarding: Document, *, reason: str, message: str, warning: bool) -> None:
        """Record an Event."""
        self.before("event", (regarding, reason))
        self.recorded.append(Recorded(place_of(regarding), reason, message, warning))
        self.after("event", (regarding, reason))

    # What leader election and resync need beyond it

    async def read(self, document: Document) -> Document:
        """Return an object as it is now."""
        self.before("read", (document,))
        place = place_of(document)
        if place not in self._objects:
            raise AbsentError(f"{place} not found")
        return deepcopy(self._objects[place])

    async def create(self, document: Document) -> Document:
        """Create an object."""
        self.before("create", (document,))
        if place_of(document) in self._objects:
            raise ConflictError(f"{place_of(document)} already exists")
        return self._store(deepcopy(dict(document)))

    async def replace(self, document: Document) -> Document:
        """Replace an object."""
        self.before("replace", (document,))
        if place_of(document) not in self._objects:
            raise AbsentError(f"{place_of(document)} not found")
        self._check(document, "uid", "resourceVersion")
        return self._store(deepcopy(dict(document)))

    async def listing(self, api_version: str, kind: str, selector: str) -> AsyncIterator[Document]:
        """Yield all objects of a kind."""
        self.before("listing", (api_version, kind, selector))
        for place, document in sorted(self._objects.items()):
            if place[:2] == (api_version, kind) and _selected(document, selector):
                yield deepcopy(document)

    # The rest of the world

    def user_apply(self, document: Document) -> Document:
        """Write an object as a user does: all of it but `status`."""
        live = self._objects.get(place_of(document), {})
        kept = {"status": live["status"]} if "status" in live else {}
        metadata = {**live.get("metadata", {}), **document["metadata"]}
        return self._store({**deepcopy(dict(document)), "metadata": metadata, **kept})

    def set_status(self, place: Place, status: Mapping[str, Any]) -> None:
        """Write an object's status as its controller does; without an observedGeneration it is about this one."""
        document = deepcopy(self._objects[place])
        current = {"observedGeneration": document["metadata"].get("generation", 0)}
        self._store({**document, "status": {**current, **deepcopy(dict(status))}})

    def remove(self, place: Place) -> None:
        """Delete an object at once."""
        document = self._objects.pop(place)
        self._applied.pop(place, None)
        document["metadata"]["resourceVersion"] = self._next_version()
        self.events.append(WatchEvent(document, deleted=True))

    def collect_garbage(self) -> None:
        """Delete what belongs to objects that are gone."""
        living = {document["metadata"]["uid"] for document in self._objects.values()}
        for place, document in list(self._objects.items()):
            owners = document["metadata"].get("ownerReferences") or ()
            if owners and all(owner["uid"] not in living for owner in owners):
                self.remove(place)

    def find(self, place: Place) -> dict[str, Any] | None:
        """Return a copy of an object."""
        return deepcopy(self._objects.get(place))

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Return copies of all objects of a kind, in order."""
        return [deepcopy(document) for place, document in sorted(self._objects.items()) if place.kind == kind]

    def take_events(self) -> list[WatchEvent]:
        """Return the events that were not taken yet."""
        taken = list(self.events)
        self.events.clear()
        return taken

    def _pods(self, namespace: str, selector: str) -> list[dict[str, Any]]:
        return [d for d in self.all("Pod") if d["metadata"]["namespace"] == namespace and _selected(d, selector)]

    def _apply(self, document: Document) -> dict[str, Any]:
        place = place_of(document)
        if not _NAME.fullmatch(place.name):
            raise RefusedError(f"metadata.name: Invalid value: {place.name!r}")
        self._check(document, "resourceVersion")  # a uid is none, as in a real apply
        desired = _fields(document)
        live = self._objects.get(place, {"apiVersion": place.api_version, "kind": place.kind, "metadata": {}})
        result = applied(live, desired, self._applied.get(place, {}))
        self._applied[place] = deepcopy(desired)
        return self._store(result)

    def _check(self, document: Document, *preconditions: str) -> None:
        metadata = document["metadata"]
        live = self._objects.get(place_of(document), {}).get("metadata", {})
        for field in preconditions:
            if metadata.get(field) and metadata[field] != live.get(field):
                raise ConflictError(f"the object has been modified: {field} is {live.get(field)}")

    def _store(self, document: dict[str, Any]) -> dict[str, Any]:
        place = place_of(document)
        before = self._objects.get(place)
        metadata = document["metadata"]
        metadata["resourceVersion"] = before["metadata"]["resourceVersion"] if before else ""
        if before == document:
            return deepcopy(document)
        if before is None:
            self._made += 1
            made = {"uid": f"uid-{self._made}", "creationTimestamp": f"{self._clock.now():%Y-%m-%dT%H:%M:%SZ}"}
            metadata.update(made)
        if place.kind in _WITH_GENERATION:
            changed = before is None or before.get("spec") != document.get("spec")
            metadata["generation"] = (before["metadata"]["generation"] if before else 0) + changed
        metadata["resourceVersion"] = self._next_version()
        self._objects[place] = document
        self.events.append(WatchEvent(deepcopy(document), deleted=False))
        return deepcopy(document)

    def _next_version(self) -> str:
        self._version += 1
        return str(self._version)


def _fields(document: Document) -> dict[str, Any]:
    """Return the fields that an apply is about: without the status; identity and preconditions are no fields."""
    metadata = {k: v for k, v in document["metadata"].items() if k not in ("uid", "resourceVersion")}
    rest = {key: value for key, value in document.items() if key not in ("status", "metadata")}
    return deepcopy({**rest, "metadata": metadata})


def _selected(document: Document, selector: str) -> bool:
    labels = document["metadata"].get("labels") or {}
    wanted = [match.groups() for match in _SELECTOR.finditer(selector)]
    return all(label in labels and value in (None, labels[label]) for label, value in wanted)
