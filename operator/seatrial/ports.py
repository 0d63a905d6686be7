"""What the controller needs of the world. Adapters implement these; tests put fakes in their place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from seatrial.contract.manifest import Manifest
from seatrial.contract.records import Audit, Pointer
from seatrial.contract.reference import Reference

Document = Mapping[str, Any]  # a Kubernetes object as a plain JSON document


@dataclass(frozen=True, slots=True)
class Key:
    """A ModelDeployment's place."""

    namespace: str
    name: str


class ClusterError(Exception):
    """The API server did not do what was asked; the message says what, and its own words."""


class ConflictError(ClusterError):
    """The object is not what it was when it was read (409)."""


class AbsentError(ClusterError):
    """There is no such object (404), or its kind is not installed."""


class RefusedError(ClusterError):
    """The request is not allowed or not valid (401, 403, 422): trying again alone will not help."""


class UnavailableError(ClusterError):
    """The API server did not answer, or answered that it cannot now (429, 5xx, timeouts)."""


@dataclass(frozen=True, slots=True)
class Restarts:
    """How often the containers of some pods were started again, and how the last one that had run ended.

    `by_pod` has every pod of which a container was started. `at_start` are those whose container ended last before it
    was ready, and said why, such as by a store that did not answer.
    """

    by_pod: Mapping[str, int] = field(default_factory=dict)
    at_start: frozenset[str] = frozenset()
    ending: str = ""


NO_RESTARTS = Restarts()


@dataclass(frozen=True, slots=True)
class PodsSeen:
    """What pods say of themselves: why they are not ready (empty: no trouble), and how often they were restarted."""

    trouble: str = ""
    restarts: Restarts = NO_RESTARTS


class Cluster(Protocol):
    """The API server. Every call is bounded in time and raises a ClusterError."""

    async def apply(self, document: Document) -> Document:
        """Server-side apply with field manager `seatrial`, forced; returns the object as it is now."""

    async def read(self, document: Document) -> Document:
        """Return the object of this kind and name as it is now; AbsentError."""

    async def write_status(self, document: Document) -> Document:
        """Replace all of `status`; a resourceVersion in the document makes it conditional (ConflictError)."""

    async def delete(self, document: Document) -> None:
        """Delete an object, its dependants in the background; an absent one is no error."""

    async def secret(self, namespace: str, name: str) -> Mapping[str, str]:
        """Return a Secret's decoded data; AbsentError."""

    async def termination_message(self, namespace: str, job: str) -> str | None:
        """Return the termination message of the last ended pod of a Job, None where there is none."""

    async def pods(self, namespace: str, selector: str) -> PodsSeen:
        """Return what the selected pods say, in the kubelet's or the container's own words."""

    async def event(self, regarding: Document, *, reason: str, message: str, warning: bool) -> None:
        """Record a Kubernetes Event about an object."""


class MetricsError(Exception):
    """Prometheus did not answer, or answered something that is no answer; the message says what."""


class BadQueryError(MetricsError):
    """Prometheus cannot evaluate the query, today or tomorrow: what is wrong is the query."""


@dataclass(frozen=True, slots=True)
class Series:
    """One time series of a range query: labels and (Unix seconds, value) points in order."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


ANSWER_BYTES = 16 << 20


class Metrics(Protocol):
    """Prometheus. Every call is bounded in time and size and raises MetricsError."""

    async def instant(self, query: str) -> Sequence[Series]:
        """Evaluate a query now; each series has one point."""

    async def range(
        self, query: str, start: datetime, end: datetime, step: timedelta, *, most: int = ANSWER_BYTES
    ) -> Sequence[Series]:
        """Evaluate a query at each step of a range; an answer of more than `most` bytes is an error."""


@dataclass(frozen=True, slots=True)
class Source:
    """A model in a store, and how to reach it. `credentials` are (access key, secret key), None the pod's own.

    `namespace` is who asks: what a call may hold is bounded for each.
    """

    store: str
    model: str
    endpoint: str | None
    region: str | None
    credentials: tuple[str, str] | None
    namespace: str = ""


class Store(Protocol):
    """The store as the operator uses it: manifests and records only. Raises seatrial.store.objects.StoreError."""

    async def manifest(self, source: Source, version: str, expected: str | None = None) -> tuple[Manifest, str]:
        """Return a version's manifest and digest; only one with the `expected` digest may be remembered."""

    async def channel(self, source: Source, channel: str) -> Pointer:
        """Return what a channel points to."""

    async def newest(self, source: Source, like: str) -> str | None:
        """Return the newest version that passed its gates, of those named like another; None where there is none."""

    async def reference(self, source: Source, manifest: Manifest) -> Reference | None:
        """Return a version's reference distributions, checked against the manifest's digest."""

    async def serving(self, source: Source, cluster: str, key: Key) -> Pointer | None:
        """Return the serving record of a ModelDeployment, None where it never promoted anything."""

    async def write_serving(self, source: Source, cluster: str, key: Key, pointer: Pointer) -> None:
        """Replace the serving record; PreconditionError where somebody else did so at the same time."""

    async def append_audit(self, source: Source, audit: Audit) -> None:
        """Add an audit record."""


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The moment, in UTC."""
