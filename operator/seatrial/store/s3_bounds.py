"""A bound on what the library reads by itself: errors and listings, whole and at once, however long they are."""

from collections.abc import Iterator
from typing import Any

from seatrial.store.objects import TooLargeError

MAXIMUM_ERROR, MAXIMUM_LISTING = 64 << 10, 2 << 20  # bytes; a listing has at most 1,000 keys
_CHUNK = 16 << 10


def bound(client: Any) -> None:
    """Let a client read no more of an error or a listing than its bound; TooLargeError where there is more."""
    http = client._endpoint.http_session

    def send(request: Any, **_: Any) -> Any:
        streamed, request.stream_output = request.stream_output, True  # or it would be read in here, to its end
        response = http.send(request)
        if response.status_code >= 300:
            response.raw = _Bounded(response.raw, MAXIMUM_ERROR)
        elif not streamed:
            response.raw = _Bounded(response.raw, MAXIMUM_LISTING)
        return response

    client.meta.events.register("before-send.s3", send)


class _Bounded:
    """A response's body of which at most `maximum` bytes are read."""

    def __init__(self, raw: Any, maximum: int) -> None:
        self._raw, self._maximum = raw, maximum

    def stream(self) -> Iterator[bytes]:
        """Yield the body."""
        read = 0
        for chunk in self._raw.stream(_CHUNK):
            read += len(chunk)
            if read > self._maximum:
                self._raw.close()
                raise TooLargeError(f"an answer has more than {self._maximum} bytes, as none of S3's has")
            yield chunk
