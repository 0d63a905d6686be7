"""A request's body: bounded in size, in time, and in what all bodies together hold in memory."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from seatrial.contract.http import MAXIMUM_BODY
from seatrial_runtime.predictor.reply import RETRY_AFTER, Header, Reply, problem

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_MAXIMUM_HELD = 16 * MAXIMUM_BODY  # bytes of all bodies that are being read or answered
_MAXIMUM_SKIPPED = 4 * MAXIMUM_BODY  # bytes that are read and thrown away so that a caller can read the refusal
_PATIENCE = 30.0  # seconds for a whole body
_TYPES = (b"", b"application/json", b"application/vnd.kubeflow.json")


class RefusedError(Exception):
    """The body is not taken; `reply` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body.decode())
        self.reply = reply


class DisconnectedError(Exception):
    """The caller went away."""


def header(headers: Sequence[Header], name: bytes) -> bytes:
    """Return the value of a header, empty where it is absent."""
    return next((value for key, value in headers if key == name), b"")


def check_headers(headers: Sequence[Header]) -> None:
    """Raise RefusedError for a body of another type than JSON, compressed, or announced as too large."""
    given = header(headers, b"content-type")
    if given.partition(b";")[0].strip().lower() not in _TYPES:
        shown = given.decode("latin-1")[:80]
        raise RefusedError(problem(415, f"content-type is {shown!r}; expected application/json", "content-type"))
    encoding = header(headers, b"content-encoding").strip().lower()
    if encoding not in (b"", b"identity"):
        shown = encoding.decode("latin-1")[:80]
        raise RefusedError(problem(415, f"content-encoding is {shown!r}; expected none", "content-encoding"))


class Bodies:
    """Reads bodies; knows how many bytes are held by all of them together."""

    def __init__(self, maximum_held: int = _MAXIMUM_HELD) -> None:
        self._maximum_held, self.held = maximum_held, 0

    async def read(self, receive: Receive) -> bytes:
        """Return a whole body, whose bytes are held until `release`; raises RefusedError or DisconnectedError."""
        body = bytearray()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._fill(body, receive)
        except BaseException as error:
            self.release(len(body))
            if isinstance(error, TimeoutError):
                reply = problem(408, f"the body did not arrive within {_PATIENCE:g} s", "body", last=True)
                raise RefusedError(reply) from None
            raise
        return bytes(body)

    def release(self, count: int) -> None:
        """Say that a body of so many bytes is done with."""
        self.held -= count

    async def _fill(self, body: bytearray, receive: Receive) -> None:
        more = True
        while more:
            part, more = await _part(receive)
            body += part
            self.held += len(part)
            if len(body) > MAXIMUM_BODY:
                await _skip(receive, more)
                expected = f"at most {MAXIMUM_BODY:,} bytes"
                raise RefusedError(problem(413, f"the body is too large; expected {expected}", "body", last=True))
            if self.held > self._maximum_held:
                held = "the predictor holds too many large bodies already"
                raise RefusedError(problem(503, held, "", RETRY_AFTER, last=True))


async def _part(receive: Receive) -> tuple[bytes, bool]:
    """Return the next part of a body, and whether there is more."""
    message = await receive()
    if message["type"] != "http.request":
        raise DisconnectedError
    return message.get("body", b""), message.get("more_body", False)


async def _skip(receive: Receive, more: bool) -> None:
    """Read on for a while: a caller that is still writing would otherwise see a reset instead of the refusal."""
    skipped = 0
    while more and skipped < _MAXIMUM_SKIPPED:
        part, more = await _part(receive)
        skipped += len(part)
