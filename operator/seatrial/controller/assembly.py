"""Putting the operator together: the real adapters, and what works on them."""

import time
from dataclasses import dataclass, field

from seatrial.adapters.blocking_store import BlockingStore
from seatrial.adapters.clock import SystemClock
from seatrial.adapters.kube import KubeCluster
from seatrial.adapters.kube_client import KubeClient
from seatrial.adapters.prometheus import Prometheus
from seatrial.adapters.store import ThreadedStore
from seatrial.controller.alerts import Alerts
from seatrial.controller.apply import Applier
from seatrial.controller.cache import Cache, owner_of
from seatrial.controller.gather import Gatherer
from seatrial.controller.leader import Candidacy, Leadership
from seatrial.controller.queue import WorkQueue
from seatrial.controller.reconcile import Reconciler
from seatrial.controller.resync import Resync
from seatrial.controller.server import Server
from seatrial.controller.settings import Settings
from seatrial.controller.telemetry import Telemetry
from seatrial.core.decide import decide
from seatrial.ports import Document, Key

LEASE = "seatrial-operator"
# A pass ends or is broken off long before; longer means that the process is stuck.
LONGEST_STALL = 300.0  # seconds


@dataclass(slots=True)
class Operator:
    """All parts of one operator process, wired, not yet running."""

    settings: Settings
    client: KubeClient
    clock: SystemClock = field(default_factory=SystemClock)
    store: ThreadedStore = field(default_factory=lambda: ThreadedStore(BlockingStore()))
    cache: Cache = field(default_factory=Cache)
    filled: bool = False
    metrics: Prometheus = field(init=False)
    telemetry: Telemetry = field(init=False)
    alerts: Alerts = field(init=False)
    queue: WorkQueue = field(init=False)
    resync: Resync = field(init=False)
    leadership: Leadership = field(init=False)
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        """Wire the parts."""
        settings, cache = self.settings, self.cache
        cluster = KubeCluster(self.client, self.clock, settings.identity)
        self.metrics = Prometheus(settings.prometheus, self.clock)
        self.telemetry = Telemetry(lambda: self.queue.depth, time.time)
        self.alerts = Alerts(self.metrics, self.clock, self._wake, settings.defaults.namespace_label)
        gatherer = Gatherer(cache, cluster, self.store, self.metrics, self.alerts, settings.defaults)
        applier = Applier(cache, cluster, self.store, self.telemetry, settings.defaults.cluster)
        reconciler = Reconciler(cache, gatherer, applier, self.telemetry, self.clock, decide)
        self.queue = WorkQueue(reconciler.reconcile, self.telemetry, patience=reconciler.patience)
        self.resync = Resync(cache, cluster, self.queue.add, self.telemetry.repaired)
        candidacy = Candidacy(settings.namespace, LEASE, settings.identity)
        self.leadership = Leadership(cluster, candidacy, self.clock)
        self.server = Server(self.telemetry.page, self.health, self.readiness, settings.port)

    def seen(self, document: Document, deleted: bool) -> None:
        """Take what a watch tells; what is new wakes its ModelDeployment."""
        news = self.cache.drop(document) if deleted else self.cache.put(document)
        owner = owner_of(document)
        if news and owner is not None:
            self.queue.add(owner)

    def _wake(self, key: Key) -> None:
        self.queue.add(key)

    def health(self) -> str:
        """Say what only a restart would mend."""
        stalled = self.queue.stalled_for() if self.leadership.held else 0.0
        return f"no pass has ended for {stalled:.0f} s" if stalled > LONGEST_STALL else ""

    def readiness(self) -> str:
        """Say what is waited for."""
        return "" if self.filled else "the cache is not filled yet"

    async def close(self) -> None:
        """Close all connections."""
        await self.server.stop()
        await self.metrics.close()
        await self.client.close()
        self.store.close()
