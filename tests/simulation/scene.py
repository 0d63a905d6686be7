"""One simulated world from its first version until nothing moves any more."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from seatrial.api.status import Stage, Status
from seatrial.api.status_document import read_status
from seatrial.controller.cache import Place, place_of
from seatrial.ports import Key
from tests.fakes.cluster import FakeCluster
from tests.fakes.process import STORE, World
from tests.simulation.callers import Callers
from tests.simulation.faults import Faults
from tests.simulation.impostor import Impostor
from tests.simulation.invariants import Watchdog, expected_places
from tests.simulation.operators import Operators, unexplained
from tests.simulation.people import COOLDOWN, People, accidents
from tests.simulation.pods import Kubernetes, route_of
from tests.simulation.prometheus import Prometheus
from tests.simulation.versions import Quality
from tests.simulation.virtual import LoopClock, VirtualLoop

KEY = Key("ml", "risk")
MOMENT, SCRAPE_EVERY = 1.0, 2  # seconds, moments
RATES = (400.0, 400.0, 60.0)  # requests a second
EVENTFUL = 240.0  # seconds in which things happen
BETWEEN = (1.0, 40.0)
# A deaf watch is put right by the next resync, ten minutes later; then one trial goes through, which takes long with
# few requests and the bursts of a crash behind it.
CALM = 3600.0
STAYS = 90.0


class BrokenError(AssertionError):
    """What must hold did not; the message has the seed and all that happened."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a simulation was like."""

    seed: int
    passes: int
    starts: int
    trials: int
    seconds: float
    sent: int
    lost: int


def simulate(seed: int, *, faults: bool = True, impostor: bool = False) -> Report:
    """Run the world of a seed; raises BrokenError."""
    loop = VirtualLoop()
    loop.set_exception_handler(_tell_unexplained)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(Scene(seed, loop, faults=faults, impostor=impostor).play())


