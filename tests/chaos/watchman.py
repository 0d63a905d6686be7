"""Watches the models all the time: tells the journal what changes, and holds everything against the rules."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Self

from seatrial.adapters.kube_kinds import MODEL_API
from seatrial.api.status import Ended
from seatrial.contract.labels import COMPONENT, MODEL, PREDICTOR, REVISION
from tests.chaos.journal import Journal
from tests.chaos.rules import Document, Look, Watchdog
from tests.system.kubectl import Commands
from tests.system.watching import Heard, Watch

DEPLOYMENTS = f"/apis/apps/v1/deployments?labelSelector={MODEL},{COMPONENT}={PREDICTOR}"
MODELS = f"/apis/{MODEL_API}/modeldeployments"
TICK = 1.0  # seconds


class Watchman:
    """Watches the ModelDeployments of these namespaces, one in each. `breaches` are what did not hold.

    `is_blind` says that the API server does not answer: then it is not known what is so.
    """

    def __init__(
        self, commands: Commands, namespaces: Sequence[str], journal: Journal, is_blind: Callable[[], bool]
    ) -> None:
        self.breaches: list[str] = []
        self.endings: set[Ended] = set()
        self._journal, self._is_blind = journal, is_blind
        self._models: dict[str, Document] = {}
        self._deployments: dict[str, dict[str, Document]] = {name: {} for name in namespaces}
        self._watchdogs = {name: Watchdog() for name in namespaces}
        self._said: dict[str, str] = {}
        self._lock, self._over = threading.RLock(), threading.Event()
        self._watches = (
            Watch(commands, MODELS, self.heard_of_model),
            Watch(commands, DEPLOYMENTS, self.heard_of_deployment, self._deployments_again),
        )
        self._thread = threading.Thread(target=self._tick, name="watchman", daemon=True)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for watch in self._watches:
            self._stack.enter_context(watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=10)
        self._stack.close()

    def look(self, name: str) -> Look:
        """Return what is known now of the model in a namespace."""
        with self._lock:
            return Look(self._models[name], dict(self._deployments[name]))

    def broken(self, what: str) -> None:
        """Note that something did not hold."""
        with self._lock:
            self.breaches.append(what)
        self._journal.say(f"BROKEN: {what}")

    def heard_of_model(self, heard: Heard) -> None:
        """Take a state of a ModelDeployment: say what is new, and hold it against the rules."""
        name = heard.document["metadata"]["namespace"]
        if name not in self._deployments or heard.change == "DELETED":
            return
        with self._lock:
            self._models[name] = heard.document
            self._narrate(name)
            self._examine(name)

    def heard_of_deployment(self, heard: Heard) -> None:
        """Take a state of a predictors' Deployment; one that goes runs nothing any more."""
        metadata = heard.document["metadata"]
        of = self._deployments.get(metadata["namespace"])
        if of is None:
            return
        with self._lock:
            if heard.change == "DELETED" or "deletionTimestamp" in metadata:
                of.pop(metadata["labels"][REVISION], None)
            else:
                of[metadata["labels"][REVISION]] = heard.document

    def _deployments_again(self) -> None:
        with self._lock:
            for of in self._deployments.values():
                of.clear()

    def _tick(self) -> None:
        while not self._over.wait(TICK):
            with self._lock:
                for name in self._models:
                    self._examine(name)

    def _examine(self, name: str) -> None:
        if self._is_blind():
            return
        look = self.look(name)
        self.endings |= set(look.status.history)
        for line in self._watchdogs[name].look(look, time.monotonic()):
            self.broken(f"{name}: {line}")

    def _narrate(self, name: str) -> None:
        status = self._models[name].get("status") or {}
        if (line := _in_a_line(status)) != self._said.get(name):
            self._said[name] = line
            self._journal.say(f"{name}: {line}")


def _in_a_line(status: Mapping[str, Any]) -> str:
    """Say where a rollout is; not what changes at every look."""
    trial, stable = status.get("trial") or {}, (status.get("stable") or {}).get("version", "nothing")
    ended = [f"{one['version']} {one['outcome']}: {one['message']}" for one in (status.get("history") or [])[-1:]]
    words = [f"{stable} serves", status.get("stage", ""), f"last: {'; '.join(ended)}"]
    if trial:
        weight = f"{trial['candidate']['version']} ({trial['candidate']['revision']}) {status.get('weight', 0)} %"
        words.insert(1, weight)
    return ", ".join(words)
