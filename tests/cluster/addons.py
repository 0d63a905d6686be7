"""What runs in the cluster from the start: DNS, the gateway, S3 and Prometheus. Applied, and asked for real answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.cluster.commands import run
from tests.cluster.places import API_ADDRESS, DNS_ADDRESS, HERE, Addresses
from tests.cluster.probes import http_status, resolve

DEFINITIONS: Final = ("gateway-api.yaml", "contour.yaml")
ADDONS: Final = ("kubernetes", "coredns", "s3", "prometheus", "contour", "metrics-server")
NAMESPACES: Final = ("kube-system", "storage", "monitoring", "projectcontour")
RULES: Final = ("monitoring", "seatrial-rules")  # the ConfigMap that Prometheus reads its rules from
_TIME: Final = 120.0
_APPLY: Final = ("apply", "--server-side", "--force-conflicts", "--field-manager=seatrial-cluster")


@dataclass(frozen=True, slots=True)
class Kubectl:
    """A kubectl bound to one kubeconfig."""

    program: Path
    kubeconfig: Path

    def __call__(self, *words: str | Path, stdin: str | None = None, timeout: float = _TIME) -> str:
        """Run kubectl and return what it prints. Raises CommandError."""
        return run([self.program, f"--kubeconfig={self.kubeconfig}", *words], timeout=timeout, stdin=stdin)

    def apply(self, *files: Path) -> None:
        """Server-side apply of files."""
        self(*_APPLY, *(word for file in files for word in ("-f", str(file))))

    def apply_object(self, *objects: Mapping[str, Any]) -> None:
        """Server-side apply of objects."""
        self(*_APPLY, "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


def files() -> tuple[Path, ...]:
    """The addons' manifests in the order in which they are applied."""
    return tuple(HERE / "manifests" / f"{name}.yaml" for name in ADDONS)


def apply(kubectl: Kubectl, definitions: Path) -> None:
    """Apply the definitions, wait until the API server serves them, then apply the addons."""
    kubectl.apply(*(definitions / name for name in DEFINITIONS))
    kubectl("wait", "--for=condition=Established", "customresourcedefinitions", "--all", f"--timeout={_TIME:.0f}s")
    kubectl.apply(*files())


def rolled_out(kubectl: Kubectl) -> bool:
    """Whether every addon runs as it was last applied, and nothing of an earlier version serves any more."""
    listed = json.loads(kubectl("get", "deployments", "--all-namespaces", "--output=json"))["items"]
    return all(settled(each) for each in listed if each["metadata"]["namespace"] in NAMESPACES)


def settled(deployment: Mapping[str, Any]) -> bool:
    """Whether a Deployment's status is about its present spec, and all of its pods are new and available."""
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    pods = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    return bool(status.get("observedGeneration") == deployment["metadata"]["generation"] and pods == [wanted] * 3)


def rules(files: Mapping[str, str]) -> dict[str, Any]:
    """The ConfigMap with Prometheus's rule files, by names that end in .yml."""
    wrong = [name for name in files if not name.endswith(".yml")]
    if wrong:
        raise ValueError(f"rule files must be named *.yml, or Prometheus does not read them: {', '.join(wrong)}")
    namespace, name = RULES
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(files)}


def probes(addresses: Addresses) -> Mapping[str, Callable[[], bool]]:
    """One question a part, true if it answered as it should."""
    return {
        "dns": lambda: resolve("kubernetes.default.svc.cluster.local", DNS_ADDRESS) == API_ADDRESS,
        "s3": lambda: http_status(f"{addresses.s3}/healthz") == 200,
        "prometheus": lambda: http_status(f"{addresses.prometheus}/-/ready") == 200,
        "gateway": lambda: http_status(addresses.gateway) in (200, 404),
    }
