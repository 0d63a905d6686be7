"""The bodies that predictors, shadows and applications post."""

import reprlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec

from seatrial.contract.feedback import MAXIMUM_LABELS, MAXIMUM_PREDICTIONS, MAXIMUM_SHADOW_ANSWERS
from seatrial.contract.names import PREDICTION_ID_RULE, SEGMENT_RULE, is_prediction_id, is_segment
from seatrial.contract.schema import MAXIMUM_FEATURES
from seatrial_runtime.collector.joining import Scalar
from seatrial_runtime.collector.strict import BadBodyError, strictly

_Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Value = bool | _Integer | float | Annotated[str, msgspec.Meta(max_length=4096)] | None
_Class = Annotated[str, msgspec.Meta(max_length=1024)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class _Said(msgspec.Struct, frozen=True):
    id: str
    at: datetime
    revision: str
    version: str


class _Item(_Said, frozen=True):
    features: Annotated[dict[_Name, _Value], msgspec.Meta(max_length=MAXIMUM_FEATURES)]
    prediction: bool | _Integer | float | _Class
    drawn: bool = True  # older predictors do not say


class _ShadowItem(_Said, frozen=True):
    control: str
    prediction: _Class


class _Batch(msgspec.Struct, frozen=True):
    predictions: Annotated[list[_Item], msgspec.Meta(max_length=MAXIMUM_PREDICTIONS)]


class _ShadowBatch(msgspec.Struct, frozen=True):
    answers: Annotated[list[_ShadowItem], msgspec.Meta(max_length=MAXIMUM_SHADOW_ANSWERS)]


class _Labels(msgspec.Struct, frozen=True):
    labels: Annotated[list[Any], msgspec.Meta(max_length=MAXIMUM_LABELS)]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One answered row. `at` in microseconds since 1970 UTC; `features` and `prediction` as JSON text.

    `drawn` says that of its request this is the row by which versions are judged.
    """

    id: bytes
    at: int
    revision: str
    version: str
    features: bytes
    prediction: bytes
    drawn: bool = True


@dataclass(frozen=True, slots=True)
class ShadowAnswer:
    """What a candidate would have answered to the row that the revision `control` answered under this id: a class."""

    id: bytes
    revision: str
    version: str
    control: str
    prediction: str


@dataclass(frozen=True, slots=True)
class Label:
    """The truth of one prediction."""

    id: bytes
    value: Scalar


@dataclass(frozen=True, slots=True)
class BadLabel:
    """An item of a feedback that is no label: its id as it stood, and what is wrong."""

    id: str
    field: str
    message: str


_batch = msgspec.json.Decoder(_Batch)
_shadow_batch = msgspec.json.Decoder(_ShadowBatch)
_any = msgspec.json.Decoder()
_encode = msgspec.json.Encoder(order="deterministic").encode


def read_predictions(body: bytes) -> list[Prediction]:
    """Read a batch of predictions; raises BadBodyError for the first item that cannot be taken."""
    with strictly():
        batch = _batch.decode(body)
    return [_prediction(f"predictions[{i}]", item) for i, item in enumerate(batch.predictions)]


def read_shadow_answers(body: bytes) -> list[ShadowAnswer]:
    """Read a batch of a shadow's answers; raises BadBodyError for the first item that cannot be taken."""
    with strictly():
        batch = _shadow_batch.decode(body)
    return [_shadow_answer(f"answers[{i}]", item) for i, item in enumerate(batch.answers)]


def read_labels(body: bytes) -> list[Label | BadLabel]:
    """Read a feedback of one label or many; raises BadBodyError where it is neither."""
    with strictly():
        document = _any.decode(body)
    if not isinstance(document, dict) or not ({"labels", "id"} & document.keys()):
        raise BadBodyError("body", 'expected {"id": …, "label": …} or {"labels": [that, …]}')
    if "labels" not in document:
        return [_label("", document)]
    with strictly():
        items = msgspec.convert(document, _Labels).labels
    return [_label(f"labels[{i}].", item) for i, item in enumerate(items)]


def _prediction(where: str, item: _Item) -> Prediction:
    name, at = _checked(where, item)
    said = _encode(item.features), _encode(item.prediction)
    return Prediction(name, at, item.revision, item.version, *said, item.drawn)


def _shadow_answer(where: str, item: _ShadowItem) -> ShadowAnswer:
    name, _ = _checked(where, item)
    _check_segment(where, "control", item.control)
    return ShadowAnswer(name, item.revision, item.version, item.control, item.prediction)


def _checked(where: str, said: _Said) -> tuple[bytes, int]:
    """Return whose answer it is and when it was given, or raise for the first field that cannot be right."""
    if not is_prediction_id(said.id):
        raise BadBodyError(f"{where}.id", f"{where}.id is {said.id[:80]!r}; expected {PREDICTION_ID_RULE}")
    if said.at.tzinfo is None or not 1970 <= said.at.year < 9999:
        raise BadBodyError(f"{where}.at", f"{where}.at is {said.at}; expected a time in RFC 3339 with its zone")
    _check_segment(where, "revision", said.revision)
    _check_segment(where, "version", said.version)
    return bytes.fromhex(said.id), microseconds(said.at)


def _check_segment(where: str, field: str, value: str) -> None:
    if not is_segment(value):
        raise BadBodyError(f"{where}.{field}", f"{where}.{field} is {value[:80]!r}; expected {SEGMENT_RULE}")


def _label(where: str, item: object) -> Label | BadLabel:
    if not isinstance(item, dict):
        return BadLabel("", where.rstrip("."), "expected an object with id and label")
    name, value = item.get("id"), item.get("label")
    if not isinstance(name, str) or not is_prediction_id(name):
        shown = _short(name)
        return BadLabel(shown, f"{where}id", f"{where}id is {shown!r}; expected {PREDICTION_ID_RULE}")
    if not isinstance(value, bool | int | float | str) or len(str(value)) > 1024:
        return BadLabel(name, f"{where}label", f"{where}label is {_short(value)!r}; expected a class or a number")
    return Label(bytes.fromhex(name), value)


def microseconds(when: datetime) -> int:
    """Return a moment as whole microseconds since 1970 UTC, exactly."""
    since = when - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _short(value: object) -> str:
    """Return the beginning of a value from outside as text; lists and objects may be nested as deeply as they like."""
    return (value if isinstance(value, str) else reprlib.repr(value))[:80]


Kind = Literal["predictions", "labels"]
