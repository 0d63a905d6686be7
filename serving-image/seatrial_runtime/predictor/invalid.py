"""What a caller reads when a request cannot be answered."""

import reprlib
from collections.abc import Mapping, Sequence
from typing import Any

_MAXIMUM_NAMED = 10  # features or categories that a message lists
_MAXIMUM_FIELD = 256  # characters


class InvalidInputError(ValueError):
    """A request that cannot be answered: the message names field, value and what is expected."""

    def __init__(self, message: str, field: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.field, self.status = field[:_MAXIMUM_FIELD], status


def shown(value: object) -> str:
    """Return a value from outside as it may stand in a message: short, whatever it is, with JSON's words."""
    return _short.repr(value)


def shown_at(document: Mapping[str, Any], key: str) -> str:
    """Return what an object from outside has under a key, as it may stand in a message."""
    return shown(document[key]) if key in document else "absent"


def listed(names: Sequence[str]) -> str:
    """Return names for a message, not more than a reader can take in."""
    more = f" and {len(names) - _MAXIMUM_NAMED} more" if len(names) > _MAXIMUM_NAMED else ""
    return ", ".join(names[:_MAXIMUM_NAMED]) + more


class _JsonRepr(reprlib.Repr):
    """Python's way to write values, but for null, true and false. Repr finds these methods by the types' names."""

    def repr_NoneType(self, _value: None, _level: int) -> str:  # noqa: N802
        return "null"

    def repr_bool(self, value: bool, _level: int) -> str:
        return "true" if value else "false"


def _short_repr() -> reprlib.Repr:
    short = _JsonRepr()
    short.maxstring = short.maxother = short.maxlong = 80
    short.maxlevel, short.maxdict, short.maxlist = 2, 3, 3
    return short


_short = _short_repr()
