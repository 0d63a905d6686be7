"""A pod of another namespace that says that what it counts is the model's."""

from itertools import count

from seatrial.contract import labels, metrics
from seatrial.ports import Key
from tests.simulation.pods import Kubernetes, Pod
from tests.simulation.prometheus import Prometheus, Sampled

ELSEWHERE = "evil"
EACH_SCRAPE = 1000  # requests


class Impostor:
    """Is scraped like any pod: every revision fails and disagrees, it says, and what serves has drifted."""

    def __init__(self, key: Key, kubernetes: Kubernetes, prometheus: Prometheus) -> None:
        self._key, self._kubernetes, self._prometheus = key, kubernetes, prometheus
        self._series: dict[tuple[str, str], Sampled] = {}
        self._counted = count(EACH_SCRAPE, EACH_SCRAPE)

    def scrape(self) -> None:
        """Read its counters, and the alerts that it made up."""
        value = next(self._counted)
        for pod in [pod for pods in self._kubernetes.pods.values() for pod in pods]:
            for traffic in metrics.TRAFFICS:
                failed = {metrics.TRAFFIC: traffic, metrics.OUTCOME: metrics.ERROR}
                self._sample(pod, metrics.REQUESTS, failed, value)
            self._sample(pod, metrics.SHADOW_COMPARISONS, {metrics.RESULT: metrics.DISAGREE}, value)
            self._sample(pod, "ALERTS", {"alertname": "Drift", metrics.REASON_LABEL: "drift"}, 1)

    def _sample(self, pod: Pod, name: str, more: dict[str, str], value: int) -> None:
        revision = pod.labels.get(labels.REVISION, "")
        said = {metrics.NAMESPACE: self._key.namespace, metrics.NAME: self._key.name, metrics.REVISION: revision}
        place = (name, revision + more.get(metrics.TRAFFIC, ""))
        if place not in self._series:
            self._series[place] = self._prometheus.watch(name, {**said, **more, "namespace": ELSEWHERE})
        self._prometheus.sample(self._series[place], value)
