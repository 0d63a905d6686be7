"""An operator process on the fakes: it can be started, fed with events, and killed by forgetting it."""

from collections.abc import Iterable
from typing import Any

from seatrial.adapters.kube_kinds import MODEL_API
from seatrial.api import KIND
from seatrial.contract.manifest import Manifest
from seatrial.controller.alerts import Alerts
from seatrial.controller.apply import Applier
from seatrial.controller.cache import Cache, owner_of
from seatrial.controller.gather import Gatherer
from seatrial.controller.reconcile import Decide, Reconciler
from seatrial.controller.resync import Resync
from seatrial.controller.telemetry import Telemetry
from seatrial.core.decide import decide
from seatrial.core.observed import Defaults
from seatrial.ports import Document, Key
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import FakeCluster, WatchEvent
from tests.fakes.metrics import FakeMetrics
from tests.fakes.store import FakeStore
from tests.given import DEFAULTS

STORE = "s3://models/team"


class World:
    """What outlives an operator."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.cluster = FakeCluster(self.clock)
        self.store = FakeStore()
        self.metrics = FakeMetrics(self.clock)

    def user_wants(self, key: Key, **spec: Any) -> Document:
        """Let a user apply a ModelDeployment; what is not said of its spec is as small as it can be."""
        whole = {"model": {"store": STORE, "channel": "latest"}, **spec}
        metadata = {"namespace": key.namespace, "name": key.name}
        return self.cluster.user_apply({"apiVersion": MODEL_API, "kind": KIND, "metadata": metadata, "spec": whole})

    def publish(self, version: Manifest, channel: str | None = "latest") -> None:
        """Let a version be published, and the channel name it."""
        self.store.publish(STORE, version)
        if channel is not None:
            self.store.point(STORE, version.model, channel, version)


class Process:
    """What an operator has in its memory. `woken` are the keys that something asked a pass for, in order."""

    def __init__(self, world: World, decide: Decide = decide) -> None:
        self._world = world
        self.woken: list[Key] = []
        self.repaired = 0
        self.cache = Cache()
        self.telemetry = Telemetry(lambda: len(self.woken), lambda: world.clock.now().timestamp())
        self.alerts = Alerts(world.metrics, world.clock, self.woken.append, DEFAULTS.namespace_label)
        self.gatherer = self.gatherer_with(DEFAULTS)
        applier = Applier(self.cache, world.cluster, world.store, self.telemetry, DEFAULTS.cluster)
        self.reconciler = Reconciler(self.cache, self.gatherer, applier, self.telemetry, world.clock, decide)
        self.resync = Resync(self.cache, world.cluster, self.woken.append, self._count)

    def gatherer_with(self, defaults: Defaults) -> Gatherer:
        """Return what reads the world in an installation with these defaults."""
        world = self._world
        return Gatherer(self.cache, world.cluster, world.store, world.metrics, self.alerts, defaults)

    def see(self, events: Iterable[WatchEvent]) -> None:
        """Take watch events, as seatrial.controller.assembly.Operator.seen does."""
        for event in events:
            news = self.cache.drop(event.document) if event.deleted else self.cache.put(event.document)
            owner = owner_of(event.document)
            if news and owner is not None:
                self.woken.append(owner)

    def _count(self, objects: int) -> None:
        self.repaired += objects
