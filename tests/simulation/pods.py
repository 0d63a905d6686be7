"""What Kubernetes does with the operator's objects: pods come up and go, the gateway takes routes, Jobs end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from seatrial.adapters.kube_kinds import ROUTE_API
from seatrial.contract import environment, labels, metrics
from seatrial.contract.training import Answer, Request, parse_request
from seatrial.controller.cache import Place, place_of
from seatrial.controller.from_cache import selector_of
from seatrial.ports import Key, PodsSeen, Restarts
from tests.fakes.cluster import FakeCluster
from tests.simulation.faults import Faults
from tests.simulation.versions import REFUSAL, Quality

Document = Mapping[str, Any]
FIRST_START, LAST_START = 1.0, 12.0  # seconds until a pod is ready
SETTLES = 3.0  # seconds from ready to available
JOB_TAKES = 20.0


def _no_requests() -> dict[tuple[str, str], int]:
    return {(traffic, outcome): 0 for traffic in metrics.TRAFFICS for outcome in (metrics.OK, metrics.ERROR)}


def _no_latencies() -> dict[str, list[int]]:
    return {traffic: [0] * (len(metrics.DURATION_EDGES) + 1) for traffic in metrics.TRAFFICS}


def _no_comparisons() -> dict[str, int]:
    return dict.fromkeys(metrics.RESULTS, 0)


@dataclass(slots=True, eq=False)
class Pod:
    """A predictor pod, and what it counted: all of it is there from its start, at 0."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    ready_at: float
    restarts: int = 0
    left_word: bool = False  # when its process ended last: it could not start
    requests: dict[tuple[str, str], int] = field(default_factory=_no_requests)
    latencies: dict[str, list[int]] = field(default_factory=_no_latencies)
    comparisons: dict[str, int] = field(default_factory=_no_comparisons)

    def restart(self, ready_at: float, *, left_word: bool) -> None:
        """Its process ended and is started again: what it had counted is gone."""
        self.restarts, self.ready_at, self.left_word = self.restarts + 1, ready_at, left_word
        self.requests, self.latencies, self.comparisons = _no_requests(), _no_latencies(), _no_comparisons()

    def available(self, now: float) -> bool:
        """Say whether it gets traffic."""
        return now >= self.ready_at + SETTLES


@dataclass(frozen=True, slots=True)
class Training:
    """A Job that was seen: since when, whose it is (uid), and what it was asked for."""

    began: float
    place: Place
    owner: str
    request: Request


