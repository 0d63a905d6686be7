"""A connection bounded in age, and in the size and time of its requests' heads: uvicorn leaves all three open."""

import asyncio
import random

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MAXIMUM_HEAD = 64 << 10  # bytes of a request line and its headers
_PATIENCE = 60.0  # seconds for a whole head, from the connection's or the request's first byte
AGED = "seatrial.aged"  # in a request's scope: whether its answer should be the last on its connection


class BoundedConnection(HttpToolsProtocol):
    """Closes a connection whose caller sends a head without end, or none. An idle one between requests may stay.

    A Service chooses a pod for a connection, not for a request: callers that keep theirs would never come to a new pod.
    So an old connection's next answer is its last; callers age apart, so that they do not come back all at once.
    """

    maximum_age = 30.0  # seconds
    _in_head = True
    _head = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)
        self._aged_at = self.loop.time() + self.maximum_age * random.uniform(0.5, 1)  # noqa: S311 - no secret
        self._deadline = self.loop.call_later(_PATIENCE, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; a whole head in one piece, which is the rule, costs no timer."""
        super().data_received(data)
        if not self._in_head:
            self._stop_waiting()
            return
        self._head += len(data)
        if self._head > _MAXIMUM_HEAD:
            self.transport.close()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(_PATIENCE, self.transport.close)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head, self._head = True, 0
        super().on_message_begin()
        self.scope[AGED] = self.loop.time() >= self._aged_at  # type: ignore[literal-required]

    def on_headers_complete(self) -> None:
        """A head has ended."""
        self._in_head = False
        super().on_headers_complete()

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
