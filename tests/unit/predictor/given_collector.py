"""A collector on loopback that takes what the real one would take."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from seatrial.contract.http import PREDICTIONS_PATH, SHADOW_ANSWERS_PATH
from seatrial_runtime.collector.messages import Prediction, ShadowAnswer, read_predictions, read_shadow_answers
from tests.unit.predictor.given_server import a_server


class Collector:
    """A collector on loopback that reads with the real one's reader; `status` is what it answers, unless it `hangs`."""

    def __init__(self) -> None:
        self.status, self.posts = 200, list[list[Prediction]]()
        self.shadow_posts = list[list[ShadowAnswer]]()
        self.url = ""
        self.hangs = False

    @property
    def taken(self) -> int:
        """How many rows came."""
        return sum(map(len, self.posts))

    @property
    def shadow_answers(self) -> list[ShadowAnswer]:
        """What a shadow told, in order."""
        return [answer for post in self.shadow_posts for answer in post]

    async def answer(self, request: web.Request) -> web.Response:
        """Read a post."""
        if self.hangs:
            await asyncio.Event().wait()
        match request.path:
            case path if path == PREDICTIONS_PATH:
                self.posts.append(read_predictions(await request.read()))
            case path if path == SHADOW_ANSWERS_PATH:
                self.shadow_posts.append(read_shadow_answers(await request.read()))
            case path:
                raise AssertionError(path)
        return web.json_response({"accepted": 1, "refused": []}, status=self.status)


@asynccontextmanager
async def a_collector() -> AsyncIterator[Collector]:
    collector = Collector()
    async with a_server(collector.answer) as port:
        collector.url = f"http://127.0.0.1:{port}"
        yield collector