def _tell_unexplained(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """At the end of a world a process may be killed of which nobody hears any more."""
    if unexplained(context.get("exception")) is not None:
        loop.default_exception_handler(context)


class Scene:
    """Everything, wired."""

    def __init__(self, seed: int, loop: VirtualLoop, *, faults: bool, impostor: bool) -> None:
        self._seed, self._loop, self._rng = seed, loop, Random(seed)
        self._world = World()
        self._world.clock = clock = LoopClock(loop)
        self._world.cluster = FakeCluster(clock)
        self._world.metrics = self._prometheus = Prometheus(clock)
        times, routed = self._rng.random() < 0.3, self._rng.random() < 0.7
        self._people = People(KEY, self._world, self._rng, times=times, routed=routed)
        self._watchdog = Watchdog(self._people, loop.time, self._gets_traffic, times=times)
        self._faults = Faults(self._world, loop, self._rng, self._watchdog.did)
        self._kubernetes = Kubernetes(self._world.cluster, self._rng, self._people.qualities, self._faults)
        self._callers = Callers(
            KEY, self._world.cluster, self._kubernetes, self._prometheus, self._people.qualities, seed, times=times
        )
        self._callers.rate = self._rng.choice(RATES)
        self._impostors = [Impostor(KEY, self._kubernetes, self._prometheus)] if impostor else []
        self._with_faults = faults
        self._published: list[str] = []
        self._operators = Operators(
            self._world, loop, self._rng, self._watchdog.decide, self._watchdog.raised, lambda: self._faults.on
        )

    async def play(self) -> Report:
        """Let it happen."""
        tasks = [self._loop.create_task(work) for work in (self._operators.run(), self._physics())]
        await self._story(tasks)
        return Report(
            self._seed,
            self._watchdog.passes,
            self._operators.starts,
            sum("serves; Preparing" in line for line in self._watchdog.log),
            self._loop.time(),
            self._callers.sent,
            self._callers.lost,
        )

    async def _story(self, tasks: list["asyncio.Task[None]"]) -> None:
        self._people.publish(Quality.GOOD)
        self._people.apply()
        self._faults.on = self._with_faults
        happen = self._happenings()
        while self._loop.time() < EVENTFUL:
            await asyncio.sleep(self._rng.uniform(*BETWEEN))
            self._tell(self._rng.choice(happen))
            self._check(tasks)
        self._faults.on = False
        self._prometheus.firing = []
        self._tell(lambda: self._people.settle(serves=self._status().stable is not None))
        await self._until_settled(tasks)
        await self._stays(tasks)

    def _happenings(self) -> list[Callable[[], object]]:
        if not self._with_faults:
            return [*[self._people.publish_some] * 3, self._people.back, self._people.change_serving]
        return accidents(self._people, self._faults, self._operators, self._kubernetes, self._prometheus, self._rng)

    def _tell(self, act: Callable[[], object]) -> None:
        """Let something happen, and write down what people say about it."""
        act()
        said, self._people.log[:] = list(self._people.log), []
        self._watchdog.log += [f"{self._loop.time():7.1f} {line}" for line in said]

    async def _until_settled(self, tasks: list["asyncio.Task[None]"]) -> None:
        limit = self._loop.time() + CALM
        while (trouble := self._unsettled()) and self._loop.time() < limit:
            await asyncio.sleep(5.0)
            self._check(tasks)
        if trouble:
            raise self._broken(f"nothing came to rest within {CALM:.0f} s: {trouble}")

    async def _stays(self, tasks: list["asyncio.Task[None]"]) -> None:
        before = self._status().stable
        await asyncio.sleep(STAYS)
        self._check(tasks)
        if self._unsettled() or self._status().stable != before:
            raise self._broken(f"it did not stay at rest: {self._unsettled()}")
        self._world.cluster.remove(self._people.place)
        await asyncio.sleep(STAYS)
        if left := self._places():
            raise self._broken(f"after its deletion there is {sorted(left)}")

    def _unsettled(self) -> str:
        """Say what is not as it must be in the end; empty where all is."""
        document, status = self._people.document() or {}, self._status()
        if document.get("status", {}).get("observedGeneration") != document["metadata"]["generation"]:
            return "the last spec was not seen"
        if status.stage is not Stage.IDLE or status.retiring or status.stable is None:
            return f"stage {status.stage}, {status.trial}, {status.retiring}"
        if status.training is not None and not status.training.outcome:
            return f"Job {status.training.job} runs"
        if not self._is_right(status):
            return f"version {self._people.wanted} is wanted, {status.stable.version} serves"
        places, expected = self._places(), expected_places(self._people, status)
        recipes = {
            Place("apps/v1", "ControllerRevision", KEY.namespace, f"{KEY.name}-{one.revision}")
            for one in status.rejected
        }
        if not expected <= places or places - expected - recipes:
            return f"missing {sorted(expected - places)}, too much {sorted(places - expected - recipes)}"
        return self._unrecorded(status)

    def _unrecorded(self, status: Status) -> str:
        """Say which ending is not in the audit once, whatever was lost on the way."""
        found = Counter((one["when"], one["version"]) for one in self._world.store.audits(STORE, KEY.name))
        endings = [(one.ended.isoformat(), one.version) for one in status.history]
        wrong = [ending for ending in endings if found[ending] != endings.count(ending)]
        return f"endings that are not in the audit once each: {wrong}" if wrong else ""

    def _is_right(self, status: Status) -> bool:
        """Say whether what serves is what is wanted, or what is wanted was tried and found bad."""
        if status.stable is not None and status.stable.version == self._people.wanted:
            return True
        return any(one.version == self._people.wanted for one in status.rejected)

    def _status(self) -> Status:
        return read_status((self._people.document() or {}).get("status"))

    def _places(self) -> set[Place]:
        kinds = ("ControllerRevision", "Service", "PodDisruptionBudget", "Deployment", "HTTPRoute")
        return {place_of(document) for kind in kinds for document in self._world.cluster.all(kind)}

    async def _physics(self) -> None:
        moments = 0
        while True:
            now = self._loop.time()
            self._kubernetes.tick(now)
            self._look_at_jobs()
            self._callers.tick(now, MOMENT)
            moments += 1
            if moments % SCRAPE_EVERY == 0:
                self._callers.scrape()
                for one in self._impostors:
                    one.scrape()
                self._world.cluster.collect_garbage()
            await asyncio.sleep(MOMENT)

    def _gets_traffic(self, name: str) -> bool:
        return self._kubernetes.weights.get(route_of(KEY), {}).get(name, 0) > 0

    def _look_at_jobs(self) -> None:
        for job in self._kubernetes.trained:
            self._watchdog.trains(job.place.name, job.owner, job.request, COOLDOWN)
        while len(self._published) < len(self._kubernetes.ended):
            self._published.append(f"trained-{len(self._published) + 1}")
            self._people.publish(Quality.GOOD, self._published[-1])

    def _check(self, tasks: list["asyncio.Task[None]"]) -> None:
        for task in tasks:
            if task.done():
                task.result()
        document = self._people.document()
        if document is not None and document["spec"] != self._people.applied:
            raise self._broken("the spec is not what the user applied")
        if self._watchdog.broken:
            raise self._broken(self._watchdog.broken[0])

    def _broken(self, what: str) -> BrokenError:
        lines = [f"seed {self._seed}: {what}", *self._watchdog.log, *self._faults.log]
        return BrokenError("\n".join(lines))
