"""A request's body: bounded in size, in time, and in what all bodies together hold in memory."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from seatrial.contract.http import MAXIMUM_BODY

Receive = Callable[[], Awaitable[Mapping[str, Any]]]  # ASGI's

_MAXIMUM_SKIPPED = 4 * MAXIMUM_BODY  # bytes that are read and thrown away so that a caller can read the refusal


class BodyError(Exception):
    """A body that is not taken; there may be more of it to come."""


class TooLargeError(BodyError):
    """It has more than MAXIMUM_BODY bytes."""


class TooManyError(BodyError):
    """All bodies together would hold more than they may."""


class TooSlowError(BodyError):
    """It did not come in time."""


class DisconnectedError(Exception):
    """The caller went away."""


class Bodies:
    """Reads bodies; knows how many bytes are held by all of them together.

    At most `maximum_held` bytes are held by bodies that are being read or answered; a whole one may take `patience`
    seconds to come.
    """

    def __init__(self, maximum_held: int, patience: float) -> None:
        self._maximum_held, self.patience, self.held = maximum_held, patience, 0

    async def read(self, receive: Receive) -> bytes:
        """Return a whole body, whose bytes are held until `release`; raises BodyError or DisconnectedError."""
        body = bytearray()
        try:
            async with asyncio.timeout(self.patience):
                await self._fill(body, receive)
        except BaseException as error:
            self.release(len(body))
            if isinstance(error, TimeoutError):
                raise TooSlowError from None
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
                raise TooLargeError
            if self.held > self._maximum_held:
                raise TooManyError


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
