"""The rules of one feature, as a function that checks a whole column of it."""

from collections.abc import Callable, Mapping
from typing import Any

from seatrial.contract.schema import Feature, Kind
from seatrial_runtime.predictor.invalid import InvalidInputError, listed, shown

_DOUBLE = 1.7976931348623157e308
_INT64 = 2**63
_TYPES: Mapping[Kind, frozenset[type]] = {
    Kind.NUMBER: frozenset({float, int}),
    Kind.INTEGER: frozenset({int, float}),  # 200.0 is an integer in JSON
    Kind.STRING: frozenset({str}),
    Kind.BOOLEAN: frozenset({bool}),
}
_NOUNS = {Kind.NUMBER: "a number", Kind.INTEGER: "an integer", Kind.STRING: "a string", Kind.BOOLEAN: "true or false"}


def check_of(feature: Feature) -> Callable[[list[Any]], list[Any]]:
    """Return the function that checks a column of this feature: it returns the column, or raises."""
    allowed = _TYPES[feature.kind] | ({type(None)} if feature.nullable else frozenset())
    low, high = _bounds(feature)
    numeric = feature.kind in (Kind.NUMBER, Kind.INTEGER)
    known = frozenset(feature.categories) if feature.closed else None

    def check(values: list[Any]) -> list[Any]:
        kinds = set(map(type, values))
        if not kinds <= allowed:
            raise _refused(feature, values, lambda value: type(value) in allowed)
        present = [value for value in values if value is not None] if type(None) in kinds else values
        if numeric and present:
            if not (low <= min(present) and max(present) <= high):
                raise _refused(feature, values, lambda value: value is None or low <= value <= high)
            if feature.kind is Kind.INTEGER and float in kinds:
                return _integers(feature, values)
        if known is not None and not known.issuperset(present):
            raise _refused(feature, values, lambda value: value is None or value in known)
        return values

    return check


def _bounds(feature: Feature) -> tuple[float, float]:
    least, most = (-_INT64, _INT64 - 1) if feature.kind is Kind.INTEGER else (-_DOUBLE, _DOUBLE)
    low = least if feature.minimum is None else max(least, feature.minimum)
    return low, most if feature.maximum is None else min(most, feature.maximum)


def _integers(feature: Feature, values: list[Any]) -> list[Any]:
    if any(type(value) is float and not value.is_integer() for value in values):
        raise _refused(feature, values, lambda value: type(value) is not float or value.is_integer())
    return [int(value) if type(value) is float else value for value in values]


def _refused(feature: Feature, values: list[Any], fits: Callable[[Any], bool]) -> InvalidInputError:
    i = next(i for i, value in enumerate(values) if not fits(value))
    message = f"{where(i, len(values))}{feature.name} is {shown(values[i])}; expected {expected(feature)}"
    return InvalidInputError(message, feature.name)


def expected(feature: Feature) -> str:
    """Return what would be accepted for a feature, as the end of a message."""
    text = _NOUNS[feature.kind]
    if feature.closed:
        text = "one of " + listed(feature.categories)
    if feature.minimum is not None:
        text += f" from {_plain(feature.minimum)}"
    if feature.maximum is not None:
        text += f" {'up ' if feature.minimum is None else ''}to {_plain(feature.maximum)}"
    return f"{text}, or null" if feature.nullable else text


def where(i: int, count: int) -> str:
    return f"row {i}: " if count > 1 else ""


def _plain(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else repr(bound)
