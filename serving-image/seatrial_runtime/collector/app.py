"""The collector's HTTP: answers from predictors and shadows, labels from applications, counters, health.

A request is answered after its rows are committed. What cannot be taken now is answered 503 and was not taken.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from seatrial.contract.feedback import Refusal
from seatrial.contract.http import (
    FEEDBACK_PATH,
    LIVE_PATH,
    MAXIMUM_BODY,
    METRICS_PATH,
    PREDICTIONS_PATH,
    READY_PATH,
    SHADOW_ANSWERS_PATH,
)
from seatrial_runtime.bodies import Bodies, DisconnectedError, Receive, TooLargeError, TooManyError, TooSlowError
from seatrial_runtime.collector.ledger import Ledger
from seatrial_runtime.collector.messages import BadLabel, Label, read_labels, read_predictions, read_shadow_answers
from seatrial_runtime.collector.reply import Answer, Send, document, send_answer
from seatrial_runtime.collector.room import FullError
from seatrial_runtime.collector.strict import BadBodyError
from seatrial_runtime.collector.totals import exposition, read_totals
from seatrial_runtime.collector.troubles import Cause
from seatrial_runtime.collector.writer import Work, Writer

_log = logging.getLogger(__name__)
_BODY_TIMEOUT, _COMMIT_TIMEOUT = 15.0, 15.0  # seconds
_POSTED = (PREDICTIONS_PATH, SHADOW_ANSWERS_PATH, FEEDBACK_PATH)
_ASKED = (METRICS_PATH, READY_PATH, LIVE_PATH)
_MAXIMUM_HELD = 8 * MAXIMUM_BODY  # bytes of all bodies that are being read, or whose rows are not committed yet


class EndingError(Exception):
    """The collector ends: what came now would miss the last flush."""


@dataclass(frozen=True, slots=True)
class App:
    """The ASGI application. `now` is microseconds since 1970 UTC, `noticed` hears how many rows were taken."""

    writer: Writer
    namespace: str
    name: str
    now: Callable[[], int]
    noticed: Callable[[int], None]
    close: Callable[[], None]  # called once, when nothing more is taken
    failures: Mapping[Cause, int]  # flushes that failed, as they are counted
    bodies: Bodies = field(default_factory=lambda: Bodies(_MAXIMUM_HELD, _BODY_TIMEOUT))
    ending: Event = field(default_factory=Event)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection's scope."""
        match scope["type"]:
            case "http":
                with contextlib.suppress(DisconnectedError):
                    await send_answer(send, await self._answer(scope, receive))
            case "lifespan":
                await self._live(receive, send)

    async def _answer(self, scope: Mapping[str, Any], receive: Receive) -> Answer:
        try:
            return await self._route(scope, receive)
        except BadBodyError as error:
            return document(400, {"error": str(error), "field": error.field})
        except TooLargeError:
            return document(413, {"error": f"the body has more than {MAXIMUM_BODY} bytes", "field": "body"}, last=True)
        except (TooManyError, TooSlowError, EndingError, FullError, TimeoutError, sqlite3.Error) as error:
            _log.warning("%s %s is refused for now: %r", scope["method"], scope["path"], error)
            later = {"error": "the collector cannot take more now; try again in a few seconds"}
            return document(503, later, last=isinstance(error, (TooSlowError, EndingError)))

    async def _route(self, scope: Mapping[str, Any], receive: Receive) -> Answer:
        match scope["method"], scope["path"]:
            case "POST", path if path == PREDICTIONS_PATH:
                return await self._read(receive, self._predictions)
            case "POST", path if path == SHADOW_ANSWERS_PATH:
                return await self._read(receive, self._shadow_answers)
            case "POST", path if path == FEEDBACK_PATH:
                return await self._read(receive, self._feedback)
            case "GET", path if path == METRICS_PATH:
                totals = await self._do(lambda db, _: read_totals(db))
                text = exposition(totals, self.failures, self.namespace, self.name)
                return Answer(200, text, "text/plain; version=0.0.4; charset=utf-8")
            case "GET", path if path in (READY_PATH, LIVE_PATH):
                return document(200 if self.writer.alive else 503, {"live": self.writer.alive})
            case method, path if path in (*_POSTED, *_ASKED):
                return document(405, {"error": f"{method} {path} is not served; POST bodies, GET the others"})
            case _, path:
                return document(404, {"error": f"{path[:80]} is not served; {', '.join(_POSTED)} are"})

    async def _read(self, receive: Receive, take: Callable[[bytes], Awaitable[Answer]]) -> Answer:
        body = await self.bodies.read(receive)
        try:
            if self.ending.is_set():
                raise EndingError
            return await take(body)
        finally:
            self.bodies.release(len(body))

    async def _predictions(self, body: bytes) -> Answer:
        predictions, now = read_predictions(body), self.now()
        await self._do(lambda _, ledger: ledger.record_predictions(predictions, now))
        self.noticed(len(predictions))
        return document(202, {"accepted": len(predictions)})

    async def _shadow_answers(self, body: bytes) -> Answer:
        answers, now = read_shadow_answers(body), self.now()
        await self._do(lambda _, ledger: ledger.pairing.record(answers, now))
        return document(202, {"accepted": len(answers)})

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
                return document(400, {"error": bad.message, "field": bad.field})
        refused = [_refused(item, refusal) for item, refusal in zip(items, refusals, strict=True) if refusal]
        self.noticed(len(items) - len(refused))
        return document(200, {"accepted": len(items) - len(refused), "refused": refused})

    async def _do(self, work: Work[Any]) -> Any:
        async with asyncio.timeout(_COMMIT_TIMEOUT):
            return await asyncio.wrap_future(self.writer.submit(work))

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        self.ending.set()  # whose work the writer has by now is before the last flush's, and in it
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
