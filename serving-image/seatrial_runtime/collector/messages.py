"""The bodies that predictors and applications post, read strictly: a complaint names the field and what is right."""

import reprlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec

from seatrial.contract.feedback import MAXIMUM_LABELS, MAXIMUM_PREDICTIONS
from seatrial.contract.names import PREDICTION_ID_RULE, SEGMENT_RULE, InvalidNameError, check_segment, is_prediction_id
from seatrial.contract.schema import MAXIMUM_FEATURES
from seatrial_runtime.collector.joining import Scalar

_Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Value = bool | _Integer | float | Annotated[str, msgspec.Meta(max_length=4096)] | None
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class BadBodyError(ValueError):
    """A body that cannot be taken; `field` is where, the message says what was expected."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class _Item(msgspec.Struct, frozen=True):
    id: str
    at: datetime
    revision: str
    version: str
    features: Annotated[dict[_Name, _Value], msgspec.Meta(max_length=MAXIMUM_FEATURES)]
    prediction: bool | _Integer | float | Annotated[str, msgspec.Meta(max_length=1024)]


class _Batch(msgspec.Struct, frozen=True):
    predictions: Annotated[list[_Item], msgspec.Meta(max_length=MAXIMUM_PREDICTIONS)]


class _Labels(msgspec.Struct, frozen=True):
    labels: Annotated[list[Any], msgspec.Meta(max_length=MAXIMUM_LABELS)]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One answered row. `at` in microseconds since 1970 UTC; `features` and `prediction` as JSON text."""

    id: bytes
    at: int
    revision: str
    version: str
    features: bytes
    prediction: bytes


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
_any = msgspec.json.Decoder()
_encode = msgspec.json.Encoder(order="deterministic").encode


def read_predictions(body: bytes) -> list[Prediction]:
    """Read a batch of predictions; raises BadBodyError for the first item that cannot be taken."""
    with _strictly():
        batch = _batch.decode(body)
    return [_prediction(f"predictions[{i}]", item) for i, item in enumerate(batch.predictions)]


def read_labels(body: bytes) -> list[Label | BadLabel]:
    """Read a feedback of one label or many; raises BadBodyError where it is neither."""
    with _strictly():
        document = _any.decode(body)
    if not isinstance(document, dict) or not ({"labels", "id"} & document.keys()):
        raise BadBodyError("body", 'expected {"id": …, "label": …} or {"labels": [that, …]}')
    if "labels" not in document:
        return [_label("", document)]
    with _strictly():
        items = msgspec.convert(document, _Labels).labels
    return [_label(f"labels[{i}].", item) for i, item in enumerate(items)]


def _prediction(where: str, item: _Item) -> Prediction:
    if not is_prediction_id(item.id):
        raise BadBodyError(f"{where}.id", f"{where}.id is {item.id[:80]!r}; expected {PREDICTION_ID_RULE}")
    if item.at.tzinfo is None or not 1970 <= item.at.year < 9999:
        raise BadBodyError(f"{where}.at", f"{where}.at is {item.at}; expected a time in RFC 3339 with its zone")
    for name, value in (("revision", item.revision), ("version", item.version)):
        try:
            check_segment(name, value)
        except InvalidNameError:
            raise BadBodyError(
                f"{where}.{name}", f"{where}.{name} is {value[:80]!r}; expected {SEGMENT_RULE}"
            ) from None
    return Prediction(
        bytes.fromhex(item.id),
        microseconds(item.at),
        item.revision,
        item.version,
        _encode(item.features),
        _encode(item.prediction),
    )


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


@contextmanager
def _strictly() -> Iterator[None]:
    """Raise BadBodyError for whatever msgspec finds wrong."""
    try:
        yield
    except msgspec.ValidationError as error:
        raise _bad(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadBodyError("body", f"the body is no JSON: {error}") from None
    except RecursionError:
        raise BadBodyError("body", "the body is nested too deeply; expected plain values") from None


def _bad(error: msgspec.ValidationError) -> BadBodyError:
    """Read the field out of msgspec's message: `Expected `str`, got `int` - at `$.predictions[0].id``."""
    text, _, place = str(error).partition(" - at `")
    return BadBodyError(place.rstrip("`").removeprefix("$.") or "body", text)


Kind = Literal["predictions", "labels"]