class Kubernetes:
    """The controllers of a cluster. `qualities` are by version; `faults` says what is away."""

    def __init__(self, cluster: FakeCluster, rng: Random, qualities: Mapping[str, Quality], faults: Faults) -> None:
        self._cluster, self._rng, self._qualities, self._faults = cluster, rng, qualities, faults
        self._names = count(1)
        self.pods: dict[Place, list[Pod]] = {}
        self.gone: list[Pod] = []  # since the last scrape
        self.weights: dict[Place, dict[str, int]] = {}  # that the gateway has taken
        self.trained: list[Training] = []
        self.ended: list[Request] = []

    def tick(self, now: float) -> None:
        """Let a moment pass."""
        deployments = {place_of(one): one for one in self._cluster.all("Deployment")}
        for place in self.pods.keys() - deployments.keys():
            self.gone += self.pods.pop(place)
        for place, deployment in deployments.items():
            self._deployment(place, deployment, now)
        self._routes()
        self._jobs(now)

    def crash(self) -> None:
        """All pods of one Deployment die at once; others take their places."""
        if self.pods:
            pods = self.pods[self._rng.choice(sorted(self.pods))]
            self.gone += pods
            pods.clear()

    def _deployment(self, place: Place, deployment: Document, now: float) -> None:
        pods, wanted = self.pods.setdefault(place, []), deployment["spec"]["replicas"]
        while len(pods) < wanted:
            pods.append(self._start(deployment, now))
        if len(pods) > wanted:
            pods.sort(key=lambda pod: pod.ready_at)
            self.gone += pods[wanted:]
            del pods[wanted:]
        for pod in pods:
            if now < pod.ready_at < float("inf") and self._faults.no_store():
                pod.restart(now + FIRST_START, left_word=True)
        ready, available = sum(now >= p.ready_at for p in pods), sum(p.available(now) for p in pods)
        status = {"replicas": len(pods), "readyReplicas": ready, "availableReplicas": available}
        current = deployment["metadata"]["generation"]
        if deployment.get("status") != {**status, "observedGeneration": current}:
            self._cluster.set_status(place, status)
        self._see(deployment, pods)

    def _see(self, deployment: Document, pods: Sequence[Pod]) -> None:
        trouble = REFUSAL if self._quality(deployment) is Quality.REFUSED else ""
        at_start = frozenset(pod.name for pod in pods if pod.left_word)
        restarts = Restarts({pod.name: pod.restarts for pod in pods}, at_start, "exit code 139 (Error)")
        place = deployment["metadata"]["namespace"], selector_of(deployment)
        self._cluster.seen[place] = PodsSeen(trouble, restarts)

    def _start(self, deployment: Document, now: float) -> Pod:
        never = self._quality(deployment) in (Quality.REFUSED, Quality.STUCK)
        takes = float("inf") if never else self._rng.uniform(FIRST_START, LAST_START)
        metadata, template = deployment["metadata"], deployment["spec"]["template"]["metadata"]
        return Pod(f"{metadata['name']}-{next(self._names)}", metadata["namespace"], template["labels"], now + takes)

    def _quality(self, deployment: Document) -> Quality:
        told = deployment["spec"]["template"]["metadata"]["labels"]
        return self._qualities.get(told.get(labels.VERSION, ""), Quality.GOOD)

    def _routes(self) -> None:
        routes = {place_of(one): one for one in self._cluster.all("HTTPRoute")}
        self.weights = {place: weights for place, weights in self.weights.items() if place in routes}
        if self._faults.no_gateway():
            return
        for place, route in routes.items():
            rule, *others = route["spec"]["rules"]
            assert all(other["backendRefs"] == rule["backendRefs"] for other in others), "one split for all paths"
            self.weights[place] = {backend["name"]: backend["weight"] for backend in rule["backendRefs"]}
            status = {"parents": [self._answer(route)]}
            if (route.get("status") or {}).get("parents") != status["parents"]:
                self._cluster.set_status(place, status)

    def _answer(self, route: Document) -> Document:
        generation = route["metadata"]["generation"]
        true = {"status": "True", "reason": "Accepted", "message": "fine", "observedGeneration": generation}
        conditions = [{"type": kind, **true} for kind in ("Accepted", "ResolvedRefs")]
        return {"parentRef": route["spec"]["parentRefs"][0], "conditions": conditions}

    def _jobs(self, now: float) -> None:
        known = {training.place for training in self.trained}
        for job in self._cluster.all("Job"):
            if place_of(job) not in known:
                [owner] = job["metadata"]["ownerReferences"]
                self.trained.append(Training(now, place_of(job), owner["uid"], _request(job)))
        for training in self.trained:
            job_now = self._cluster.find(training.place)
            if now - training.began >= JOB_TAKES and job_now is not None and "status" not in job_now:
                self._finish(training.place, training.request)

    def _finish(self, place: Place, request: Request) -> None:
        answer = Answer("Passed", f"trained-{len(self.ended) + 1}", "accuracy 0.91")
        self._cluster.messages[place.namespace, place.name] = answer.encode()
        self._cluster.set_status(place, {"conditions": [{"type": "Complete", "status": "True"}]})
        self.ended.append(request)


def route_of(key: Key) -> Place:
    """Return a ModelDeployment's HTTPRoute."""
    return Place(ROUTE_API, "HTTPRoute", key.namespace, key.name)


def _request(job: Document) -> Request:
    [container] = job["spec"]["template"]["spec"]["containers"]
    told = {one["name"]: one.get("value", "") for one in container["env"]}
    return parse_request(told[environment.TRAINING_REQUEST])
