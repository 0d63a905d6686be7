"""Which bodies a predictor takes, and what it says of those that it does not."""

from collections.abc import Sequence

from seatrial.contract.http import MAXIMUM_BODY
from seatrial_runtime.bodies import Bodies, BodyError, Receive, TooLargeError, TooManyError, TooSlowError
from seatrial_runtime.predictor.reply import RETRY_AFTER, Header, Reply, problem

_MAXIMUM_HELD = 16 * MAXIMUM_BODY  # bytes of all bodies that are being read or answered
_PATIENCE = 30.0  # seconds for a whole body
_TYPES = (b"", b"application/json", b"application/vnd.kubeflow.json")


class RefusedError(Exception):
    """The body is not taken; `reply` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body.decode())
        self.reply = reply


def new_bodies() -> Bodies:
    """Return the bounds of a predictor's bodies."""
    return Bodies(_MAXIMUM_HELD, _PATIENCE)


async def read_body(bodies: Bodies, headers: Sequence[Header], receive: Receive) -> bytes:
    """Return a whole body, whose bytes are held until they are released; raises RefusedError or DisconnectedError."""
    check_headers(headers)
    try:
        return await bodies.read(receive)
    except BodyError as error:
        raise RefusedError(_refusal(error, bodies.patience)) from None


def header(headers: Sequence[Header], name: bytes) -> bytes:
    """Return the value of a header, empty where it is absent."""
    return next((value for key, value in headers if key == name), b"")


def check_headers(headers: Sequence[Header]) -> None:
    """Raise RefusedError for a body of another type than JSON, or compressed."""
    given = header(headers, b"content-type")
    if given.partition(b";")[0].strip().lower() not in _TYPES:
        shown = given.decode("latin-1")[:80]
        raise RefusedError(problem(415, f"content-type is {shown!r}; expected application/json", "content-type"))
    encoding = header(headers, b"content-encoding").strip().lower()
    if encoding not in (b"", b"identity"):
        shown = encoding.decode("latin-1")[:80]
        raise RefusedError(problem(415, f"content-encoding is {shown!r}; expected none", "content-encoding"))


def _refusal(error: BodyError, patience: float) -> Reply:
    match error:
        case TooLargeError():
            expected = f"at most {MAXIMUM_BODY:,} bytes"
            return problem(413, f"the body is too large; expected {expected}", "body", last=True)
        case TooSlowError():
            return problem(408, f"the body did not arrive within {patience:g} s", "body", last=True)
        case TooManyError():
            return problem(503, "the predictor holds too many large bodies already", "", RETRY_AFTER, last=True)
    raise error
