"""Looking: one Scene from the API server, the client's pod and Prometheus. What does not answer is left as it was."""

import json
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from tests.demo.scene import Drift, Scene
from tests.system import client
from tests.system.kubectl import CommandError, Commands

T = TypeVar("T")
NAMESPACE, NAME = "seatrial-demo", "deploy-risk"
EVENTS_SHOWN = 8


class Looker:
    """Takes one look after the other."""

    def __init__(self, commands: Commands, prometheus: str) -> None:
        self._commands, self._prometheus = commands, prometheus

    def look(self, last: Scene) -> Scene:
        """Return what can be seen now."""
        troubles: list[str] = []

        def attempt(what: str, ask: Callable[[], T], otherwise: T) -> T:
            try:
                return ask()
            except (CommandError, OSError, ValueError, KeyError) as error:
                troubles.append(f"{what}: {str(error)[:120]}")
                return otherwise

        scene = replace(
            last,
            status=attempt("status", self._status, last.status),
            client=attempt("client", self._client, last.client),
            drift=attempt("drift", self._drift, last.drift),
            accuracy=attempt("accuracy", self._accuracy, last.accuracy),
            events=attempt("events", self._events, last.events),
        )
        return replace(scene, troubles=tuple(troubles))

    def _status(self) -> Any:
        found = self._commands.get("modeldeployment", NAME, NAMESPACE)
        return {} if found is None else found.get("status", {})

    def _client(self) -> Any:
        return self._commands.pod_get(NAMESPACE, client.NAME, client.PORT, "/stats")

    def _drift(self) -> tuple[Drift, ...]:
        query = f'max by (feature) (seatrial:drift_psi{{model_namespace="{NAMESPACE}",model_name="{NAME}"}})'
        found = [Drift(labels.get("feature", ""), value) for labels, value in self._query(query)]
        return tuple(sorted(found, key=lambda drift: -drift.psi))

    def _accuracy(self) -> float | None:
        selector = f'model_namespace="{NAMESPACE}",model_name="{NAME}"'
        query = f"seatrial:accuracy{{{selector}}} and on (revision) seatrial_stable_info{{{selector}}}"
        return next((value for _, value in self._query(query)), None)

    def _query(self, promql: str) -> list[tuple[dict[str, str], float]]:
        url = f"{self._prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": promql})
        with urllib.request.urlopen(url, timeout=5) as response:
            result = json.load(response)["data"]["result"]
        return [(one["metric"], float(one["value"][1])) for one in result]

    def _events(self) -> tuple[str, ...]:
        listed = self._commands.list("events", NAMESPACE)
        ours = [e for e in listed if e["involvedObject"].get("kind") == "ModelDeployment"]
        ours.sort(key=lambda e: e.get("lastTimestamp") or e["metadata"]["creationTimestamp"])
        return tuple(f"{e['reason']}: {e['message']}" for e in ours[-EVENTS_SHOWN:])
