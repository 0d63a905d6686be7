"""Operator processes as the cluster runs them: the real queue, passes, poller and resync; killed, and started again."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random

from seatrial.controller.queue import WorkQueue, sweep
from seatrial.controller.reconcile import Decide
from seatrial.ports import ClusterError, Key
from seatrial.store.objects import StoreError
from tests.fakes.cluster import WatchEvent
from tests.fakes.process import Process, World
from tests.simulation.faults import KilledError
from tests.simulation.virtual import VirtualLoop

TOLD_EVERY = 0.25  # seconds
LATE, TWICE = 0.3, 0.1  # of the watch events
LATEST = 3.0  # seconds
RESTARTS = (0.5, 8.0)
BOTH_RUN = (2.0, 20.0)  # how long an old process goes on beside a new one
DEAF = (5.0, 120.0)

Unforeseen = Callable[[Exception], None]  # told of each error of a pass that is neither the cluster's nor the store's


class Replica:
    """One process."""

    def __init__(self, world: World, loop: VirtualLoop, rng: Random, decide: Decide, unforeseen: Unforeseen) -> None:
        self.deaf = False
        self._loop, self._rng, self._unforeseen = loop, rng, unforeseen
        self._process = Process(world, decide)
        self._tasks: set[asyncio.Task[None]] = set()  # kept, because a loop keeps none
        self._queue = WorkQueue(
            self._pass,
            self._process.telemetry,
            workers=2,
            patience=self._process.reconciler.patience,
            clock=loop.time,
            fraction=rng.random,
        )

    async def run(self) -> None:
        """Work until killed: then KilledError is in the group of errors that this raises."""
        while True:
            with suppress(ClusterError):
                await self._process.resync.fill()
                break
            await asyncio.sleep(1.0)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._queue.run())
            tasks.create_task(sweep(self._process.cache.keys, self._queue, self._process.telemetry.swept))
            tasks.create_task(self._process.alerts.run())
            tasks.create_task(self._process.resync.run())
            tasks.create_task(self._wake())

    def tell(self, events: list[WatchEvent], faulty: bool) -> None:
        """Deliver watch events: some late and so in another order, some twice, and none to the deaf."""
        for event in events if not self.deaf else ():
            late = self._rng.uniform(0, LATEST) if faulty and self._rng.random() < LATE else 0.0
            self._loop.call_later(late, self._process.see, [event])
            if faulty and self._rng.random() < TWICE:
                self._loop.call_later(self._rng.uniform(0, LATEST), self._process.see, [event])

    def listen(self) -> None:
        """Hear again, of everything that there is."""
        self.deaf = False
        self._tasks.add(self._loop.create_task(self._list()))

    async def _pass(self, key: Key) -> timedelta | None:
        try:
            return await self._process.reconciler.reconcile(key)
        except (ClusterError, StoreError):
            raise
        except Exception as error:
            self._unforeseen(error)
            raise

    async def _list(self) -> None:
        with suppress(ClusterError, KilledError):
            await self._process.resync.fill()
            self._process.woken += self._process.cache.keys()

    async def _wake(self) -> None:
        while True:
            woken, self._process.woken[:] = list(self._process.woken), []
            for key in woken:
                self._queue.add(key)
            await asyncio.sleep(TOLD_EVERY)


class Operators:
    """Keeps one process running; sometimes an old one goes on for a while beside it."""

    def __init__(
        self,
        world: World,
        loop: VirtualLoop,
        rng: Random,
        decide: Decide,
        unforeseen: Unforeseen,
        faulty: Callable[[], bool],
    ) -> None:
        self._world, self._loop, self._rng, self._faulty = world, loop, rng, faulty
        self._decide, self._unforeseen = decide, unforeseen
        self._running: dict[asyncio.Task[None], Replica] = {}
        self.starts = 0

    async def run(self) -> None:
        """Run for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell())
            while True:
                while not self._running:
                    self.start()
                await asyncio.wait(list(self._running), return_when=asyncio.FIRST_COMPLETED)
                for task in [task for task in self._running if task.done()]:
                    del self._running[task]
                    _check_death(task)
                if not self._running:
                    await asyncio.sleep(self._rng.uniform(*RESTARTS))

    def start(self) -> None:
        """Start a process."""
        replica = Replica(self._world, self._loop, self._rng, self._decide, self._unforeseen)
        self._running[self._loop.create_task(replica.run())] = replica
        self.starts += 1

    def replace(self) -> None:
        """Start a new process; the old ones have lost their lease, but notice it late."""
        old = list(self._running)
        self.start()
        for task in old:
            self._loop.call_later(self._rng.uniform(*BOTH_RUN), task.cancel)

    def deafen(self) -> None:
        """All watches go deaf for a while; then they list what there is, and only a resync shows what went."""
        for replica in self._running.values():
            replica.deaf = True
            self._loop.call_later(self._rng.uniform(*DEAF), replica.listen)

    async def _tell(self) -> None:
        while True:
            events = self._world.cluster.take_events()
            for replica in self._running.values():
                replica.tell(events, self._faulty())
            await asyncio.sleep(TOLD_EVERY)


def unexplained(error: BaseException | None) -> BaseException | None:
    """Return what is left of an error when kills are taken away."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(KilledError)[1]
    return None if isinstance(error, KilledError) else error


def _check_death(task: asyncio.Task[None]) -> None:
    """Raise what no kill explains."""
    error = None if task.cancelled() else unexplained(task.exception())
    if error is not None:
        raise error
