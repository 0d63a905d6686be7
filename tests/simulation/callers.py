"""The callers: what they send, who answers, what is counted and scraped, and what is lost."""

from collections.abc import Mapping, Sequence

import numpy as np

from seatrial.contract import labels, metrics
from seatrial.controller.cache import Place
from seatrial.ports import Key
from tests.fakes.cluster import FakeCluster
from tests.simulation.pods import FIRST_START, Kubernetes, Pod, route_of
from tests.simulation.prometheus import EDGES, Prometheus, Sampled, cumulative
from tests.simulation.versions import CRASHING, Quality, behaviour


class Callers:
    """Steady traffic to one ModelDeployment, `rate` requests a second; `lost` found no pod while others had some."""

    def __init__(
        self,
        key: Key,
        cluster: FakeCluster,
        kubernetes: Kubernetes,
        prometheus: Prometheus,
        qualities: Mapping[str, Quality],
        seed: int,
        *,
        times: bool,
    ) -> None:
        self._key, self._cluster, self._kubernetes, self._prometheus = key, cluster, kubernetes, prometheus
        self._qualities, self._times = qualities, times
        self._rng = np.random.default_rng(seed)
        self._series: dict[Pod, dict[tuple[str, ...], Sampled]] = {}
        self.rate = 0.0
        self.sent = self.lost = 0

    def tick(self, now: float, seconds: float) -> None:
        """Send requests for a while."""
        pods = {place: [p for p in pods if p.available(now)] for place, pods in self._kubernetes.pods.items()}
        requests = int(self._rng.poisson(self.rate * seconds))
        shares = self._shares(pods)
        self.sent += requests
        for answering, share in shares:
            count = int(self._rng.binomial(requests, share))
            if answering:
                self._answer(answering, count, metrics.LIVE, share)
                self._crash(answering, count, now)
            elif any(others for others, _ in shares):
                self.lost += count
        self._copy(pods, requests)

    def scrape(self) -> None:
        """Read all pods' counters, and forget pods that went."""
        for pod in self._kubernetes.gone:
            for series in self._series.pop(pod, {}).values():
                self._prometheus.end(series)
        self._kubernetes.gone.clear()
        for pods in self._kubernetes.pods.values():
            for pod in pods:
                self._scrape(pod)

    def _shares(self, pods: Mapping[Place, Sequence[Pod]]) -> list[tuple[Sequence[Pod], float]]:
        """Who answers which share: the gateway's weights, or else the pods that the Service chooses."""
        weights = self._kubernetes.weights.get(route_of(self._key))
        if weights is not None:
            backends = {place.name: chosen for place, chosen in pods.items()}
            return [(backends.get(name, ()), weight / 100) for name, weight in weights.items() if weight]
        chosen = self._chosen(self._key.name, pods)
        revisions = {pod.labels[labels.REVISION] for pod in chosen}
        groups = [[pod for pod in chosen if pod.labels[labels.REVISION] == revision] for revision in sorted(revisions)]
        return [(group, len(group) / len(chosen)) for group in groups]

    def _chosen(self, service: str, pods: Mapping[Place, Sequence[Pod]]) -> list[Pod]:
        document = self._cluster.find(Place("v1", "Service", self._key.namespace, service))
        if document is None:
            return []
        selector = document["spec"]["selector"].items()
        return [pod for group in pods.values() for pod in group if selector <= pod.labels.items()]

    def _copy(self, pods: Mapping[Place, Sequence[Pod]], requests: int) -> None:
        shadows = self._chosen(f"{self._key.name}-shadow", pods)
        if shadows:
            self._answer(shadows, requests, metrics.SHADOW, 0.0)
            for pod in shadows:
                how = behaviour(self._quality(pod), live=False, share=0.0)
                compared = requests // len(shadows)
                other = int(self._rng.binomial(compared, how.disagreement))
                pod.comparisons[metrics.AGREE] += compared - other
                pod.comparisons[metrics.DISAGREE] += other

    def _answer(self, pods: Sequence[Pod], requests: int, traffic: str, share: float) -> None:
        for pod in pods:
            how = behaviour(self._quality(pod), live=traffic == metrics.LIVE, share=share)
            mine = requests // len(pods)
            bad = int(self._rng.binomial(mine, how.errors))
            for outcome, count in ((metrics.OK, mine - bad), (metrics.ERROR, bad)):
                pod.requests[traffic, outcome] += count
            buckets = pod.latencies[traffic]
            slower = int(self._rng.binomial(mine, 0.1))
            buckets[how.buckets[0]] += mine - slower
            buckets[how.buckets[1]] += slower

    def _crash(self, pods: Sequence[Pod], requests: int, now: float) -> None:
        for pod in pods if requests else ():
            if self._quality(pod) is Quality.CRASHES and self._rng.random() < CRASHING:
                pod.restart(now + FIRST_START, left_word=False)

    def _quality(self, pod: Pod) -> Quality:
        return self._qualities.get(pod.labels.get(labels.VERSION, ""), Quality.GOOD)

    def _scrape(self, pod: Pod) -> None:
        for (traffic, outcome), count in pod.requests.items():
            self._sample(pod, metrics.REQUESTS, count, {metrics.TRAFFIC: traffic, metrics.OUTCOME: outcome})
        for result, count in pod.comparisons.items():
            self._sample(pod, metrics.SHADOW_COMPARISONS, count, {metrics.RESULT: result})
        if self._times:
            for traffic, buckets in pod.latencies.items():
                for edge, count in zip(EDGES, cumulative(buckets), strict=True):
                    self._sample(pod, f"{metrics.DURATION}_bucket", count, {metrics.TRAFFIC: traffic, "le": edge})

    def _sample(self, pod: Pod, name: str, value: int, more: Mapping[str, str]) -> None:
        mine = self._series.setdefault(pod, {})
        place = (name, *more.values())
        if place not in mine:
            identity = {
                metrics.NAMESPACE: pod.namespace,
                metrics.NAME: pod.labels[labels.MODEL],
                metrics.REVISION: pod.labels.get(labels.REVISION, ""),
                metrics.VERSION: pod.labels.get(labels.VERSION, ""),
            }
            target = {"namespace": pod.namespace, "pod": pod.name}
            mine[place] = self._prometheus.watch(name, {**identity, **more, **target})
        self._prometheus.sample(mine[place], value)
