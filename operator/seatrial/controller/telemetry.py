"""The operator's own metrics: how its passes go, and what its decisions say of each ModelDeployment."""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from seatrial.contract import metrics
from seatrial.core.decision import Gauge as Decided
from seatrial.ports import Key

_PASS_EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Telemetry:
    """What /metrics shows. `depth` returns how many passes wait."""

    def __init__(self, depth: Callable[[], int], now: Callable[[], float]) -> None:
        self._registry = CollectorRegistry()
        self._now = now
        self._decided = _Decided()
        self._seconds = Histogram(
            "seatrial_operator_reconcile_seconds",
            "How long a pass over a ModelDeployment took.",
            buckets=_PASS_EDGES,
            registry=self._registry,
        )
        self._errors = Counter(
            "seatrial_operator_reconcile_errors",
            "Passes that failed, by the class of the failure; store: of the model's own store.",
            ["kind"],
            registry=self._registry,
        )
        self._repairs = Counter(
            "seatrial_operator_cache_repairs",
            "Objects that a listing showed otherwise than the watches had told.",
            registry=self._registry,
        )
        self._swept = Gauge(
            "seatrial_operator_last_sweep_timestamp_seconds",
            "When all ModelDeployments were last put on the queue.",
            registry=self._registry,
        )
        waiting = Gauge("seatrial_operator_queue_depth", "Passes that are due and wait.", registry=self._registry)
        waiting.set_function(depth)
        self._registry.register(self._decided)
        ProcessCollector(registry=self._registry)

    def passed(self, seconds: float) -> None:
        """Count a pass that ended well."""
        self._seconds.observe(seconds)

    def failed(self, kind: str, seconds: float) -> None:
        """Count a pass that failed with an exception of this kind."""
        self._seconds.observe(seconds)
        self._errors.labels(kind).inc()

    def swept(self) -> None:
        """Note that all keys were put on the queue."""
        self._swept.set(self._now())

    def repaired(self, objects: int) -> None:
        """Count what the watches had missed."""
        self._repairs.inc(objects)

    def publish(self, key: Key, gauges: Sequence[Decided]) -> None:
        """Replace all gauges of a ModelDeployment at once; none: it is gone."""
        self._decided.replace(key, gauges)

    def page(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return generate_latest(self._registry)


class _Decided(Collector):
    """The gauges of all decisions, each ModelDeployment's as of its last pass."""

    def __init__(self) -> None:
        self._by_key: dict[Key, tuple[Decided, ...]] = {}

    def replace(self, key: Key, gauges: Sequence[Decided]) -> None:
        if gauges:
            self._by_key[key] = tuple(gauges)
        else:
            self._by_key.pop(key, None)

    def describe(self) -> Iterator[Metric]:
        """Nothing is known before the first decision."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for key, gauges in list(self._by_key.items()):
            owner = {metrics.NAMESPACE: key.namespace, metrics.NAME: key.name}
            for gauge in gauges:
                family = families.setdefault(gauge.name, GaugeMetricFamily(gauge.name, "As last decided."))
                family.add_sample(gauge.name, {**gauge.labels, **owner}, gauge.value)
        yield from families.values()
