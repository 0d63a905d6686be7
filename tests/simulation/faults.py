"""What may go wrong at any call of the operator, and when."""

from collections.abc import Callable
from random import Random
from typing import Any

from seatrial.ports import ConflictError, MetricsError, RefusedError, UnavailableError
from seatrial.store.objects import PreconditionError, UnreachableError
from tests.fakes.process import World
from tests.simulation.virtual import VirtualLoop

FAULTY_CALL, KILLED = 0.02, 0.005  # of the calls
OUTAGE = (5.0, 60.0)  # seconds
REFUSABLE = ("ControllerRevision", "Deployment", "Service", "PodDisruptionBudget", "HTTPRoute", "Job")
CLUSTER, STORE, PROMETHEUS, GATEWAY = "API server", "store", "Prometheus", "gateway"


class KilledError(BaseException):
    """The operator's process ends here and now."""


class Faults:
    """Breaks in at the calls of the world's fakes while it is `on`."""

    def __init__(
        self, world: World, loop: VirtualLoop, rng: Random, did: Callable[[str, tuple[Any, ...]], None]
    ) -> None:
        self.on = False
        self._did = did
        self.log: list[str] = []
        self._loop, self._rng = loop, rng
        self._down: dict[str, float] = {}
        world.cluster.before = self._break_cluster
        world.cluster.after = self._after
        world.store.before = self._break_store
        world.store.after = self._after
        world.metrics.before = self._break_metrics

    def outage(self, part: str = "") -> str:
        """Let one of the world's parts not answer for a while; returns which."""
        part = part or self._rng.choice((CLUSTER, STORE, PROMETHEUS, GATEWAY))
        self._down[part] = self._loop.time() + self._rng.uniform(*OUTAGE)
        return part

    def refusal(self) -> str:
        """Let the API server refuse a kind of object for a while, as an admission policy does; returns which."""
        kind = self._rng.choice(REFUSABLE)
        self._down[kind] = self._loop.time() + self._rng.uniform(*OUTAGE)
        return kind

    def no_store(self) -> bool:
        """Say whether pods that start now find no store."""
        return self._is_down(STORE)

    def no_gateway(self) -> bool:
        """Say whether the gateway's controller sleeps, and its proxies keep what they have."""
        return self._is_down(GATEWAY)

    def _is_down(self, part: str) -> bool:
        return self.on and self._loop.time() < self._down.get(part, 0.0)

    def _hits(self, chance: float) -> bool:
        return self.on and self._rng.random() < chance

    def _break_cluster(self, call: str, arguments: tuple[Any, ...]) -> None:
        self._kill(call)
        if self._is_down(CLUSTER):
            raise UnavailableError("the API server does not answer")
        if call == "apply" and self._is_down(arguments[0]["kind"]):
            raise RefusedError(f"403: no {arguments[0]['kind']} may be written")
        if self._hits(FAULTY_CALL):
            raise self._rng.choice((UnavailableError("500"), ConflictError("409"), UnavailableError("429")))

    def _break_store(self, call: str, arguments: tuple[Any, ...]) -> None:
        self._kill(call)
        if self._is_down(STORE) or self._hits(FAULTY_CALL):
            raise UnreachableError("the store does not answer")
        if call == "write_serving" and self._hits(FAULTY_CALL):
            raise PreconditionError("somebody else wrote it")

    def _break_metrics(self, call: str, arguments: tuple[Any, ...]) -> None:
        self._kill(call)
        if self._is_down(PROMETHEUS) or self._hits(FAULTY_CALL):
            raise MetricsError("Prometheus does not answer")

    def _after(self, call: str, arguments: tuple[Any, ...]) -> None:
        """It was done, but the operator does not live to hear of it, or hears that it was not."""
        self._did(call, arguments)
        self._kill(f"after {call}")
        if self._hits(FAULTY_CALL):
            raise UnavailableError(f"the answer to {call} was lost")

    def _kill(self, call: str) -> None:
        if self._hits(KILLED):
            self.log.append(f"killed at {call}")
            raise KilledError(call)
