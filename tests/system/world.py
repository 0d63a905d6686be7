"""One ModelDeployment in a namespace of its own, with a client: the given, the when and the then of a test."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.system.client import Client
from tests.system.kubectl import CommandError
from tests.system.namespaces import SECRET, credentials, delete_namespace, namespace
from tests.system.publishing import Shelf
from tests.system.site import Site

NAME = "deploy-risk"
RATE = 40  # requests a second
POLL = 0.5
LONGEST_DRAIN = 180.0  # seconds
LONGEST_START = 60.0  # seconds until a process that ended is ready again
# Stages of seconds: the evidence needs requests, not minutes.
ROLLOUT: Mapping[str, Any] = {
    "shadow": {"minimumSamples": 100, "minimumDuration": "5s", "maximumDisagreement": "0.20"},
    "canary": {"steps": [{"weight": 20}, {"weight": 50}], "stepDuration": "5s"},
    "probation": "5s",
    "progressDeadline": "10m",
    "checks": [
        {"name": "errors", "errors": {}},
        # Worlds share two cores with each other and with what builds and trains: only a stall is slow here.
        {"name": "latency", "latency": {"objective": "500ms", "warmUp": "3s"}},
    ],
}

Status = Mapping[str, Any]
Condition = Callable[[Status], bool]


class NotSeenError(AssertionError):
    """What a test waited for did not come true; the message has what was there instead."""


@dataclass(slots=True)
class World:
    """A namespace, a ModelDeployment and its client."""

    site: Site
    shelf: Shelf
    namespace: str
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the client, not yet started."""
        site = self.site
        host = f"{self.namespace}.example.org"
        self.client = Client(site.commands, site.runtime_image, self.namespace, NAME, site.gateway, host, RATE)

    # given

    def is_there(self, *, wrong_credentials: bool = False) -> None:
        """Make the namespace and the Secret."""
        self.site.commands.apply(namespace(self.namespace))
        self.has_credentials(wrong=wrong_credentials)

    def has_credentials(self, *, wrong: bool = False) -> None:
        """Make the Secret, or replace it."""
        self.site.commands.apply(credentials(self.site, self.namespace, wrong=wrong))

    def serves(self, version: str, **sections: Any) -> None:
        """Deploy a version, wait until it serves, and start the client."""
        self.is_there()
        self.apply(version, **sections)
        self.sees(f"version {version} serves", lambda s: serving(s) == version and condition(s, "Ready") == "True")
        self.client.start()
        self.sees_client("answers", lambda c: c["answered"] >= RATE)

    def is_gone(self) -> None:
        """Delete the namespace and all that is in it, and let the store forget it."""
        delete_namespace(self.site.commands, self.namespace)
        self.shelf.forget(self.namespace, NAME)

    # when

    def apply(self, version: str, **sections: Any) -> None:
        """Apply the ModelDeployment with a version, and sections of the spec other than the usual."""
        self.site.commands.apply(self.document(version, **sections))

    def document(self, version: str, **sections: Any) -> Mapping[str, Any]:
        """Return the ModelDeployment; a section of None is left out."""
        gateway = {"name": self.site.gateway_name, "namespace": self.site.gateway_namespace}
        spec: dict[str, Any] = {
            "model": {"store": self.shelf.store, "name": self.shelf.model, "version": version},
            "storage": {"endpoint": self.site.s3, "secretRef": {"name": SECRET}},
            "serving": {"replicas": 2, "timeout": "5s"},  # two cores have many worlds to think of
            "route": {"gateway": gateway, "hostnames": [f"{self.namespace}.example.org"]},
            "rollout": ROLLOUT,
        } | sections
        return {
            "apiVersion": "seatrial.dev/v1alpha1",
            "kind": "ModelDeployment",
            "metadata": {"name": NAME, "namespace": self.namespace},
            "spec": {name: section for name, section in spec.items() if section is not None},
        }

    def annotates(self, **requests: str | None) -> None:
        """Set annotations by the last part of their name; None takes one away."""
        words = [
            f"seatrial.dev/{name}={value}" if value else f"seatrial.dev/{name}-" for name, value in requests.items()
        ]
        self.site.commands.ctl("annotate", "modeldeployment", NAME, "-n", self.namespace, "--overwrite", *words)

    def patches_status(self, status: Status) -> None:
        """Write into the status, as nobody but the operator should."""
        patch = json.dumps({"status": status})
        words = ("modeldeployment", NAME, "-n", self.namespace, "--subresource=status", "--type=merge", "-p", patch)
        self.site.commands.ctl("patch", *words)

    def ends_a_process_of(self, version: str) -> None:
        """Tell the predictor of a version's first pod to end, as soon as it runs."""
        selector = f"seatrial.dev/model={NAME},seatrial.dev/version={version}"
        pod = self.site.commands.list("pods", self.namespace, selector)[0]["metadata"]["name"]
        words = (pod, "-n", self.namespace, "--for=condition=Ready", f"--timeout={LONGEST_START}s")
        self.site.commands.ctl("wait", "pod", *words)
        end = "import os; os.kill(1, 15)"
        self.site.commands.ctl("exec", pod, "-n", self.namespace, "--", "python", "-c", end)
        self._wait(f"{pod} ends", lambda: self._state_of(pod), lambda s: not s.get("ready"), LONGEST_START)

    def kills_a_pod_of(self, version: str) -> None:
        """Delete the first pod of a version, and wait until there are as many as before."""
        selector = f"seatrial.dev/model={NAME},seatrial.dev/version={version}"
        pod = self.site.commands.list("pods", self.namespace, selector)[0]["metadata"]["name"]
        self.site.commands.ctl("delete", "pod", pod, "-n", self.namespace, "--wait=true")
        self.has_all_pods()

    def drains_all_pods(self) -> None:
        """Evict every predictor's pod as a drain does: again and again, as the disruption budgets let it."""
        waiting = [pod["metadata"]["name"] for pod in self._predictors()]
        end = time.monotonic() + LONGEST_DRAIN
        while waiting and time.monotonic() < end:
            waiting = [pod for pod in waiting if not self._evicted(pod)]
            time.sleep(POLL)
        if waiting:
            raise NotSeenError(f"not drained within {LONGEST_DRAIN:.0f} s: {waiting}")
        self.has_all_pods()

    def has_all_pods(self) -> None:
        """Wait until every Deployment has the pods that it wants."""
        self._wait("all pods are there", self._deployments, lambda found: all(map(_is_whole, found.values())), 180)

    def delete(self) -> None:
        """Delete the ModelDeployment."""
        self.site.commands.ctl("delete", "modeldeployment", NAME, "-n", self.namespace, "--wait=true")

    # then

    def status(self) -> Status:
        """Return the ModelDeployment's status."""
        found = self.site.commands.get("modeldeployment", NAME, self.namespace)
        return {} if found is None else found.get("status", {})

    def sees(self, what: str, holds: Condition, seconds: float = 120) -> Status:
        """Wait until the status shows it."""
        return self._wait(what, self.status, holds, seconds)

    def sees_other(self, name: str, what: str, holds: Condition, seconds: float = 120) -> Status:
        """Wait until the status of another ModelDeployment in the namespace shows it."""

        def look() -> Status:
            found = self.site.commands.get("modeldeployment", name, self.namespace)
            return {} if found is None else found.get("status", {})

        return self._wait(what, look, holds, seconds)

    def sees_replicas(self, what: str, holds: Callable[[int], bool], seconds: float = 180) -> None:
        """Wait until the replicas that are asked for show it; those of each version are told where they do not."""

        def look() -> Mapping[str, Any]:
            return {"asked": self.asked_replicas(), "versions": self.replicas_by_version()}

        self._wait(what, look, lambda seen: holds(seen["asked"]), seconds)

    def asked_replicas(self) -> int:
        """Return spec.serving.replicas, whoever set it."""
        found = self.site.commands.get("modeldeployment", NAME, self.namespace) or {}
        return int(found["spec"]["serving"]["replicas"])

    def replicas_by_version(self) -> Mapping[str, int]:
        """Return how many pods each version's Deployment is told to run."""
        found = self._deployments().values()
        return {one["metadata"]["labels"]["seatrial.dev/version"]: one["spec"]["replicas"] for one in found}

    def sees_client(
        self, what: str, holds: Callable[[Mapping[str, Any]], bool], seconds: float = 60
    ) -> Mapping[str, Any]:
        """Wait until the client has seen it."""
        return self._wait(f"client {what}", self.client.stats, holds, seconds)

    def stays(self, what: str, holds: Condition, seconds: float) -> None:
        """Look for a while whether something stays so."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status = self.status()
            if not holds(status):
                raise NotSeenError(f"{what} did not stay so: {brief(status)}")
            time.sleep(POLL)

    def has_lost_nothing(self, *, failed: int = 0) -> Mapping[str, Any]:
        """Check that the client got an answer to every request, and no more than `failed` errors."""
        stats = self.client.stats()
        if stats["lost"] or stats["failed"] > failed:
            raise NotSeenError(f"lost {stats['lost']}, failed {stats['failed']}: {stats['troubles']}")
        return stats

    def events(self) -> list[str]:
        """Return the ModelDeployment's Events as `Reason: message`."""
        listed = self.site.commands.list("events", self.namespace)
        return [f"{e['reason']}: {e['message']}" for e in listed if e["involvedObject"]["kind"] == "ModelDeployment"]

    def objects(self, kinds: str) -> list[str]:
        """Return the names of objects that belong to the ModelDeployment, as kind/name."""
        listed = self.site.commands.list(kinds, self.namespace, f"seatrial.dev/model={NAME}")
        return [f"{one['kind']}/{one['metadata']['name']}" for one in listed]

    def route_weights(self) -> Mapping[str, int]:
        """Return the weights in the HTTPRoute by backend."""
        route = self.site.commands.get("httproute", NAME, self.namespace)
        if route is None:
            return {}
        return {one["name"]: one["weight"] for rule in route["spec"]["rules"] for one in rule["backendRefs"]}

    def _predictors(self) -> list[Mapping[str, Any]]:
        selector = f"seatrial.dev/model={NAME},seatrial.dev/component=predictor"
        return self.site.commands.list("pods", self.namespace, selector)

    def _evicted(self, pod: str) -> bool:
        """Ask for an eviction; False where the disruption budget does not allow it yet."""
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod}/eviction"
        metadata = {"name": pod, "namespace": self.namespace}
        body = json.dumps({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata})
        try:
            self.site.commands.ctl("create", "--raw", path, "-f", "-", stdin=body)
        except CommandError as error:
            if "disruption budget" not in str(error):
                raise
            return False
        return True

    def _deployments(self) -> Mapping[str, Any]:
        selector = f"seatrial.dev/model={NAME},seatrial.dev/component=predictor"
        found = self.site.commands.list("deployments", self.namespace, selector)
        return {one["metadata"]["name"]: one for one in found}

    def _state_of(self, pod: str) -> Mapping[str, Any]:
        found = self.site.commands.get("pod", pod, self.namespace)
        return {} if found is None else dict(found["status"]["containerStatuses"][0])

    def _wait(
        self,
        what: str,
        look: Callable[[], Mapping[str, Any]],
        holds: Callable[[Mapping[str, Any]], bool],
        seconds: float,
    ) -> Mapping[str, Any]:
        end, last = time.monotonic() + seconds, "nothing"
        while time.monotonic() < end:
            try:
                seen = look()
                if holds(seen):
                    return seen
                last = brief(seen)
            except (CommandError, KeyError) as error:
                last = repr(error)
            time.sleep(POLL)
        raise NotSeenError(f"{what}: not within {seconds:.0f} s; last: {last}; events: {self.events()[-10:]}")


def _is_whole(deployment: Mapping[str, Any]) -> bool:
    status = deployment.get("status", {})
    return bool(status.get("availableReplicas", 0) >= deployment["spec"]["replicas"] >= status.get("replicas", 0))


def serving(status: Status) -> str:
    """Return the version that serves."""
    return str((status.get("stable") or {}).get("version", ""))


def candidate(status: Status) -> str:
    """Return the version on trial."""
    return str(((status.get("trial") or {}).get("candidate") or {}).get("version", ""))


def condition(status: Status, kind: str, part: str = "status") -> str:
    """Return a condition's status, reason or message."""
    listed = status.get("conditions") or []
    return next((str(one.get(part, "")) for one in listed if one.get("type") == kind), "")


def outcome(status: Status, version: str) -> str:
    """Return how the last trial of a version ended."""
    ended = [one for one in status.get("history") or [] if one.get("version") == version]
    return str(ended[-1]["outcome"]) if ended else ""


def brief(seen: Mapping[str, Any]) -> str:
    """Return what a failed test should show."""
    return json.dumps(seen, default=str)[:3000]
