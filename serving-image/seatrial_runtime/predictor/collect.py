"""Tells the collector what was answered, in batches: the log, the next training's rows, and labels' other half."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import aiohttp

from seatrial.contract.feedback import MAXIMUM_PREDICTIONS
from seatrial.contract.http import MAXIMUM_BODY, PREDICTIONS_PATH
from seatrial.contract.schema import Feature, Kind
from seatrial_runtime.predictor.backlog import Backlog
from seatrial_runtime.predictor.metrics import QUEUE_FULL, REFUSED, TIMEOUT, TOO_LARGE, UNREACHABLE, Counts
from seatrial_runtime.predictor.protocol import Answer, Stamp, encode
from seatrial_runtime.predictor.rows import Rows
from seatrial_runtime.predictor.worker import Worker

_INTERVAL = 0.5  # seconds that a row waits for others
_MAXIMUM_ITEMS, _MAXIMUM_ROWS = 10_000, 20_000
_MAXIMUM_VALUES = 100_000  # of one post: keeps its body below the collector's bound for all but the longest texts
_MAXIMUM_TEXT = 4096  # characters of a value that the collector takes
_TIMEOUT = aiohttp.ClientTimeout(total=5.0)
_PAUSES = (0.5, 2.0)  # seconds before a second and a third try

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """One answered request."""

    rows: Rows
    answer: Answer
    stamp: Stamp


class Writer:
    """Writes answered rows as `contract.feedback` says."""

    def __init__(self, features: tuple[Feature, ...], revision: str, version: str) -> None:
        self._features, self._identity = features, {"revision": revision, "version": version}
        self._texts = [j for j, feature in enumerate(features) if feature.kind is Kind.STRING]

    def fits(self, rows: Rows) -> bool:
        """Say whether the collector would take all texts of these rows."""
        columns = (rows.columns[j] for j in self._texts)
        return all(len(value or "") <= _MAXIMUM_TEXT for column in columns for value in column)

    def items(self, answered: Answered) -> Iterator[Item]:
        """Yield one item a row."""
        names = [feature.name for feature in self._features]
        columns = map(_column, self._features, answered.rows.columns)
        stamped = answered.stamp
        for name, prediction, values in zip(
            stamped.ids, answered.answer.predictions, zip(*columns, strict=True), strict=True
        ):
            features = dict(zip(names, values, strict=True))
            yield {"id": name, "at": stamped.time, **self._identity, "features": features, "prediction": prediction}


def _column(feature: Feature, column: list[Any]) -> list[Any]:
    """Numbers become doubles: an integer may be longer than any reader of the log takes."""
    if feature.kind is not Kind.NUMBER:
        return column
    return [None if value is None else float(value) for value in column]


class Collecting:
    """Posts answered rows from a bounded queue; what is not taken after three tries is dropped and counted."""

    def __init__(self, url: str, writer: Writer, width: int, dropped: Counts, aside: Worker) -> None:
        self._url, self._writer = url + PREDICTIONS_PATH, writer
        self._dropped, self._aside = dropped, aside
        self._size = max(1, min(MAXIMUM_PREDICTIONS, _MAXIMUM_VALUES // width))
        self._backlog: Backlog[Answered] = Backlog(_MAXIMUM_ITEMS, _MAXIMUM_ROWS)
        self._closing = asyncio.Event()

    def offer(self, answered: Answered) -> None:
        """Queue an answered request."""
        if not self._writer.fits(answered.rows):
            self._dropped.add(TOO_LARGE, answered.rows.count)
        elif not self._backlog.offer(answered, answered.rows.count):
            self._dropped.add(QUEUE_FULL, answered.rows.count)

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
        if self._backlog.rows < self._size:
            await self._pause(_INTERVAL)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    async def _post_some(self, session: aiohttp.ClientSession) -> None:
        """Post the first waiting requests: together one full post, or one large request in several."""
        taken: list[Answered] = []
        while sum(answered.rows.count for answered in taken) < self._size and (answered := self._backlog.pop()):
            taken.append(answered)
        for count, body in await self._aside.call(lambda: list(self._bodies(taken))):
            reason = TOO_LARGE if len(body) > MAXIMUM_BODY else await self._post(session, body)
            if reason:
                self._dropped.add(reason, count)

    def _bodies(self, taken: list[Answered]) -> Iterator[tuple[int, bytes]]:
        items = chain.from_iterable(map(self._writer.items, taken))
        while batch := list(islice(items, self._size)):
            yield len(batch), encode({"predictions": batch})

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
