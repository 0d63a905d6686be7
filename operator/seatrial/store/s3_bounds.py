"""A bound on what the library reads by itself: errors and listings, whole and at once, however long they are."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ConnectionClosedError

from seatrial.store.objects import StoreError

MAXIMUM_ERROR, MAXIMUM_LISTING = 64 << 10, 2 << 20  # bytes; a listing has at most 1,000 keys
_CHUNK = 16 << 10


def bound(client: Any) -> None:
    """Let a client read no more of an error or a listing than its bound.

    A longer error is cut: its status says enough, and whether to ask again. A longer listing is a StoreError. They are
    read here, where an answer that breaks off is asked for again as the library does.
    """
    http = client._endpoint.http_session

    def send(request: Any, **_: Any) -> Any:
        streamed, request.stream_output = request.stream_output, True  # or it would be read in here, to its end
        response = http.send(request)
        if response.status_code >= 300 or not streamed:
            response.raw = _Body(_read(request, response))
        return response

    client.meta.events.register("before-send.s3", send)


def _read(request: Any, response: Any) -> bytes:
    is_error = response.status_code >= 300
    maximum, body = MAXIMUM_ERROR if is_error else MAXIMUM_LISTING, bytearray()
    try:
        for chunk in response.raw.stream(_CHUNK):
            body += chunk
            if len(body) > maximum:
                response.raw.close()
                break
    except Exception as error:  # whatever broke it off
        raise ConnectionClosedError(error=error, request=request, endpoint_url=request.url) from error
    if len(body) > maximum and not is_error:
        raise StoreError(f"{request.url} lists more than {maximum} bytes at once, as no S3 does; check the endpoint")
    return bytes(body[:maximum])


class _Body:
    """A response's body that was read already."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        """Yield it."""
        yield self._body
