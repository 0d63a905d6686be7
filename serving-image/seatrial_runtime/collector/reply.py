"""What goes back to who posted or asked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

Send = Callable[[dict[str, Any]], Awaitable[None]]  # ASGI's


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes
    content_type: str = "application/json"
    last: bool = False  # on its connection


def document(status: int, value: object, *, last: bool = False) -> Answer:
    """Return a JSON answer."""
    return Answer(status, msgspec.json.encode(value), last=last)


async def send_answer(send: Send, answer: Answer) -> None:
    """Send an answer; whoever is to come again hears when."""
    headers = [(b"content-type", answer.content_type.encode()), (b"content-length", b"%d" % len(answer.body))]
    if answer.status == 503:
        headers.append((b"retry-after", b"2"))
    if answer.last:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
