"""The predictor as an ASGI application: what comes in goes to the endpoint that its path names."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from seatrial.contract.http import MODEL_VERSION, REVISION, SHADOW_SAMPLE
from seatrial.contract.metrics import INVALID, LIVE, SHED
from seatrial_runtime.bodies import DisconnectedError, Receive
from seatrial_runtime.predictor.body import RefusedError, new_bodies, read_body
from seatrial_runtime.predictor.connection import AGED
from seatrial_runtime.predictor.exposition import CONTENT_TYPE, Exposition
from seatrial_runtime.predictor.invalid import InvalidInputError
from seatrial_runtime.predictor.lifecycle import Lifecycle
from seatrial_runtime.predictor.metrics import Metrics
from seatrial_runtime.predictor.reply import RETRY_AFTER, Header, Reply, document, problem, refusal
from seatrial_runtime.predictor.routes import POSTED, Endpoint, Route, route
from seatrial_runtime.predictor.serving import Serving
from seatrial_runtime.predictor.settings import Settings

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_CLOSE: Header = (b"connection", b"close")
_STUCK = 60.0  # seconds that one batch may take before the process counts as dead
_log = logging.getLogger(__name__)


class App:
    """Answers HTTP requests, from the first moment on; `serving` is None until a model is loaded."""

    def __init__(self, settings: Settings, lifecycle: Lifecycle, metrics: Metrics, exposition: Exposition) -> None:
        self._settings, self._lifecycle, self._metrics, self._exposition = settings, lifecycle, metrics, exposition
        self._names = frozenset((settings.name, settings.home.model))
        self._always = (
            (MODEL_VERSION.encode(), settings.version.encode()),
            (REVISION.encode(), settings.revision.encode()),
        )
        self._sample: Header = (SHADOW_SAMPLE.encode(), str(settings.shadow_sample).encode())
        self._bodies = new_bodies()
        self.serving: Serving | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        found = route(scope["path"])
        predicts = found is not None and found.endpoint in POSTED
        if predicts:
            self._lifecycle.begin()
        try:
            reply = await self._reply(scope, found, receive)
            await self._send(reply, send, self._said(found), aged=bool(scope.get(AGED)))
        except DisconnectedError:
            return
        finally:
            if predicts:
                self._lifecycle.end()
        reply.after()

    def _said(self, found: Route | None) -> tuple[Header, ...]:
        """Return what every answer says of this predictor, whatever was asked."""
        shadowed = found is not None and found.endpoint is Endpoint.SHADOW
        return (*self._always, self._sample) if shadowed else self._always

    async def _send(self, reply: Reply, send: Send, said: tuple[Header, ...], *, aged: bool) -> None:
        headers = [*said, *reply.headers]
        if reply.status != 204:
            length = str(len(reply.body)).encode()
            headers += (b"content-type", reply.content_type), (b"content-length", length)
        if reply.last or aged or self._lifecycle.draining:
            headers.append(_CLOSE)
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    async def _reply(self, scope: Scope, found: Route | None, receive: Receive) -> Reply:
        try:
            if found is None or not self._is_ours(found):
                return self._unknown(scope, found)
            allowed = ("POST",) if found.endpoint in POSTED else ("GET", "HEAD")
            if scope["method"] not in allowed:
                allow = ", ".join(allowed)
                return problem(405, f"method is {scope['method']}; expected {allow}", "", (b"allow", allow.encode()))
            if found.endpoint in POSTED:
                return await self._posted(scope, found, receive)
            return self._get(found)
        except DisconnectedError:
            raise
        except Exception:
            _log.exception("a request could not be answered")
            return problem(500, "the predictor failed; its log says how")

    def _is_ours(self, found: Route) -> bool:
        names_us = not found.model or found.model in self._names
        return names_us and found.version in ("", self._settings.version)

    def _unknown(self, scope: Scope, found: Route | None) -> Reply:
        if found is None:
            return problem(404, f"there is no {scope['path'][:80]!r} here; models are below /v2/models and /v1/models")
        if found.endpoint in POSTED:
            self._metrics.request(LIVE, INVALID, 0.0)
        serves = f"model {self._settings.name}, version {self._settings.version}"
        return problem(404, f"there is no such model or version here; this predictor serves {serves}", "model")

    def _get(self, found: Route) -> Reply:
        match found.endpoint:
            case Endpoint.LIVE:
                return self._live()
            case Endpoint.READY | Endpoint.V2_READY:
                return self._ready({"ready": self._lifecycle.ready, "name": found.model or self._settings.name})
            case Endpoint.V1_STATUS:
                return self._ready({"name": found.model, "ready": self._lifecycle.ready})
            case Endpoint.METRICS:
                return Reply(200, self._exposition.main(), content_type=CONTENT_TYPE.encode())
            case Endpoint.DRIFT_METRICS:
                return Reply(200, self._exposition.drift(), content_type=CONTENT_TYPE.encode())
            case Endpoint.SERVER:
                return document({"name": "seatrial", "version": self._settings.version, "extensions": []})
            case _:
                return self._not_yet() if self.serving is None else document(self.serving.v2.metadata(found.model))

    def _live(self) -> Reply:
        running = 0.0 if self.serving is None else self.serving.batcher.running_for()
        if running > max(_STUCK, 10 * self._settings.timeout):
            return problem(503, f"the model has been busy with one batch for {running:.0f} s")
        return document({"live": True})

    def _ready(self, body: dict[str, Any]) -> Reply:
        if self._lifecycle.ready:
            return document(body)
        return document({**body, "reason": self._lifecycle.reason}, 503)

    def _not_yet(self) -> Reply:
        return problem(503, f"the model is not ready: {self._lifecycle.reason}", "", RETRY_AFTER)

    async def _posted(self, scope: Scope, found: Route, receive: Receive) -> Reply:
        serving, live = self.serving, found.endpoint is not Endpoint.SHADOW
        if not live and (serving is None or not serving.is_shadow):
            return problem(404, "this predictor is no shadow")
        if serving is None:
            self._metrics.request(LIVE, SHED, 0.0)
            return self._not_yet()
        try:
            body = await read_body(self._bodies, scope["headers"], receive)
        except RefusedError as refused:
            if live:
                self._metrics.request(LIVE, SHED if refused.reply.status == 503 else INVALID, 0.0)
            return refused.reply
        try:
            return await self._answer(serving, found, body)
        finally:
            self._bodies.release(len(body))

    async def _answer(self, serving: Serving, found: Route, body: bytes) -> Reply:
        if found.endpoint is Endpoint.SHADOW:
            return await _shadowed(serving, body)
        dialect = serving.v2 if found.endpoint is Endpoint.V2_INFER else serving.v1
        return await serving.inference.reply(dialect, found.model, body)


async def _shadowed(serving: Serving, body: bytes) -> Reply:
    try:
        taken = await serving.shadow.receive(body)
    except InvalidInputError as error:
        return refusal(error)
    return Reply(204) if taken else problem(503, "the shadow has too much to do", "", RETRY_AFTER)
