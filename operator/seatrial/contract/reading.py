"""Reading JSON documents from outside: every complaint names the field, the value and what would be right."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard, TypeVar

from seatrial.contract.names import DIGEST_RULE, SEGMENT_RULE, is_digest, is_segment

T = TypeVar("T")

_SHOWN = 80


class DocumentError(ValueError):
    """A document does not say what it must; the message names the field, the value and what would be right.

    `without_value` is the message for those who may not see the document.
    """

    def __init__(self, document: str, field: str, value: object, expected: str) -> None:
        shown = repr(value)
        if len(shown) > _SHOWN:
            shown = shown[:_SHOWN] + "…"
        super().__init__(f"{document}: {field} is {shown}; expected {expected}")
        self.field = field
        self.without_value = f"{document}: {field} is wrong; expected {expected}"


def is_number(value: object) -> TypeGuard[int | float]:
    """Say whether a JSON value is a number that a double can hold: no boolean, NaN, infinity or longer integer."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


class Reader:
    """A cursor into one JSON object that knows the path it stands at."""

    def __init__(self, document: str, value: object, path: str = "") -> None:
        if not isinstance(value, Mapping):
            raise DocumentError(document, path or "the document", value, "an object")
        self._document, self._value, self._path = document, value, path

    def name(self, field: str) -> str:
        """Return the field's whole path, such as `files.model.skops.size`."""
        return f"{self._path}.{field}" if self._path else field

    def fail(self, field: str, expected: str) -> DocumentError:
        """Return the error for a field of this object."""
        return DocumentError(self._document, self.name(field), self._value.get(field), expected)

    def fields(self) -> list[str]:
        """Return the object's fields in sorted order."""
        return sorted(str(key) for key in self._value)

    def raw(self, field: str) -> Any:
        """Return the field as it stands, None where it is absent."""
        return self._value.get(field)

    def text(self, field: str, default: str | None = None) -> str:
        """Return a string."""
        return self._typed(field, str, "a string", default)

    def segment(self, field: str) -> str:
        """Return the name of a model, version or channel."""
        return self._named(field, is_segment, SEGMENT_RULE)

    def digest(self, field: str) -> str:
        """Return a digest with its algorithm."""
        return self._named(field, is_digest, DIGEST_RULE)

    def integer(self, field: str, default: int | None = None) -> int:
        """Return an integer (a boolean is none)."""
        if isinstance(self._value.get(field), bool):
            raise self.fail(field, "an integer")
        return self._typed(field, int, "an integer", default)

    def number(self, field: str, default: float | None = None) -> float:
        """Return a finite number as a float."""
        value = self._value.get(field, default)
        if not is_number(value):
            raise self.fail(field, "a finite number")
        return float(value)

    def flag(self, field: str, default: bool | None = None) -> bool:
        """Return a boolean."""
        return self._typed(field, bool, "true or false", default)

    def strings(self, field: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of strings."""
        value = self._value.get(field)
        if value is None and default is not None:
            return default
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fail(field, "a list of strings")
        return tuple(value)

    def numbers(self, field: str) -> dict[str, float]:
        """Return an object of numbers; absent is empty."""
        inner = self.object(field, optional=True)
        return {key: inner.number(key) for key in inner.fields()}

    def object(self, field: str, *, optional: bool = False) -> "Reader":
        """Return a cursor into an inner object; an absent optional one is empty."""
        value = self._value.get(field)
        if value is None and optional:
            value = {}
        return Reader(self._document, value, self.name(field))

    def objects(self, field: str) -> "list[Reader]":
        """Return cursors into a list of objects; absent is empty."""
        value = self._value.get(field, [])
        if not isinstance(value, list):
            raise self.fail(field, "a list of objects")
        return [Reader(self._document, item, f"{self.name(field)}[{i}]") for i, item in enumerate(value)]

    def _named(self, field: str, fits: Callable[[str], bool], rule: str) -> str:
        if not fits(value := self.text(field)):
            raise self.fail(field, rule)
        return value

    def _typed(self, field: str, kind: type[T], expected: str, default: T | None) -> T:
        value = self._value.get(field)
        if value is None and default is not None:
            return default
        if not isinstance(value, kind):
            raise self.fail(field, expected)
        return value


def read_document(document: str, data: str | bytes) -> Reader:
    """Return a cursor into a JSON document from outside; raises DocumentError, whatever is wrong with it."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DocumentError(document, "the document", data[:_SHOWN], f"JSON ({error})") from None
    return Reader(document, value)
