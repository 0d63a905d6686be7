"""Users, data scientists and accidents: what they do to the world while the operator works."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from seatrial.adapters.kube_kinds import MODEL_API
from seatrial.api import KIND
from seatrial.api.requests import ABORT, PROMOTE, RETRY
from seatrial.contract import labels, metrics
from seatrial.controller.cache import Place
from seatrial.ports import Key
from tests.fakes.process import World
from tests.given import ROUTE, TRAINING, manifest
from tests.simulation.faults import PROMETHEUS, Faults
from tests.simulation.operators import Operators
from tests.simulation.pods import Kubernetes
from tests.simulation.prometheus import Prometheus
from tests.simulation.versions import Quality

QUALITIES = (*(Quality.GOOD,) * 4, *(Quality.FAILS, Quality.SOURS) * 2, *Quality)
COOLDOWN = 60  # seconds
BRIEF: Mapping[str, Any] = {
    "shadow": {"minimumDuration": "6s"},
    "canary": {"steps": [{"weight": 10}, {"weight": 50}], "stepDuration": "6s"},
    "probation": "20s",
    "checks": [{"name": "errors", "errors": {}}],
}
LATENCIES = ({"warmUp": "0s"}, {"warmUp": "0s", "objective": "20ms"})


class People:
    """Everybody who is not the operator.

    `spec` is what the user means, `applied` what they applied last, with its mistakes; `qualities` by version.
    """

    def __init__(self, key: Key, world: World, rng: Random, *, times: bool, routed: bool) -> None:
        self.key, self.qualities = key, dict[str, Quality]()
        self._world, self._rng = world, rng
        self.spec: dict[str, Any] = {
            "model": {"store": "s3://models/team", "channel": "latest"},
            "serving": {"replicas": 2},
            "rollout": _timed(rng.choice(LATENCIES)) if times else dict(BRIEF),
            "training": {**TRAINING, "includeFeedback": False, "cooldown": f"{COOLDOWN}s"},
        }
        if routed:
            self.spec["route"] = dict(ROUTE)
        self.applied: Mapping[str, Any] = {}
        self.wanted = ""
        self.always_shadowed = True
        self.lost = 0  # how often the status was, and with it when the last training was
        self.log: list[str] = []

    @property
    def place(self) -> Place:
        """The ModelDeployment."""
        return Place(MODEL_API, KIND, self.key.namespace, self.key.name)

    def document(self) -> dict[str, Any] | None:
        """Return the ModelDeployment as it is now."""
        return self._world.cluster.find(self.place)

    def publish(self, quality: Quality, version: str = "") -> None:
        """Publish a version, and let the channel name it."""
        self.wanted = version or str(len(self.qualities) + 1)
        self.qualities[self.wanted] = quality
        self._world.publish(manifest(self.wanted))
        self.log.append(f"version {self.wanted} ({quality}) is published")

    def publish_some(self) -> None:
        """Publish any kind of version."""
        self.publish(self._rng.choice(QUALITIES))

    def back(self) -> None:
        """Move the channel back to a version of before."""
        self.wanted = self._rng.choice(sorted(self.qualities))
        self._world.publish(manifest(self.wanted))
        self.log.append(f"the channel goes back to version {self.wanted}")

    def apply(self, annotations: Mapping[str, str] | None = None) -> None:
        """Apply the spec."""
        self._apply(self.spec, annotations)

    def change_serving(self) -> None:
        """Scale, or serve in another way."""
        self.spec["serving"] = {
            "replicas": self._rng.choice((1, 2, 3)),
            "batching": {"maxSize": self._rng.choice((64, 8))},
        }
        self.log.append(f"spec.serving is {self.spec['serving']}")
        self.apply()

    def change_route(self) -> None:
        """Take the route away, or set it."""
        if self.spec.pop("route", None) is None:
            self.spec["route"] = dict(ROUTE)
        self.log.append(f"spec.route is {'there' if 'route' in self.spec else 'gone'}")
        self.apply()

    def change_rollout(self) -> None:
        """Pause, leave a stage out, have fewer steps or ask for approval, or let what served come back untried."""
        change = self._rng.choice(
            (
                {"paused": True},
                {"shadow": {"enabled": False}},
                {"probation": "0s"},
                {"canary": {**BRIEF["canary"], "steps": [{"weight": 30}]}},
                {"canary": {**BRIEF["canary"], "steps": [{"weight": 10, "duration": "20s", "approval": "Required"}]}},
                {"rollbackWindow": {"revisions": 2}},
            )
        )
        self.spec["rollout"] = {**self.spec["rollout"], **change}
        self.always_shadowed &= "shadow" not in change
        self.log.append(f"spec.rollout has {change}")
        self.apply()

    def mistake(self) -> None:
        """Apply a spec that is wrong, in a cluster whose definition lets it through, until the next one."""
        steps = [{"weight": 50}, {"weight": 10}]
        self.log.append(f"spec.rollout.canary.steps are {steps}")
        self._apply({**self.spec, "rollout": {**self.spec["rollout"], "canary": {"steps": steps}}})

    def delete_something(self) -> None:
        """Delete one of the operator's objects by hand; a recipe that the spec has moved away from would be lost."""
        kinds = ("Deployment", "HTTPRoute", "Service", "PodDisruptionBudget")
        documents = [document for kind in kinds for document in self._world.cluster.all(kind)]
        if documents:
            document = self._rng.choice(documents)
            metadata = document["metadata"]
            self._world.cluster.remove(
                Place(document["apiVersion"], document["kind"], metadata["namespace"], metadata["name"])
            )
            self.log.append(f"{document['kind']} {metadata['name']} is deleted by hand")

    def make_again(self) -> None:
        """Delete the ModelDeployment, and apply it again: its status is gone."""
        if self._world.cluster.find(self.place) is not None:
            self._world.cluster.remove(self.place)
        self.log.append("the ModelDeployment is made again")
        self.apply()

    def lose_status(self) -> None:
        """The status is lost, as after a restore that left it out."""
        if self.document() is not None:
            self._world.cluster.set_status(self.place, {})
            self.lost += 1
            self.log.append("the status is lost")

    def invent_stable(self) -> None:
        """Somebody writes into the status that something serves that was never there."""
        document = self.document()
        if document is not None and (document.get("status") or {}).get("stable"):
            stable = {"revision": "0123456789", "version": "none", "digest": "sha256:" + "0" * 64}
            self._world.cluster.set_status(self.place, {**document["status"], "stable": stable})
            self.log.append("the status names a stable revision that was never there")

    def ask_for_training(self) -> None:
        """Ask for a training."""
        self.log.append("a training is asked for")
        self.apply({labels.TRAIN: f"token {self._rng.randrange(1000)}"})

    def ask_for_something(self) -> None:
        """Approve or promote a good version, abort or retry any."""
        status = (self.document() or {}).get("status") or {}
        candidate = (status.get("trial") or {}).get("candidate") or status.get("stable") or {}
        revision = str(candidate.get("revision", ""))
        asked = self._rng.choice((PROMOTE, PROMOTE, ABORT, RETRY))
        if asked == PROMOTE and self.qualities.get(candidate.get("version", "")) is not Quality.GOOD:
            return
        if asked == RETRY:
            revision = str(next((one["revision"] for one in status.get("rejected", ())), ""))
        value = self._rng.choice((revision, f"{revision}/10")) if asked == PROMOTE else revision
        self.log.append(f"{asked} is {value}")
        self.apply({asked: value})

    def settle(self, *, serves: bool) -> None:
        """Leave the world in peace: nothing is paused, and what is wanted comes up or is refused for another."""
        self.spec["rollout"] = {**self.spec["rollout"], "paused": False, "canary": BRIEF["canary"]}
        quality = self.qualities[self.wanted]
        if quality is Quality.STUCK or (quality is Quality.REFUSED and not serves):
            self.publish(Quality.GOOD)
        self.apply()

    def _apply(self, spec: Mapping[str, Any], annotations: Mapping[str, str] | None = None) -> None:
        metadata = {"namespace": self.key.namespace, "name": self.key.name, "annotations": dict(annotations or {})}
        self.applied = _copy(spec)
        self._world.cluster.user_apply(
            {"apiVersion": MODEL_API, "kind": KIND, "metadata": metadata, "spec": _copy(spec)}
        )


