"""What the clients of all models saw, gathered every few seconds, and what of it nobody may cause."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from tests.chaos.model import Model
from tests.chaos.requests import MOST_OF_A_KILL, Failure, by_kill, unexplained
from tests.chaos.versions import BAD
from tests.system.kubectl import CommandError

EVERY = 3.0  # seconds


class Callers:
    """Gathers in a thread; `kills` are the moments of kills without grace by model, `broken` is told what is wrong."""

    def __init__(
        self, models: Sequence[Model], kills: Mapping[str, Sequence[float]], broken: Callable[[str], None]
    ) -> None:
        self.stats: dict[str, Mapping[str, Any]] = {}
        self.failures: dict[str, list[Failure]] = {}
        self._models, self._kills, self._broken = models, kills, broken
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="callers", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=30)

    def caused_by_kills(self) -> Mapping[str, Mapping[float, int]]:
        """Return how many requests each kill without grace cost, by model."""
        return {name: by_kill(found, BAD, self._kills.get(name, ())) for name, found in self.failures.items()}

    def check_kills(self) -> None:
        """Say which kill cost more than it may."""
        for name, costs in self.caused_by_kills().items():
            for count in (count for count in costs.values() if count > MOST_OF_A_KILL):
                self._broken(f"{name}: a pod that was killed without grace cost {count} requests")

    def gather(self) -> None:
        """Ask all clients now; who cannot be asked is asked the next time."""
        for model in self._models:
            try:
                self.take(model.name, model.world.client.stats())
            except CommandError:
                continue

    def _run(self) -> None:
        while not self._over.wait(EVERY):
            self.gather()

    def take(self, name: str, stats: Mapping[str, Any]) -> None:
        """Take what a model's client has seen until now."""
        known = self.failures.setdefault(name, [])
        since = known[-1].at if known else 0.0
        new = [one for one in (Failure(*each) for each in stats["failures"]) if one.at > since]
        known += new
        self.stats[name] = stats
        for one in unexplained(new, BAD, self._kills.get(name, ())):
            self._broken(f"{name}: a request failed, by version {one.version}: {one.why}")
        if (count := stats["failed"] + stats["lost"]) > len(known):
            self._broken(f"{name}: of {count} failed requests only {len(known)} could be looked at")
