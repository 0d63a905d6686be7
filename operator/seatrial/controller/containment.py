"""Does a live object still say all that is desired of it?

The API server adds defaults, drops what is empty and writes quantities in its own way; others may add containers,
volumes or variables to a pod. None of that is a difference. A field that was changed or removed is.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)([numkMGTPE]|[KMGTPE]i)?")
_DECIMAL_UNITS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY_UNITS = {unit: 1024**power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)}
_HOLD_QUANTITIES = frozenset({"limits", "requests", "sizeLimit"})
# Maps that are one value: one more label, and a selector chooses no pod of ours.
_ATOMIC = frozenset({"selector", "matchLabels", "nodeSelector"})
_MAY_HOLD_MORE = frozenset({"containers", "initContainers", "env", "volumes", "volumeMounts"})

Path = tuple[str, ...]


def contains(live: Any, desired: Any, path: Path = ()) -> bool:
    """Say whether every field of `desired` stands in `live`; `path` is the names of the fields that led there."""
    match desired:
        case Mapping():
            return isinstance(live, Mapping) and _fields(live, desired, path)
        case list() | tuple():
            return isinstance(live, Sequence) and _items(live, desired, path)
        case _:
            return _same(live, desired, path)


def _fields(live: Mapping[str, Any], desired: Mapping[str, Any], path: Path) -> bool:
    if path and path[-1] in _ATOMIC and live.keys() != desired.keys():
        return False
    return all(
        contains(live[key], value, (*path, key)) if key in live else _is_empty(value) for key, value in desired.items()
    )


def _items(live: Sequence[Any], desired: Sequence[Any], path: Path) -> bool:
    if path and path[-1] in _MAY_HOLD_MORE:
        named = {item["name"]: item for item in live}
        return all(item["name"] in named and contains(named[item["name"]], item, path) for item in desired)
    return len(live) == len(desired) and all(
        contains(one, other, path) for one, other in zip(live, desired, strict=True)
    )


def _same(live: Any, desired: Any, path: Path) -> bool:
    if live == desired and isinstance(live, bool) == isinstance(desired, bool):
        return True
    if _HOLD_QUANTITIES.isdisjoint(path):
        return False
    amounts = amount(live), amount(desired)
    return None not in amounts and amounts[0] == amounts[1]


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], (), {})


def amount(value: Any) -> Decimal | None:
    """Return a Kubernetes quantity as a number, None where it is none."""
    match = _QUANTITY.fullmatch(str(value))
    if match is None:
        return None
    number, unit = Decimal(match[1]), match[2] or ""
    if unit in _BINARY_UNITS:
        return number * Decimal(_BINARY_UNITS[unit])
    return number.scaleb(_DECIMAL_UNITS[unit])
