"""Lanes: each endpoint has its own, so that one that takes calls and never answers costs the others nothing.

A caller waits for a bounded time only. Its call cannot be broken off: it holds its slot in the lane until its thread
ends, so a silent endpoint holds a few threads and no more; one that has never answered holds one. An endpoint that
failed rests: for a while nobody waits for it. One event loop uses them; only the calls themselves are in threads.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from math import inf
from typing import TypeVar
from weakref import WeakValueDictionary

from seatrial.store.objects import NotFoundError, UnreachableError

SLOTS = 8  # of a lane: its calls that are in threads at once
REST = 15.0  # seconds
REMEMBERED = 256  # lanes

T = TypeVar("T")


class Lane:
    """The calls to one endpoint, which `name` says. `clock` is monotonic, in seconds."""

    def __init__(self, name: str, threads: Executor, clock: Callable[[], float]) -> None:
        self._name, self._threads, self._clock = name, threads, clock
        self._slots, self._narrow = asyncio.Semaphore(1), SLOTS - 1  # until a call ends for the first time
        self._running = 0
        self._answered = self._rests_until = -inf

    @property
    def worth(self) -> tuple[bool, bool]:
        """Whether it is busy, and whether it rests: what would be lost if it were forgotten."""
        return self._running > 0 or self._slots.locked(), self._clock() < self._rests_until

    async def run(self, call: Callable[[], T], patience: float, share: asyncio.Semaphore) -> T:
        """Return or raise what the call does; UnreachableError where that takes longer than `patience` seconds.

        `share` is what the caller may hold of the threads, whatever the lane.
        """
        began, thread = self._clock(), None
        if began < self._rests_until:
            # Not in the words of the call that failed: it may have been another team's.
            raise UnreachableError(f"{self._name} did not answer; it is asked again soon")
        try:
            async with asyncio.timeout(patience):
                await both(share, self._slots)
                thread = self._begin(call, began, share)
                return await asyncio.wrap_future(thread)
        except TimeoutError:
            used_up = thread is None and share.locked()
            raise self._given_up(thread, began, patience, used_up=used_up) from None

    def _begin(self, call: Callable[[], T], began: float, share: asyncio.Semaphore) -> Future[T]:
        loop = asyncio.get_running_loop()

        def ended(thread: Future[T]) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._ended, thread, began, share)

        thread = self._threads.submit(call)
        self._running += 1
        thread.add_done_callback(ended)  # before the caller's own, so that it finds the lane up to date
        return thread

    def _ended(self, thread: Future[T], began: float, share: asyncio.Semaphore) -> None:
        """Free slot and share, and learn from the outcome, whether somebody still waits for it or not."""
        self._running -= 1
        self._slots.release()
        share.release()
        if thread.cancelled():
            return
        match thread.exception():
            case UnreachableError():
                self._failed(began)
                return
            case None | NotFoundError():  # other errors need no endpoint: there may be no credentials, say
                self._answered, self._rests_until = self._clock(), -inf
        self._widen()

    def _widen(self) -> None:
        """Open the rest of the slots, once: whoever ends a call is not silent."""
        while self._narrow:
            self._narrow -= 1
            self._slots.release()

    def _given_up(self, thread: Future[T] | None, began: float, patience: float, *, used_up: bool) -> UnreachableError:
        if used_up or (thread is not None and thread.cancel()):  # the endpoint had no part in it
            others = "other stores of this namespace" if used_up else "other stores"
            return UnreachableError(f"{self._name} was not asked within {patience:g} s: {others} do not answer")
        self._failed(began)
        return UnreachableError(f"{self._name} did not answer within {patience:g} s")

    def _failed(self, began: float) -> None:
        """Rest, unless the endpoint answered another call meanwhile: then only this one was slow, or one bucket is."""
        if self._answered <= began:
            self._rests_until = self._clock() + REST


async def both(one: asyncio.Semaphore, other: asyncio.Semaphore) -> None:
    """Acquire two semaphores, and hold neither while waiting for the other."""
    while True:
        await one.acquire()
        if not other.locked():
            await other.acquire()  # at once
            return
        one.release()
        await other.acquire()
        if not one.locked():
            await one.acquire()
            return
        other.release()


class Shares:
    """How many threads each caller may hold at once. A share is remembered while somebody has it or waits for it."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def of(self, caller: str) -> asyncio.Semaphore:
        """Return a caller's share."""
        share = self._of.get(caller)
        if share is None:
            share = self._of[caller] = asyncio.Semaphore(self._threads)
        return share


class Lanes:
    """The lanes by name, a bounded number: idle ones that do not rest are forgotten first, the longest unused first."""

    def __init__(self, threads: Executor, clock: Callable[[], float], remembered: int = REMEMBERED) -> None:
        self._threads, self._clock, self._remembered = threads, clock, remembered
        self._lanes: dict[str, Lane] = {}  # the last used last

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._lanes)

    def lane(self, name: str) -> Lane:
        """Return an endpoint's lane."""
        lane = self._lanes.pop(name, None)
        if lane is None:
            self._make_room()
            lane = Lane(name, self._threads, self._clock)
        self._lanes[name] = lane
        return lane

    def _make_room(self) -> None:
        if len(self._lanes) >= self._remembered:
            del self._lanes[min(self._lanes, key=lambda name: self._lanes[name].worth)]