def accidents(
    people: People, faults: Faults, operators: Operators, kubernetes: Kubernetes, prometheus: Prometheus, rng: Random
) -> list[Callable[[], object]]:
    """Return what may happen, as often as it should be chosen."""

    def alert() -> None:
        revision = _stable_revision(people)
        identity = {metrics.NAMESPACE: people.key.namespace, metrics.NAME: people.key.name, metrics.REVISION: revision}
        told = {"alertname": "Drift", metrics.REASON_LABEL: "drift", "namespace": people.key.namespace}
        prometheus.firing = [{**identity, **told}]
        people.log.append(f"drift of revision {revision} fires")

    def outage() -> None:
        people.log.append(f"{faults.outage()} is down")

    def refuse() -> None:
        people.log.append(f"{faults.refusal()}s are refused")

    def blind() -> None:
        people.log.append(f"{faults.outage(PROMETHEUS)} is down")
        people.publish(rng.choice((Quality.FAILS, Quality.FAILS_LIVE, Quality.SOURS)))

    def deaf() -> None:
        people.log.append("all watches are deaf")
        operators.deafen()

    def split() -> None:
        people.log.append("two operators run")
        operators.replace()

    def crash() -> None:
        people.log.append("a Deployment's pods die")
        kubernetes.crash()

    return [
        *[people.publish_some] * 7,
        people.back,
        *[people.change_serving] * 2,
        people.change_route,
        people.change_rollout,
        people.mistake,
        people.delete_something,
        *[people.make_again] * 2,
        people.ask_for_training,
        *[people.ask_for_something] * 2,
        people.lose_status,
        people.invent_stable,
        alert,
        *[outage] * 3,
        *[refuse] * 2,
        *[blind] * 2,
        deaf,
        *[split] * 2,
        *[crash] * 2,
    ]


def _stable_revision(people: People) -> str:
    document = people.document()
    stable = ((document or {}).get("status") or {}).get("stable") or {}
    return str(stable.get("revision", ""))


def _timed(latency: Mapping[str, Any]) -> dict[str, Any]:
    return {**BRIEF, "checks": [*BRIEF["checks"], {"name": "latency", "latency": latency}]}


def _copy(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copy(value) if isinstance(value, Mapping) else value for name, value in document.items()}
