"""A collector on loopback that takes what the real one would take."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from seatrial_runtime.collector.messages import Prediction, read_predictions
from tests.unit.predictor.given_server import a_server


class Collector:
    """A collector on loopback that reads with the real one's reader; `status` is what it answers, unless it `hangs`."""

    def __init__(self) -> None:
        self.status, self.posts = 200, list[list[Prediction]]()
        self.url = ""
        self.hangs = False

    @property
    def taken(self) -> int:
        """How many rows came."""
        return sum(map(len, self.posts))

    async def answer(self, request: web.Request) -> web.Response:
        """Read a post."""
        assert request.path == "/v1/predictions"
        if self.hangs:
            await asyncio.Event().wait()
        self.posts.append(read_predictions(await request.read()))
        return web.json_response({"accepted": 1, "refused": []}, status=self.status)


@asynccontextmanager
async def a_collector() -> AsyncIterator[Collector]:
    collector = Collector()
    async with a_server(collector.answer) as port:
        collector.url = f"http://127.0.0.1:{port}"
        yield collector
