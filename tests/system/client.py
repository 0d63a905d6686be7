"""The client's pod: `tests.system.traffic` with the running example's world, in any namespace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.system.kubectl import Commands
from tests.system.site import checkout

NAME, PORT = "client", 8080
_FILES = ("tests/demo/__init__.py", "tests/demo/world.py", "tests/system/__init__.py", "tests/system/traffic.py")


@dataclass(frozen=True, slots=True)
class Client:
    """A client of one ModelDeployment: `target` is the base URL that it asks, `host` the Host header that it sends."""

    commands: Commands
    image: str
    namespace: str
    model: str
    target: str
    host: str
    rate: int
    label_share: float = 0.05

    def start(self) -> None:
        """Start the pod, in the place of an earlier one."""
        self.stop()
        files = {_key(path): (checkout() / path).read_text() for path in _FILES}
        self.commands.apply({**self._head("v1", "ConfigMap"), "data": files}, self._pod())

    def stop(self) -> None:
        """Delete the pod."""
        self.commands.ctl("delete", "pod", NAME, "-n", self.namespace, "--ignore-not-found", "--wait=true")

    def stats(self) -> Mapping[str, Any]:
        """Return what the client saw so far; see traffic.Client.stats."""
        found: Mapping[str, Any] = self.commands.pod_get(self.namespace, NAME, PORT, "/stats")
        return found

    def change_world(self, world: str, label_share: float) -> None:
        """Let the client send another world's deployments."""
        self.commands.pod_post(self.namespace, NAME, PORT, "/world", {"world": world, "labelShare": label_share})

    def send(self, *, on: bool) -> None:
        """Let the client send nothing from now on, so that all that it sent can be counted; or go on."""
        self.commands.pod_post(self.namespace, NAME, PORT, "/sending", {"on": on})

    def _head(self, api_version: str, kind: str) -> dict[str, Any]:
        metadata = {"name": NAME, "namespace": self.namespace, "labels": {"app": NAME}}
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata}

    def _pod(self) -> Mapping[str, Any]:
        """Return the pod: it has no rights, and ends by itself."""
        environment = {
            "TARGET": f"{self.target}/v1/models/{self.model}:predict",
            "HOST_HEADER": self.host,
            "FEEDBACK": f"http://{self.model}-collector.{self.namespace}.svc/feedback",
            "RATE": str(self.rate),
            "LABEL_SHARE": str(self.label_share),
            "PYTHONPATH": "/opt/seatrial:/client",
        }
        container = {
            "name": NAME,
            "image": self.image,
            "imagePullPolicy": "IfNotPresent",
            "command": ["python", "-m", "tests.system.traffic"],
            "env": [{"name": name, "value": value} for name, value in environment.items()],
            "volumeMounts": [{"name": "code", "mountPath": "/client"}],
            "resources": {"requests": {"cpu": "50m"}, "limits": {"memory": "512Mi"}},
        }
        files = [{"key": _key(path), "path": path} for path in _FILES]
        spec = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 1,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 65532},
            "containers": [container],
            "volumes": [{"name": "code", "configMap": {"name": NAME, "items": files}}],
        }
        return {**self._head("v1", "Pod"), "spec": spec}


def _key(path: str) -> str:
    """A ConfigMap's keys have no slashes."""
    return path.replace("/", ".")
