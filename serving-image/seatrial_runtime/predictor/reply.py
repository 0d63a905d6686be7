"""What goes back to a caller."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seatrial_runtime.predictor.invalid import InvalidInputError
from seatrial_runtime.predictor.protocol import encode

Header = tuple[bytes, bytes]
JSON = b"application/json"
RETRY_AFTER: Header = (b"retry-after", b"1")  # seconds


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer. `after` is called when it has been sent; `last` closes the connection."""

    status: int
    body: bytes = b""
    headers: tuple[Header, ...] = ()
    content_type: bytes = JSON
    after: Callable[[], None] = _nothing
    last: bool = False


def document(value: Mapping[str, Any], status: int = 200) -> Reply:
    """Return a JSON answer."""
    return Reply(status, encode(value))


def problem(status: int, message: str, field: str = "", *headers: Header, last: bool = False) -> Reply:
    """Return an error: what is wrong, and in which field of the request where it is one's."""
    body = {"error": message, "field": field} if field else {"error": message}
    return Reply(status, encode(body), headers, last=last)


def refusal(error: InvalidInputError) -> Reply:
    """Return the answer to a request that cannot be answered."""
    return problem(error.status, str(error), error.field)
