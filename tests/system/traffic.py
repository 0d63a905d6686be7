"""A client of the running example, for a pod: steady requests through the gateway, and the truth some time later.

It stands alone, beside `tests.demo.world`, and is configured by its environment. It sends at a fixed rate whatever
the answers do (an open loop), for at most MAXIMUM_SECONDS, then stops by itself.
GET /stats tells what it saw; POST /world changes what it sends: {"world": "changed", "labelShare": 1.0}.
"""

import asyncio
import json
import os
import random
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from tests.demo.world import CHANGED, PAST, stream

MAXIMUM_SECONDS = 3600
MAXIMUM_OPEN = 200  # requests under way at once; past that a request counts as lost
TIMEOUT_SECONDS = 10.0
WORLDS = {"past": PAST, "changed": CHANGED}
RECENT = 500
REMEMBERED, SHOWN = 1000, 50  # failures whose moment is told, and of those told in words


@dataclass(slots=True)
class Seen:
    """What the client saw. Lost: no answer at all; failed: an answer other than 200.

    `failures` are both, the last ones: when (Unix seconds), by which version (`none` by none of them), and what it was.
    """

    sent: int = 0
    answered: int = 0
    failed: int = 0
    lost: int = 0
    labels_posted: int = 0
    labels_accepted: int = 0
    by_version: Counter[str] = field(default_factory=Counter)
    failed_by_version: Counter[str] = field(default_factory=Counter)
    last_answers: dict[str, float] = field(default_factory=dict)  # Unix seconds of each version's last, good or bad
    failures: deque[tuple[float, str, str]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    recent: deque[tuple[float, str, bool, float]] = field(default_factory=lambda: deque(maxlen=RECENT))


@dataclass(slots=True)
class Client:
    """The settings and the state of the sender."""

    url: str
    host: str
    rate: float
    feedback: str
    label_share: float
    label_delay: float
    seed: int
    sends: bool = True
    seen: Seen = field(default_factory=Seen)
    rows: Any = None
    labels: asyncio.Queue[tuple[float, str, str]] = field(default_factory=lambda: asyncio.Queue(maxsize=100_000))

    def change(self, world: str, label_share: float) -> None:
        """Draw from another world from now on."""
        self.rows, self.label_share = stream(self.seed, WORLDS[world]), label_share

    async def send(self, session: aiohttp.ClientSession) -> None:
        """Send one request, and remember the truth for later."""
        features, truth = next(self.rows)
        self.seen.sent += 1
        began = time.monotonic()
        try:
            body = {"instances": [features]}
            async with session.post(self.url, json=body, headers={"Host": self.host}) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.lose(repr(error))
            return
        self._answered(response, text, truth, time.monotonic() - began)

    def _answered(self, response: aiohttp.ClientResponse, text: str, truth: str, seconds: float) -> None:
        version = response.headers.get("x-model-version", "none")
        self.seen.last_answers[version] = time.time()
        if response.status != 200:
            self._fail(version, f"status {response.status}: {text[:200]}")
            return
        answer = json.loads(text)["predictions"][0]
        self.seen.answered += 1
        self.seen.by_version[version] += 1
        self.seen.recent.append((time.monotonic(), version, answer["prediction"] == truth, seconds))
        if random.random() < self.label_share and not self.labels.full():
            self.labels.put_nowait((time.monotonic() + self.label_delay, answer["prediction_id"], truth))

    def lose(self, why: str) -> None:
        """Count a request that got no answer."""
        self.seen.lost += 1
        self._remember("none", f"lost: {why}")

    def _fail(self, version: str, why: str) -> None:
        self.seen.failed += 1
        self.seen.failed_by_version[version] += 1
        self._remember(version, why)

    def _remember(self, version: str, why: str) -> None:
        self.seen.failures.append((time.time(), version, why))

    def stats(self) -> dict[str, Any]:
        """Return what was seen, and the last five seconds apart."""
        now, seen = time.monotonic(), self.seen
        last = [one for one in seen.recent if now - one[0] <= 5]
        delays = sorted(one[3] for one in seen.recent)
        return {
            "sent": seen.sent,
            "answered": seen.answered,
            "failed": seen.failed,
            "lost": seen.lost,
            "underWay": seen.sent - seen.answered - seen.failed - seen.lost,
            "byVersion": dict(seen.by_version),
            "failedByVersion": dict(seen.failed_by_version),
            "lastAnswers": dict(seen.last_answers),
            "failures": list(seen.failures),
            "lastSeconds": dict(Counter(one[1] for one in last)),
            "accuracy": sum(one[2] for one in seen.recent) / len(seen.recent) if seen.recent else None,
            "p50": delays[len(delays) // 2] if delays else None,
            "p99": delays[int(len(delays) * 0.99)] if delays else None,
            "labelsPosted": seen.labels_posted,
            "labelsAccepted": seen.labels_accepted,
            "troubles": [_told(*one) for one in list(seen.failures)[-SHOWN:]],
        }


def _told(at: float, version: str, why: str) -> str:
    return f"{time.strftime('%H:%M:%S', time.localtime(at))} by version {version}: {why}"


async def send_steadily(client: Client, session: aiohttp.ClientSession) -> None:
    """Start requests at the rate, whether or not earlier ones were answered."""
    began, number, under_way = time.monotonic(), 0, set[asyncio.Task[None]]()
    while time.monotonic() - began < MAXIMUM_SECONDS:
        number += 1
        if client.sends and len(under_way) < MAXIMUM_OPEN:
            task = asyncio.create_task(client.send(session))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        elif client.sends:
            client.seen.sent += 1
            client.lose(f"{MAXIMUM_OPEN} requests are under way already")
        await asyncio.sleep(max(0.0, began + number / client.rate - time.monotonic()))


async def tell_the_truth(client: Client, session: aiohttp.ClientSession) -> None:
    """Post labels once they are due, together, again where the collector did not answer."""
    waiting: list[tuple[float, str, str]] = []
    while True:
        while not client.labels.empty():
            waiting.append(client.labels.get_nowait())
        due = [one for one in waiting if one[0] <= time.monotonic()][:1000]
        if due and await _post_labels(client, session, due):
            posted = set(map(id, due))
            waiting = [one for one in waiting if id(one) not in posted]
        await asyncio.sleep(0.5)


async def _post_labels(client: Client, session: aiohttp.ClientSession, due: list[tuple[float, str, str]]) -> bool:
    body = {"labels": [{"id": prediction, "label": truth} for _, prediction, truth in due]}
    try:
        async with session.post(client.feedback, json=body) as response:
            answer = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return False
    client.seen.labels_posted += len(due)
    client.seen.labels_accepted += answer.get("accepted", 0)
    return True


def application(client: Client) -> web.Application:
    """Return the server for whoever watches."""

    async def stats(_: web.Request) -> web.Response:
        return web.json_response(client.stats())

    async def world(request: web.Request) -> web.Response:
        asked = await request.json()
        client.change(asked["world"], float(asked["labelShare"]))
        return web.json_response({})

    async def sending(request: web.Request) -> web.Response:
        client.sends = bool((await request.json())["on"])
        return web.json_response({})

    app = web.Application()
    app.add_routes([web.get("/stats", stats), web.post("/world", world), web.post("/sending", sending)])
    return app


async def main() -> None:
    """Send until the time is over."""
    client = Client(
        url=os.environ["TARGET"],
        host=os.environ["HOST_HEADER"],
        rate=float(os.environ.get("RATE", "100")),
        feedback=os.environ["FEEDBACK"],
        label_share=0.0,
        label_delay=float(os.environ.get("LABEL_DELAY", "3")),
        seed=int(os.environ.get("SEED", "7")),
    )
    client.change("past", float(os.environ.get("LABEL_SHARE", "0.05")))
    runner = web.AppRunner(application(client), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, port=8080).start()
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    connector = aiohttp.TCPConnector(limit=MAXIMUM_OPEN, keepalive_timeout=300)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        telling = asyncio.create_task(tell_the_truth(client, session))
        await send_steadily(client, session)
        telling.cancel()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
