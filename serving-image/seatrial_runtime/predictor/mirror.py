"""Shows the shadow what this predictor answered: after the caller has its answer, from a bounded queue.

A shadow that is slow, dead or full costs the callers nothing; what it does not get is counted.
"""

import asyncio
from collections.abc import Callable

import aiohttp

from seatrial.contract.http import MAXIMUM_BODY, SHADOW_PATH
from seatrial_runtime.predictor.backlog import Backlog
from seatrial_runtime.predictor.metrics import QUEUE_FULL, REFUSED, TIMEOUT, TOO_LARGE, UNREACHABLE, Counts
from seatrial_runtime.predictor.peers import Peers
from seatrial_runtime.predictor.protocol import Answer, encode
from seatrial_runtime.predictor.rows import Rows
from seatrial_runtime.predictor.worker import Worker

_POSTS = 4  # at a time
_TIMEOUT = aiohttp.ClientTimeout(total=2.0)
_MAXIMUM_ITEMS, _MAXIMUM_ROWS = 256, 20_000
_LIGHT = 2000  # values that are written in well below a millisecond

Choose = Callable[[tuple[str, ...]], str]


class Mirror:
    """Posts answered requests to one of the shadow's pods."""

    def __init__(
        self, names: tuple[str, ...], peers: Peers, port: int, dropped: Counts, aside: Worker, choose: Choose
    ) -> None:
        self._names, self._peers, self._port = names, peers, port
        self._dropped, self._aside, self._choose = dropped, aside, choose
        self._backlog: Backlog[tuple[Rows, Answer]] = Backlog(_MAXIMUM_ITEMS, _MAXIMUM_ROWS)

    def offer(self, rows: Rows, answer: Answer) -> None:
        """Queue an answered request, if there is a shadow."""
        if self._peers.targets and not self._backlog.offer((rows, answer), rows.count):
            self._dropped.add(QUEUE_FULL)

    async def run(self) -> None:
        """Post for ever."""
        connector = aiohttp.TCPConnector(limit=_POSTS)
        async with (
            aiohttp.ClientSession(
                connector=connector, timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()
            ) as session,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(_POSTS):
                group.create_task(self._post_forever(session))

    async def _post_forever(self, session: aiohttp.ClientSession) -> None:
        while True:
            rows, answer = await self._backlog.take()
            if reason := await self._post(session, rows, answer):
                self._dropped.add(reason)

    async def _post(self, session: aiohttp.ClientSession, rows: Rows, answer: Answer) -> str | None:
        """Post one request; return why it was dropped, or None."""
        heavy = rows.count * len(self._names) > _LIGHT
        body = await self._aside.call_if(heavy, lambda: written(self._names, rows, answer))
        targets = self._peers.targets
        if len(body) > MAXIMUM_BODY:
            return TOO_LARGE
        if not targets:
            return UNREACHABLE
        try:
            async with session.post(
                _url(self._choose(targets), self._port),
                data=body,
                headers={"content-type": "application/json"},
                allow_redirects=False,
            ) as response:
                return None if response.status == 204 else REFUSED
        except TimeoutError:
            return TIMEOUT
        except (aiohttp.ClientError, OSError):
            return UNREACHABLE


def written(names: tuple[str, ...], rows: Rows, answer: Answer) -> bytes:
    """Return a request and its answer as the shadow reads them: values by feature, predictions by row."""
    return encode({"request": dict(zip(names, rows.columns, strict=True)), "answer": answer.predictions})


def _url(address: str, port: int) -> str:
    host = f"[{address}]" if ":" in address else address
    return f"http://{host}:{port}{SHADOW_PATH}"
