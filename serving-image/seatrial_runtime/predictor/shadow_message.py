"""What a stable predictor shows a shadow: written by the one, read by the other, which may be older or newer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seatrial.contract.names import PREDICTION_ID_RULE, SEGMENT_RULE, is_prediction_id, is_segment
from seatrial_runtime.predictor.invalid import InvalidInputError, shown_at
from seatrial_runtime.predictor.protocol import Answered, encode, read_object
from seatrial_runtime.predictor.rows import check_count

Write = Callable[[Answered], bytes]


@dataclass(frozen=True, slots=True)
class Control:
    """Who answered, and under which ids, one a row."""

    revision: str
    ids: list[str]


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A request that was answered: lists of values by feature, and the predictions, one a row.

    `control` is None where nobody collects predictions, or where the writer is too old to say.
    """

    request: dict[str, Any]
    answer: list[Any]
    control: Control | None


def writer_of(names: tuple[str, ...], who: Mapping[str, str] | None) -> Write:
    """Return what writes messages of these features; `who` answered, None where predictions are not collected."""

    def write(answered: Answered) -> bytes:
        request = dict(zip(names, answered.rows.columns, strict=True))
        said = {} if who is None else {"ids": answered.stamp.ids, **who}
        return encode({"request": request, "answer": answered.answer.predictions, **said})

    return write


def read_shadowed(body: bytes, most_values: int) -> Shadowed:
    """Read a message; raises InvalidInputError."""
    document = read_object(body, most_values)
    request, answer = document.get("request"), document.get("answer")
    if type(request) is not dict:
        raise _wrong(document, "request", "an object of lists by feature")
    if type(answer) is not list:
        raise _wrong(document, "answer", "a list of predictions")
    check_count(len(answer), "answer")
    return Shadowed(request, answer, _control(document, len(answer)) if "ids" in document else None)


def _control(document: Mapping[str, Any], count: int) -> Control:
    ids, revision = document["ids"], document.get("revision")
    if type(ids) is not list or len(ids) != count:
        raise _wrong(document, "ids", f"a list of {count} ids, one a row of answer")
    if not all(isinstance(name, str) and is_prediction_id(name) for name in ids):
        raise _wrong(document, "ids", f"ids of {PREDICTION_ID_RULE}")
    if not isinstance(revision, str) or not is_segment(revision):
        raise _wrong(document, "revision", SEGMENT_RULE)
    return Control(revision, ids)


def _wrong(document: Mapping[str, Any], field: str, expected: str) -> InvalidInputError:
    return InvalidInputError(f"{field} is {shown_at(document, field)}; expected {expected}", field)
