"""The work queue: passes over keys by a fixed number of workers, with retries and a sweep over everything."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import NoReturn, Protocol

from seatrial.controller.logs import about
from seatrial.controller.schedule import LONGEST_BACKOFF, Schedule
from seatrial.controller.tasks import cancel_all
from seatrial.ports import ClusterError, ConflictError, Key
from seatrial.store.objects import StoreError

# Passes mostly wait, for stores and Prometheus. One namespace has a quarter at most: its silent stores stop its own.
WORKERS, WORKERS_OF_ONE = 32, 8
SWEEP_EVERY = 60.0  # seconds
LONGEST_PASS = 120.0  # seconds, after which a pass is broken off

STORE = "store"  # the kind of all failures of a model's own store: no fault of the operator's

_log = logging.getLogger(__name__)

Work = Callable[[Key], Awaitable[timedelta | None]]


class Watcher(Protocol):
    """Who is told about passes."""

    def passed(self, seconds: float) -> None:
        """A pass ended well."""

    def failed(self, kind: str, seconds: float) -> None:
        """A pass ended with an exception of this class name, or with one of a store's."""


class WorkQueue:
    """Keys that wait for a pass. `work` does one and returns when to look again (None: not before it is asked for).

    An exception in a pass is logged and counted, and its key tried again with backoff, of at most `patience` seconds;
    it never touches another key. `clock` is monotonic, in seconds; `fraction` returns a random number in [0, 1).
    """

    def __init__(
        self,
        work: Work,
        watcher: Watcher,
        *,
        workers: int = WORKERS,
        patience: Callable[[Key], float] = lambda _: LONGEST_BACKOFF,
        clock: Callable[[], float] = time.monotonic,
        fraction: Callable[[], float] = random.random,
    ) -> None:
        self._work, self._watcher, self._workers = work, watcher, workers
        self._patience, self._clock, self._fraction = patience, clock, fraction
        self._schedule = Schedule[Key](lambda key: key.namespace, max(1, workers * WORKERS_OF_ONE // WORKERS))
        self._woken, self._idle = asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._closed = False
        self._progress = clock()
        self._began: dict[Key, float] = {}  # of the passes that run

    def add(self, key: Key, after: float = 0.0) -> None:
        """Ask for a pass over a key, `after` seconds from now."""
        self._schedule.add(key, self._clock() + after)
        self._woken.set()

    async def run(self) -> None:
        """Work until closed.

        Raises:
            RuntimeError: a worker ended before that; then the process should end rather than do less and less.
        """
        workers = [asyncio.create_task(self._worker(), name=f"worker {number}") for number in range(self._workers)]
        try:
            ended, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
            if not self._closed:
                _raise_why(ended)
            await asyncio.wait(workers)
        finally:
            await cancel_all(workers)

    def close(self) -> None:
        """Begin no more passes; `run` returns when those that run have ended."""
        self._closed = True
        self._woken.set()

    async def ended(self, patience: float) -> None:
        """Wait until no pass runs, but not longer than `patience` seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), patience)

    @property
    def depth(self) -> int:
        """How many passes are due, but have not begun."""
        return self._schedule.waiting(self._clock())

    def stalled_for(self) -> float:
        """Return for how many seconds there was something to do and no pass ended."""
        now = self._clock()
        since = min([self._schedule.due_since(now), *self._began.values()])
        return now - max(since, self._progress)

    async def _worker(self) -> None:
        while not self._closed:
            key = self._schedule.take(self._clock())
            if key is None:
                await self._until_next()
            else:
                await self._pass(key)

    async def _until_next(self) -> None:
        self._woken.clear()
        due = self._schedule.next_due()
        patience = None if due is None else max(0.0, due - self._clock())
        # Not wait_for: in Python 3.11 it loses a cancellation that comes in the moment in which its wait ends.
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._woken.wait()

    async def _pass(self, key: Key) -> None:
        self._began[key] = began = self._clock()
        self._idle.clear()
        try:
            again = await self._in_a_task(key)
        except Exception as error:
            self._failed(key, error, began)
        else:
            self._ended(key, again, began)
        finally:
            self._progress = self._clock()
            self._schedule.done(key)
            self._woken.set()
            del self._began[key]
            if not self._began:
                self._idle.set()

    async def _in_a_task(self, key: Key) -> timedelta | None:
        """Do the work, at most as long as a pass may take.

        It has a task of its own: in Python 3.11.2 an exception that leaves a TaskGroup leaves its task half cancelled,
        and the next timeout ends that task. So it ends with its pass, and the worker lives.
        """
        work = asyncio.ensure_future(self._work(key))
        try:
            done, _ = await asyncio.wait({work}, timeout=LONGEST_PASS)
        finally:
            await cancel_all([work])
        if not done:
            raise TimeoutError(f"the pass did not end within {LONGEST_PASS:.0f} s")
        if work.cancelled():
            raise RuntimeError("the pass was cancelled, and not by its worker")
        return work.result()

    def _ended(self, key: Key, again: timedelta | None, began: float) -> None:
        self._watcher.passed(self._clock() - began)
        self._schedule.succeeded(key)
        if again is not None:
            self._schedule.add(key, self._clock() + again.total_seconds())

    def _failed(self, key: Key, error: Exception, began: float) -> None:
        now = self._clock()
        delay = self._schedule.failed(key, now, self._fraction(), self._patience(key))
        self._schedule.add(key, now + delay)
        self._watcher.failed(STORE if isinstance(error, StoreError) else type(error).__name__, now - began)
        if isinstance(error, ConflictError):  # somebody else was faster: common, and the next look will see it
            _log.debug("pass came too late, again in %.1f s: %s", delay, error, extra=about(key))
        else:
            foreseen = isinstance(error, ClusterError | StoreError)  # its message says all
            trace = None if foreseen else error
            _log.error("pass failed, again in %.1f s: %s", delay, error, exc_info=trace, extra=about(key))


def _raise_why(ended: Iterable["asyncio.Task[None]"]) -> NoReturn:
    """Raise what ended a worker."""
    for worker in ended:
        if not worker.cancelled() and (error := worker.exception()) is not None:
            raise error
    raise RuntimeError("a worker of the queue ended, which none should")


async def sweep(keys: Callable[[], Sequence[Key]], queue: WorkQueue, swept: Callable[[], None]) -> None:
    """Ask for a pass over every key now and then, for ever, so that no lost event is lost for long."""
    while True:
        for key in keys():
            queue.add(key)
        swept()
        await asyncio.sleep(SWEEP_EVERY)
