"""The collector's HTTP: predictions from predictors, labels from applications, counters, health.

A request is answered after its rows are committed. What cannot be taken now is answered 503 and was not taken.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from seatrial.contract.feedback import Refusal
from seatrial.contract.http import (
    FEEDBACK_PATH,
    LIVE_PATH,
    MAXIMUM_BODY,
    METRICS_PATH,
    PREDICTIONS_PATH,
    READY_PATH,
)
from seatrial_runtime.collector.ledger import FullError, Ledger
from seatrial_runtime.collector.messages import BadBodyError, BadLabel, Label, read_labels, read_predictions
from seatrial_runtime.collector.totals import exposition, read_totals
from seatrial_runtime.collector.writer import Work, Writer

_log = logging.getLogger(__name__)
_BODY_TIMEOUT, _COMMIT_TIMEOUT = 15.0, 15.0  # seconds

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes
    content_type: str = "application/json"


class TooLargeBodyError(ValueError):
    """A body of more than MAXIMUM_BODY bytes."""


@dataclass(frozen=True, slots=True)
class App:
    """The ASGI application. `now` is microseconds since 1970 UTC, `noticed` hears how many rows were taken."""

    writer: Writer
    namespace: str
    name: str
    now: Callable[[], int]
    noticed: Callable[[int], None]
    close: Callable[[], None]  # called once, after the last request was answered

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection's scope."""
        match scope["type"]:
            case "http":
                await _send(send, await self._answer(scope, receive))
            case "lifespan":
                await self._live(receive, send)

    async def _answer(self, scope: Mapping[str, Any], receive: Receive) -> Answer:
        try:
            return await self._route(scope, receive)
        except BadBodyError as error:
            return _json(400, {"error": str(error), "field": error.field})
        except TooLargeBodyError:
            return _json(413, {"error": f"the body has more than {MAXIMUM_BODY} bytes", "field": "body"})
        except (FullError, TimeoutError, sqlite3.Error) as error:
            _log.warning("%s %s is refused for now: %r", scope["method"], scope["path"], error)
            return _json(503, {"error": "the collector cannot take more now; try again in a few seconds"})

    async def _route(self, scope: Mapping[str, Any], receive: Receive) -> Answer:
        match scope["method"], scope["path"]:
            case "POST", path if path == PREDICTIONS_PATH:
                return await self._predictions(await _body(receive))
            case "POST", path if path == FEEDBACK_PATH:
                return await self._feedback(await _body(receive))
            case "GET", path if path == METRICS_PATH:
                totals = await self._do(lambda db, _: read_totals(db))
                text = exposition(totals, self.namespace, self.name)
                return Answer(200, text, "text/plain; version=0.0.4; charset=utf-8")
            case "GET", path if path in (READY_PATH, LIVE_PATH):
                return _json(200 if self.writer.alive else 503, {"live": self.writer.alive})
            case method, path if path in (PREDICTIONS_PATH, FEEDBACK_PATH, METRICS_PATH, READY_PATH, LIVE_PATH):
                return _json(405, {"error": f"{method} {path} is not served; POST bodies, GET the others"})
            case _, path:
                return _json(404, {"error": f"{path[:80]} is not served; {PREDICTIONS_PATH} and {FEEDBACK_PATH} are"})

    async def _predictions(self, body: bytes) -> Answer:
        predictions, now = read_predictions(body), self.now()
        await self._do(lambda _, ledger: ledger.record_predictions(predictions, now))
        self.noticed(len(predictions))
        return _json(202, {"accepted": len(predictions)})

    async def _feedback(self, body: bytes) -> Answer:
        try:
            items = read_labels(body)
        except BadBodyError:
            await self._do(lambda _, ledger: ledger.refuse(Refusal.MALFORMED))
            raise
        now = self.now()
        refusals = await self._do(lambda _, ledger: _record(ledger, items, now))
        match items:
            case [BadLabel() as bad]:
                return _json(400, {"error": bad.message, "field": bad.field})
        refused = [_refused(item, refusal) for item, refusal in zip(items, refusals, strict=True) if refusal]
        self.noticed(len(items) - len(refused))
        return _json(200, {"accepted": len(items) - len(refused), "refused": refused})

    async def _do(self, work: Work[Any]) -> Any:
        async with asyncio.timeout(_COMMIT_TIMEOUT):
            return await asyncio.wrap_future(self.writer.submit(work))

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await asyncio.to_thread(self.close)
        await send({"type": "lifespan.shutdown.complete"})


def _record(ledger: Ledger, items: list[Label | BadLabel], now: int) -> list[Refusal | None]:
    refusals = iter(ledger.record_labels([item for item in items if isinstance(item, Label)], now))
    malformed = sum(isinstance(item, BadLabel) for item in items)
    if malformed:
        ledger.refuse(Refusal.MALFORMED, malformed)
    return [Refusal.MALFORMED if isinstance(item, BadLabel) else next(refusals) for item in items]


def _refused(item: Label | BadLabel, refusal: Refusal) -> dict[str, str]:
    match item:
        case Label(id=name):
            return {"id": name.hex(), "reason": refusal.value}
        case BadLabel(id=text, message=message):
            return {"id": text, "reason": refusal.value, "detail": message}


async def _body(receive: Receive) -> bytes:
    parts, size, more = [], 0, True
    async with asyncio.timeout(_BODY_TIMEOUT):
        while more:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            if size > MAXIMUM_BODY:
                raise TooLargeBodyError
            parts.append(part)
            more = message.get("more_body", False)
    return b"".join(parts)


async def _send(send: Send, answer: Answer) -> None:
    headers = [(b"content-type", answer.content_type.encode()), (b"content-length", b"%d" % len(answer.body))]
    if answer.status == 503:
        headers.append((b"retry-after", b"2"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _json(status: int, document: object) -> Answer:
    return Answer(status, msgspec.json.encode(document))
