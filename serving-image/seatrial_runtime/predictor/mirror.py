"""Shows the shadow what this predictor answered: after the caller has its answer, from a bounded queue.

A shadow that is slow, dead or full costs the callers nothing; what it does not get is counted. What it does not want,
because it asked for a sample, is not.
"""

import asyncio

import aiohttp

from seatrial.contract.http import MAXIMUM_BODY, SHADOW_PATH, SHADOW_SAMPLE, WHOLE_SAMPLE
from seatrial_runtime.predictor.backlog import Backlog
from seatrial_runtime.predictor.chance import Draw, draw
from seatrial_runtime.predictor.metrics import QUEUE_FULL, REFUSED, TIMEOUT, TOO_LARGE, UNREACHABLE, Counts
from seatrial_runtime.predictor.peers import Peers
from seatrial_runtime.predictor.protocol import Answered
from seatrial_runtime.predictor.shadow_message import Write
from seatrial_runtime.predictor.worker import Worker

_POSTS = 4  # at a time
_TIMEOUT = aiohttp.ClientTimeout(total=2.0)
_MAXIMUM_ITEMS, _MAXIMUM_ROWS, _MAXIMUM_BYTES = 256, 20_000, 4 * MAXIMUM_BODY
_LIGHT = 2000  # values that are written in well below a millisecond
_SAMPLES = {str(sample): sample for sample in range(1, WHOLE_SAMPLE + 1)}


class Mirror:
    """Posts answered requests to one of the shadow's pods: all, or the sample that the shadow asks for."""

    def __init__(
        self, write: Write, peers: Peers, port: int, dropped: Counts, aside: Worker, draw: Draw = draw
    ) -> None:
        self._write, self._peers, self._port = write, peers, port
        self._dropped, self._aside, self._draw = dropped, aside, draw
        self._backlog: Backlog[Answered] = Backlog(_MAXIMUM_ITEMS, _MAXIMUM_ROWS, _MAXIMUM_BYTES)

    def offer(self, answered: Answered) -> None:
        """Queue an answered request, if there is a shadow and it is in its sample."""
        if not self._peers.targets or self._draw(WHOLE_SAMPLE) >= self._peers.sample:
            return
        if not self._backlog.offer(answered):
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
            if reason := await self._post(session, await self._backlog.take()):
                self._dropped.add(reason)

    async def _post(self, session: aiohttp.ClientSession, answered: Answered) -> str | None:
        """Post one request; return why it was dropped, or None."""
        heavy = answered.count * len(answered.rows.columns) > _LIGHT
        body = await self._aside.call_if(heavy, lambda: self._write(answered))
        targets = self._peers.targets
        if len(body) > MAXIMUM_BODY:
            return TOO_LARGE
        if not targets:
            return UNREACHABLE
        try:
            async with session.post(
                _url(targets[self._draw(len(targets))], self._port),
                data=body,
                headers={"content-type": "application/json"},
                allow_redirects=False,
            ) as response:
                self._peers.learn(read_sample(response.headers.get(SHADOW_SAMPLE, "")))
                return None if response.status == 204 else REFUSED
        except TimeoutError:
            return TIMEOUT
        except (aiohttp.ClientError, OSError):
            return UNREACHABLE


def read_sample(header: str) -> int | None:
    """Return the percentage that a shadow's answer asks for; None where it does not say, or says what it cannot be."""
    return _SAMPLES.get(header)


def _url(address: str, port: int) -> str:
    host = f"[{address}]" if ":" in address else address
    return f"http://{host}:{port}{SHADOW_PATH}"
