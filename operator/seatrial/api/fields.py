"""Reading the API's own kinds of fields: durations, decimals, enumerations, sections that may be left out."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from seatrial.api.quantities import (
    DECIMAL_RULE,
    DURATION_RULE,
    NUMBER_RULE,
    format_duration,
    parse_decimal,
    parse_duration,
    parse_number,
)
from seatrial.api.spec import Json
from seatrial.contract.reading import Reader

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

MILLISECOND = timedelta(milliseconds=1)
# Nearer to 0 or 1 a share could not be told from them.
SMALLEST_SHARE = 1e-6
LARGEST_DECIMAL = 1e9
RESOURCES = ("requests", "limits")


def duration(
    reader: Reader,
    field: str,
    default: timedelta,
    at_least: timedelta = timedelta(),
    at_most: timedelta = timedelta.max,
) -> timedelta:
    """Read a duration from `at_least` to `at_most`."""
    if reader.raw(field) is None:
        return default
    parsed = parse_duration(reader.text(field))
    if parsed is None or not at_least <= parsed <= at_most:
        least = f" of at least {at_least / MILLISECOND:g}ms" if at_least else ""
        most = f" and at most {format_duration(at_most)}" if at_most < timedelta.max else ""
        raise reader.fail(field, DURATION_RULE + least + most)
    return parsed


def decimal(
    reader: Reader, field: str, default: float, *, at_least: float = 0.0, at_most: float = LARGEST_DECIMAL
) -> float:
    """Read a decimal between `at_least` and `at_most`."""
    if reader.raw(field) is None:
        return default
    parsed = parse_decimal(reader.text(field))
    if parsed is None or not at_least <= parsed <= at_most:
        unbounded = (at_least, at_most) == (0.0, LARGEST_DECIMAL)
        raise reader.fail(field, DECIMAL_RULE + ("" if unbounded else f", from {at_least:g} to {at_most:g}"))
    return parsed


def number(reader: Reader, field: str) -> float | None:
    """Read a decimal that may be below 0; absent is None."""
    if reader.raw(field) is None:
        return None
    parsed = parse_number(reader.text(field))
    if parsed is None:
        raise reader.fail(field, NUMBER_RULE)
    return parsed


def resources(reader: Reader, field: str) -> Mapping[str, Mapping[str, Json]]:
    """Read a pod's requests and limits, each an object of quantities; absent is empty."""
    inner = reader.object(field, optional=True)
    kinds = [kind for kind in RESOURCES if inner.raw(kind) is not None]
    return {kind: _quantities(inner.object(kind)) for kind in kinds}


def _quantities(reader: Reader) -> dict[str, Json]:
    quantities = {name: reader.raw(name) for name in reader.fields()}
    for name, quantity in quantities.items():
        if isinstance(quantity, bool) or not isinstance(quantity, str | int):
            raise reader.fail(name, "a quantity such as 500m, 2 or 1Gi")
    return quantities


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
