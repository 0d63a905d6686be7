"""Server-side apply, as far as Seatrial leans on it: fields merge, lists are replaced, what one no longer says goes."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any


def applied(live: Mapping[str, Any], desired: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object after an apply; `before` is what the same manager applied the last time."""
    result = {key: deepcopy(value) for key, value in live.items() if key in desired or key not in before}
    for key, value in desired.items():
        inner, earlier = result.get(key), before.get(key)
        if isinstance(value, Mapping):
            result[key] = applied(_object(inner), value, _object(earlier))
        else:
            result[key] = deepcopy(value)
    return result


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
