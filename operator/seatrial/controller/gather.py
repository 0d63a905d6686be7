"""Gathering everything that a decision about one ModelDeployment rests on. It knows nothing of rollouts.

What cannot be found out is a value that says why; only what nobody foresaw is an exception.
"""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from seatrial.api.conditions import Reason
from seatrial.api.parse import parse_spec
from seatrial.api.spec import Spec
from seatrial.api.status import Status
from seatrial.api.status_document import read_status
from seatrial.contract import labels
from seatrial.contract.canonical import canonical_json
from seatrial.contract.names import InvalidNameError
from seatrial.contract.reading import DocumentError
from seatrial.contract.records import Pointer
from seatrial.contract.reference import Reference
from seatrial.controller import from_cache
from seatrial.controller.alerts import Alerts
from seatrial.controller.cache import Cache
from seatrial.controller.from_metrics import evidence_of, users_of
from seatrial.controller.from_store import serving_of, source_of, target_of
from seatrial.controller.logs import about
from seatrial.controller.memory import Memory, Seen
from seatrial.core.compared import compared
from seatrial.core.observed import Defaults, Job, JobPhase, Observed, Pods, Target, Unknown
from seatrial.ports import Cluster, ClusterError, Document, Key, Metrics, Source, Store
from seatrial.store.objects import StoreError

# Pods that are just starting have no trouble yet.
PATIENCE = 5.0  # seconds
LONGEST_SPEC = 200_000  # characters: of its annotations Kubernetes takes 256 KiB

_log = logging.getLogger(__name__)


