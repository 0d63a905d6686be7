"""What the protocols share: a question of rows, what the model says of them, and the stamp of the answer."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from seatrial.contract.names import new_prediction_id
from seatrial_runtime.predictor.invalid import InvalidInputError, shown
from seatrial_runtime.predictor.rows import Rows

LIGHT_BODY = 64 << 10  # bytes: larger bodies are not parsed on the event loop

_decode = msgspec.json.Decoder().decode
encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says of n rows: classes by name, or numbers (regression).

    `confidences` are the probabilities of the predicted classes, `probabilities` is [n][classes] in the manifest's
    order; both are None where the model gives none.
    """

    predictions: list[str] | list[float]
    confidences: list[float] | None = None
    probabilities: list[list[float]] | None = None

    def part(self, start: int, stop: int) -> "Answer":
        """Return what is said of the rows from `start` to before `stop`."""
        if start == 0 and stop == len(self.predictions):
            return self
        return Answer(
            self.predictions[start:stop],
            None if self.confidences is None else self.confidences[start:stop],
            None if self.probabilities is None else self.probabilities[start:stop],
        )


@dataclass(frozen=True, slots=True)
class Stamp:
    """Under which ids (one a row) and when (RFC 3339, UTC) an answer was given."""

    ids: list[str]
    time: str


@dataclass(frozen=True, slots=True)
class Answered:
    """One answered request; `size` is its body's, in bytes."""

    rows: Rows
    answer: Answer
    stamp: Stamp
    size: int

    @property
    def count(self) -> int:
        """How many rows it has."""
        return self.rows.count


def stamp(count: int, nanoseconds: int) -> Stamp:
    """Return the stamp of `count` rows answered at a time given in nanoseconds since 1970 UTC."""
    return Stamp([new_prediction_id(nanoseconds // 1_000_000) for _ in range(count)], moment(nanoseconds))


def moment(nanoseconds: int) -> str:
    """Return a time given in nanoseconds since 1970 UTC as RFC 3339, to the millisecond."""
    at = datetime.fromtimestamp(nanoseconds // 1_000_000 / 1000, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Query:
    """A request that was understood. The rest is V2's: the caller's id, and which outputs it wants (None: all)."""

    rows: Rows
    model: str  # the name under which the caller asked
    id: str | None = None
    outputs: tuple[str, ...] | None = None


class Dialect(Protocol):
    """How one protocol writes questions and answers."""

    def read(self, body: bytes, model: str) -> Query:
        """Understand a request's body; raises InvalidInputError."""

    def write(self, query: Query, answer: Answer, stamped: Stamp) -> bytes:
        """Return the body of the answer."""


def read_object(body: bytes, most_values: int) -> dict[str, Any]:
    """Return the JSON object that a body is; raises InvalidInputError.

    More values than the model could be asked about are refused unparsed: millions of `[]` would hold the interpreter
    for seconds, and take many times the body's own memory.
    """
    values = sum(body.count(mark) for mark in (b",", b"[", b"{"))
    if values > most_values:
        raise InvalidInputError(f"the body has {values:,} values or lists; expected at most {most_values:,}", "body")
    try:
        document = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        hint = "; NaN and Infinity are no JSON, null is a missing value" if b"NaN" in body or b"Inf" in body else ""
        raise InvalidInputError(f"the body is no JSON: {error}{hint}", "body") from None
    except RecursionError:
        raise InvalidInputError("the body is nested too deeply; expected rows of plain values", "body") from None
    if type(document) is not dict:
        raise InvalidInputError(f"the body is {shown(document)}; expected an object", "body")
    return document
