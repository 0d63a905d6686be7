"""A collector on loopback that takes what the real one would take."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from seatrial_runtime.collector.messages import Prediction, read_predictions


class Collector:
    """A collector on loopback that reads with the real one's reader; `status` is what it answers."""

    def __init__(self) -> None:
        self.status, self.posts = 200, list[list[Prediction]]()
        self.url = ""

    @property
    def taken(self) -> int:
        """How many rows came."""
        return sum(map(len, self.posts))

    async def answer(self, request: web.Request) -> web.Response:
        """Read a post."""
        assert request.path == "/v1/predictions"
        self.posts.append(read_predictions(await request.read()))
        return web.json_response({"accepted": 1, "refused": []}, status=self.status)


@asynccontextmanager
async def a_collector() -> AsyncIterator[Collector]:
    collector = Collector()
    application = web.Application(client_max_size=16 << 20)
    application.router.add_post("/{path:.*}", collector.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield collector
    await runner.cleanup()