class Gatherer:
    """Reads cache, store and Prometheus; writes nothing but what it remembers."""

    def __init__(
        self, cache: Cache, cluster: Cluster, store: Store, metrics: Metrics, alerts: Alerts, defaults: Defaults
    ) -> None:
        self._cache, self._cluster, self._store = cache, cluster, store
        self._metrics, self._alerts, self._defaults = metrics, alerts, defaults
        self._users = users_of(metrics)

    async def source(self, key: Key, document: Document) -> Source | Unknown:
        """Return the store that the spec names, and the credentials for it."""
        spec = read_spec(document)
        if isinstance(spec, Unknown):
            return spec
        return await source_of(self._cluster, key.namespace, spec, own_identity=self._defaults.own_identity)

    async def gather(
        self, key: Key, document: Document, source: Source | Unknown, memory: Memory, now: datetime
    ) -> Observed:
        """Return what is known of a ModelDeployment now."""
        metadata = document["metadata"]
        spec, status = read_spec(document), read_status(document.get("status"))
        cached = self._cache.owned(key)
        objects = from_cache.belonging(cached, metadata["uid"])
        text = from_cache.last_spec_of(objects, key.name) if isinstance(spec, Unknown) else _written(document)
        last = _read_text(document, text) if isinstance(spec, Unknown) else spec
        valid = spec if last is None else last
        async with asyncio.TaskGroup() as tasks:
            target = tasks.create_task(self._target(source, spec))
            serving = tasks.create_task(self._serving(key, source, status, memory, now))
            newest = tasks.create_task(self._newest(source, spec, memory, now))
            reference = tasks.create_task(self._reference(key, source, spec, status))
            pods = tasks.create_task(self._pods(key, objects, status, now))
            evidence = tasks.create_task(
                evidence_of(self._metrics, self._users, key, valid, status, now, self._defaults)
            )
            jobs = tasks.create_task(self._jobs(key, objects, status))
        return Observed(
            key=key,
            uid=metadata["uid"],
            generation=metadata.get("generation", 0),
            annotations=metadata.get("annotations") or {},
            spec=spec,
            status=status,
            defaults=self._defaults,
            target=target.result(),
            serving=serving.result(),
            newest=newest.result(),
            reference=reference.result(),
            recipes=from_cache.recipes_of(objects),
            pods=pods.result(),
            route=None if isinstance(valid, Unknown) else from_cache.route_of(objects, valid.route, key),
            evidence=evidence.result(),
            alerts=self._alerts.of(key, now),
            jobs=jobs.result(),
            objects=from_cache.identities(objects),
            failure=memory.failure,
            refused=memory.refused,
            autoscaled=from_cache.is_autoscaled(cached),
            last_spec=last,
            last_spec_text=text,
        )

    async def _target(self, source: Source | Unknown, spec: Spec | Unknown) -> Target | Unknown:
        if isinstance(spec, Unknown):
            return spec
        return source if isinstance(source, Unknown) else await target_of(self._store, source, spec)

    async def _serving(
        self, key: Key, source: Source | Unknown, status: Status, memory: Memory, now: datetime
    ) -> Pointer | Unknown | None:
        """Where something serves already, the record is only read to see whether it says so."""
        if isinstance(source, Unknown):
            return source
        if status.stable is not None and memory.serving is not None and memory.serving.is_fresh(source, now):
            return memory.serving.value
        record = await serving_of(self._store, source, self._defaults.cluster, key)
        memory.serving = None if isinstance(record, Unknown) else Seen(record, source, now)
        return record

    async def _newest(
        self, source: Source | Unknown, spec: Spec | Unknown, memory: Memory, now: datetime
    ) -> str | None:
        """The newest version is only proposed, so not knowing it is no trouble."""
        if isinstance(source, Unknown) or isinstance(spec, Unknown) or spec.model.version is None:
            return None
        if memory.newest is None or not memory.newest.is_fresh(source, now):
            try:
                memory.newest = Seen(await self._store.newest(source, spec.model.version), source, now)
            except (StoreError, DocumentError, InvalidNameError):
                return None
        return memory.newest.value

    async def _reference(
        self, key: Key, source: Source | Unknown, spec: Spec | Unknown, status: Status
    ) -> Reference | None:
        if isinstance(source, Unknown) or isinstance(spec, Unknown):
            return None
        if spec.monitoring.drift is None or status.stable is None:
            return None
        try:
            stable = status.stable
            manifest, digest = await self._store.manifest(source, stable.version, stable.digest)
            return await self._store.reference(source, manifest) if digest == stable.digest else None
        except (StoreError, DocumentError, InvalidNameError) as error:
            _log.warning("drift cannot be watched: %s", error, extra=about(key, status.stable.revision))
            return None

    async def _pods(self, key: Key, objects: Sequence[Document], status: Status, now: datetime) -> Mapping[str, Pods]:
        deployments, looked_at = from_cache.deployments_of(objects), compared(status)
        pods = await asyncio.gather(
            *(self._pods_of(key, one, now, ask=revision in looked_at) for revision, one in deployments.items())
        )
        return dict(zip(deployments, pods, strict=True))

    async def _pods_of(self, key: Key, deployment: Document, now: datetime, *, ask: bool) -> Pods:
        """Ask the pods themselves where that is wanted, or where some are missing."""
        missing = from_cache.needs_explaining(deployment, now, PATIENCE)
        if not (ask or missing):
            return from_cache.pods_of(deployment)
        try:
            seen = await self._cluster.pods(key.namespace, from_cache.selector_of(deployment))
        except ClusterError as error:
            return from_cache.pods_of(deployment, f"the pods cannot be seen: {error}", None)
        trouble = (seen.trouble or from_cache.refused_pods(deployment)) if missing else ""
        return from_cache.pods_of(deployment, trouble, seen.restarts)

    async def _jobs(self, key: Key, objects: Sequence[Document], status: Status) -> Mapping[str, Job]:
        phases = from_cache.jobs_of(objects)
        jobs = await asyncio.gather(*(self._job(key, name, phase, status) for name, phase in phases.items()))
        return dict(zip(phases, jobs, strict=True))

    async def _job(self, key: Key, name: str, phase: JobPhase, status: Status) -> Job:
        """A Job whose answer cannot be read now is taken for one that still runs: it is asked again."""
        awaited = status.training is not None and status.training.job == name and not status.training.outcome
        if not awaited:
            return Job(phase)
        try:
            if phase is JobPhase.RUNNING:
                seen = await self._cluster.pods(key.namespace, f"{labels.JOB}={name}")
                return Job(phase, trouble=seen.trouble)
            return Job(phase, await self._cluster.termination_message(key.namespace, name))
        except ClusterError as error:
            _log.warning("the answer of Job %s cannot be read: %s", name, error, extra=about(key))
            return Job(JobPhase.RUNNING)


def _written(document: Document) -> str:
    """Return a spec as text, empty where it is too long to be kept."""
    text = canonical_json(document.get("spec")).decode()
    return text if len(text) <= LONGEST_SPEC else ""


def _read_text(document: Document, text: str) -> Spec | None:
    """Read a spec that was valid once; a later operator may think otherwise, and somebody may have written there."""
    try:
        found = read_spec({**document, "spec": json.loads(text)}) if text else None
    except (ValueError, RecursionError):
        return None
    return None if isinstance(found, Unknown) else found


def read_spec(document: Document) -> Spec | Unknown:
    """Return a ModelDeployment's spec, or which of its fields is wrong."""
    try:
        return parse_spec(document["metadata"]["name"], document.get("spec"))
    except DocumentError as error:
        return Unknown(Reason.INVALID_SPEC, str(error))
