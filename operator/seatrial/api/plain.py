"""Frozen dataclasses as plain JSON and back: fields in camelCase, times as RFC 3339 in UTC and whole seconds.

It knows str, int, bool, datetime, StrEnum, numbers by name, dataclasses of these, and `| None`: all that a status is
made of.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from seatrial.api.spec import Json
from seatrial.contract.reading import DocumentError, Reader

T = TypeVar("T")

MAXIMUM_TEXT = 1024  # characters; a longer text is cut
TIME_RULE = "a time with its offset, such as 2026-05-04T12:00:00Z"


def to_plain(value: Any) -> Json:
    """Return a value as JSON; a field that is None or an empty object is left out."""
    match value:
        case datetime():
            return f"{value.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()}Z"
        case str():
            return str(value) if len(value) <= MAXIMUM_TEXT else value[: MAXIMUM_TEXT - 1] + "…"
        case int():
            return value
        case Mapping():
            return dict(value)
    inner = {camel_case(field.name): getattr(value, field.name) for field in fields(value)}
    plain = {name: to_plain(item) for name, item in inner.items() if item is not None}
    return {name: item for name, item in plain.items() if item != {}}


def from_plain(kind: type[T], reader: Reader) -> T:
    """Return the dataclass that an object holds, with its defaults; raises DocumentError naming what is wrong."""
    hints = get_type_hints(kind)
    values = {
        field.name: _read(hints[field.name], reader, camel_case(field.name))
        for field in fields(kind)  # type: ignore[arg-type]  # a dataclass: to_plain would not have written others
        if not _left_out(field, reader)
    }
    return kind(**values)


def camel_case(name: str) -> str:
    """Return a field's name as JSON has it: stage_since is stageSince."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _left_out(field: "Field[Any]", reader: Reader) -> bool:
    has_default = field.default is not MISSING or field.default_factory is not MISSING
    return has_default and reader.raw(camel_case(field.name)) is None


def _read(kind: Any, reader: Reader, name: str) -> object:
    if get_origin(kind) is UnionType:
        kind = get_args(kind)[0]
    if is_dataclass(kind):
        return from_plain(kind, reader.object(name))  # type: ignore[arg-type]
    if get_origin(kind) is Mapping:
        inner = reader.object(name)
        return {key: _count(inner, key) for key in inner.fields()}
    if kind is datetime:
        return _time(reader, name)
    if kind is bool:
        return reader.flag(name, default=False)
    if kind is int:
        return _count(reader, name)
    text = reader.text(name)
    return text if kind is str else _member(kind, reader, name)


def _count(reader: Reader, name: str) -> int:
    count = reader.integer(name)
    if not 0 <= count < 2**63:
        raise reader.fail(name, "an integer of 0 or more")
    return count


def _member(kind: type[StrEnum], reader: Reader, name: str) -> StrEnum:
    try:
        return kind(reader.text(name))
    except ValueError:
        raise reader.fail(name, "one of " + ", ".join(kind)) from None


def _time(reader: Reader, name: str) -> datetime:
    try:
        time = datetime.fromisoformat(reader.text(name)).replace(microsecond=0)
        if time.tzinfo is None:
            raise reader.fail(name, TIME_RULE)
        return time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise error if isinstance(error, DocumentError) else reader.fail(name, TIME_RULE) from None
