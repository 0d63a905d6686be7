"""Reading the API's own kinds of fields: durations, decimals, enumerations, sections that may be left out."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from seatrial.api.quantities import DECIMAL_RULE, DURATION_RULE, parse_decimal, parse_duration
from seatrial.contract.reading import Reader

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


def duration(reader: Reader, field: str, default: timedelta) -> timedelta:
    """Read a duration."""
    value = reader.raw(field)
    if value is None:
        return default
    parsed = parse_duration(reader.text(field))
    if parsed is None:
        raise reader.fail(field, DURATION_RULE)
    return parsed


def decimal(reader: Reader, field: str, default: float, at_most: float = 1e9) -> float:
    """Read a decimal between 0 and `at_most`."""
    value = reader.raw(field)
    if value is None:
        return default
    parsed = parse_decimal(reader.text(field))
    if parsed is None or parsed > at_most:
        raise reader.fail(field, DECIMAL_RULE + (f" of at most {at_most:g}" if at_most < 1e9 else ""))
    return parsed


def member(reader: Reader, field: str, default: E) -> E:
    """Read one of an enumeration's members."""
    if reader.raw(field) is None:
        return default
    kind = type(default)
    if reader.raw(field) not in list(kind):
        raise reader.fail(field, "one of " + ", ".join(kind))
    return kind(reader.text(field))


def optional_text(reader: Reader, field: str) -> str | None:
    """Read a string that may be absent."""
    return None if reader.raw(field) is None else reader.text(field)


def section(reader: Reader, field: str, parse: Callable[[Reader], T], default: T) -> T:
    """Read an inner object by its own function; absent is the default."""
    return default if reader.raw(field) is None else parse(reader.object(field))


def between(reader: Reader, field: str, low: int, high: int, default: int) -> int:
    """Read an integer within bounds."""
    value = reader.integer(field, default)
    if not low <= value <= high:
        raise reader.fail(field, f"an integer from {low} to {high}")
    return value
