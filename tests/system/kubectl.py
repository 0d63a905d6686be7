"""kubectl as a function: what a person would type, and its JSON as values."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LONGEST = 300.0


class CommandError(RuntimeError):
    """A command failed; the message has what it said."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Programs that work on one cluster."""

    kubeconfig: Path
    kubectl: Path
    helm: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *command: str | Path, stdin: str | None = None, timeout: float = LONGEST) -> str:
        """Run a program against the cluster and return what it prints; raises CommandError."""
        words = [str(word) for word in command]
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig), **self.environment}
        try:
            done = subprocess.run(
                words, input=stdin, capture_output=True, text=True, timeout=timeout, env=environment, check=True
            )
        except subprocess.TimeoutExpired:
            raise CommandError(f"{' '.join(words[:6])} …: no answer within {timeout:.0f} s") from None
        except subprocess.CalledProcessError as error:
            raise CommandError(f"{' '.join(words[:6])} …: {(error.stderr or error.stdout).strip()}") from None
        return done.stdout

    def ctl(self, *words: str, stdin: str | None = None, timeout: float = LONGEST) -> str:
        """Run kubectl."""
        return self.run(self.kubectl, *words, stdin=stdin, timeout=timeout)

    def apply(self, *documents: Mapping[str, Any]) -> None:
        """Apply documents as `kubectl apply --server-side` does."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
        self.ctl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(listed))

    def get(self, kind: str, name: str, namespace: str) -> Mapping[str, Any] | None:
        """Return an object, None where there is none."""
        text = self.ctl("get", kind, name, "-n", namespace, "-o", "json", "--ignore-not-found")
        return json.loads(text) if text.strip() else None

    def list(self, kind: str, namespace: str | None, selector: str = "") -> list[Mapping[str, Any]]:
        """Return the objects of a kind, in one namespace or (None) in all."""
        place = ["-A"] if namespace is None else ["-n", namespace]
        chosen = ["-l", selector] if selector else []
        found: list[Mapping[str, Any]] = json.loads(self.ctl("get", kind, *place, *chosen, "-o", "json"))["items"]
        return found

    def knows(self, kind: str) -> bool:
        """Say whether the cluster has such a kind."""
        return kind in self.ctl("api-resources", "--no-headers", "-o", "name").replace(".", " ").split()

    def pod_get(self, namespace: str, pod: str, port: int, path: str) -> Any:
        """Ask a pod for JSON through the API server, from wherever this runs."""
        return json.loads(self.pod_text(namespace, pod, port, path))

    def pod_text(self, namespace: str, pod: str, port: int, path: str) -> str:
        """Ask a pod for text through the API server."""
        return self.ctl("get", "--raw", _proxied(namespace, pod, port, path), timeout=10)

    def pod_post(self, namespace: str, pod: str, port: int, path: str, body: Mapping[str, Any]) -> str:
        """Post JSON to a pod through the API server."""
        words = ("create", "--raw", _proxied(namespace, pod, port, path), "-f", "-")
        return self.ctl(*words, stdin=json.dumps(body), timeout=30)


def _proxied(namespace: str, pod: str, port: int, path: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{path}"
