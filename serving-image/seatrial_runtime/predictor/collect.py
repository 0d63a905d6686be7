"""Tells the collector what was answered, in batches, whatever it is that was answered."""

import asyncio
import contextlib
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Generic, Protocol, TypeVar

import aiohttp

from seatrial.contract.http import MAXIMUM_BODY
from seatrial_runtime.predictor.backlog import Backlog, Told
from seatrial_runtime.predictor.metrics import QUEUE_FULL, REFUSED, TIMEOUT, TOO_LARGE, UNREACHABLE, Counts
from seatrial_runtime.predictor.protocol import encode
from seatrial_runtime.predictor.worker import Worker

_INTERVAL = 0.5  # seconds that a row waits for others
_MAXIMUM_ITEMS, _MAXIMUM_ROWS, _MAXIMUM_BYTES = 10_000, 20_000, 4 * MAXIMUM_BODY
_TIMEOUT = aiohttp.ClientTimeout(total=5.0)
_PAUSES = (0.5, 2.0)  # seconds before a second and a third try

Item = dict[str, Any]
T = TypeVar("T", bound=Told)
T_contra = TypeVar("T_contra", contravariant=True)


class Writer(Protocol[T_contra]):
    """How one kind of thing is told: at which path, as the list of which name, how many at most in one post."""

    path: str
    name: str
    most: int

    def fits(self, told: T_contra) -> bool:
        """Say whether the collector would take all texts of it."""

    def items(self, told: T_contra) -> Iterator[Item]:
        """Yield one item a row, as `contract.feedback` says."""


class Collecting(Generic[T]):
    """Posts rows from a bounded queue; what is not taken after three tries is dropped and counted."""

    def __init__(self, url: str, writer: Writer[T], dropped: Counts, aside: Worker) -> None:
        self._url, self._writer = url + writer.path, writer
        self._dropped, self._aside = dropped, aside
        self._backlog: Backlog[T] = Backlog(_MAXIMUM_ITEMS, _MAXIMUM_ROWS, _MAXIMUM_BYTES)
        self._closing = asyncio.Event()

    def offer(self, told: T) -> None:
        """Queue what was answered."""
        if not self._writer.fits(told):
            self._dropped.add(TOO_LARGE, told.count)
        elif not self._backlog.offer(told):
            self._dropped.add(QUEUE_FULL, told.count)

    def close(self) -> None:
        """Let `run` post what waits, without further tries, and end."""
        self._closing.set()

    async def run(self) -> None:
        """Post until closed and empty."""
        session = aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        async with session:
            while not (self._closing.is_set() and self._backlog.rows == 0):
                await self._filled_or_closing()
                await self._post_some(session)

    async def _filled_or_closing(self) -> None:
        """Wait for rows, then a little for more of them; closing ends the wait."""
        waits = [asyncio.ensure_future(self._backlog.filled()), asyncio.ensure_future(self._closing.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._backlog.rows < self._writer.most:
            await self._pause(_INTERVAL)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    async def _post_some(self, session: aiohttp.ClientSession) -> None:
        """Post the first waiting requests: together one full post, or one large request in several."""
        taken: list[T] = []
        rows = 0
        while rows < self._writer.most and (told := self._backlog.pop()):
            taken.append(told)
            rows += told.count
        for count, body in await self._aside.call(lambda: list(self._bodies(taken))):
            reason = TOO_LARGE if len(body) > MAXIMUM_BODY else await self._post(session, body)
            if reason:
                self._dropped.add(reason, count)

    def _bodies(self, taken: list[T]) -> Iterator[tuple[int, bytes]]:
        items = chain.from_iterable(map(self._writer.items, taken))
        while batch := list(islice(items, self._writer.most)):
            yield len(batch), encode({self._writer.name: batch})

    async def _post(self, session: aiohttp.ClientSession, body: bytes) -> str | None:
        """Post until it is taken; return why it was given up, or None."""
        reason = await self._post_once(session, body)
        for pause in _PAUSES:
            if reason in (None, REFUSED) or self._closing.is_set():
                break
            await self._pause(pause)
            reason = await self._post_once(session, body)
        return reason

    async def _post_once(self, session: aiohttp.ClientSession, body: bytes) -> str | None:
        headers = {"content-type": "application/json"}
        try:
            async with session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                await response.content.read(1 << 16)
                if response.status >= 500:
                    return UNREACHABLE
                return None if response.status < 300 else REFUSED
        except TimeoutError:
            return TIMEOUT
        except (aiohttp.ClientError, OSError):
            return UNREACHABLE
