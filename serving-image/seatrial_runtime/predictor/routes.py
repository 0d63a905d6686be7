"""Which path means what. Nothing else is answered."""

from dataclasses import dataclass
from enum import Enum, auto

from seatrial.contract.http import DRIFT_METRICS_PATH, LIVE_PATH, METRICS_PATH, READY_PATH, SHADOW_PATH


class Endpoint(Enum):
    """What a request may be about."""

    LIVE = auto()
    READY = auto()
    SERVER = auto()
    METRICS = auto()
    DRIFT_METRICS = auto()
    SHADOW = auto()
    V2_METADATA = auto()
    V2_READY = auto()
    V2_INFER = auto()
    V1_STATUS = auto()
    V1_PREDICT = auto()


POSTED = frozenset({Endpoint.SHADOW, Endpoint.V2_INFER, Endpoint.V1_PREDICT})


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint, and the model and version that the path names (empty: none)."""

    endpoint: Endpoint
    model: str = ""
    version: str = ""


_FIXED = {
    LIVE_PATH: Route(Endpoint.LIVE),
    READY_PATH: Route(Endpoint.READY),
    "/v2": Route(Endpoint.SERVER),
    METRICS_PATH: Route(Endpoint.METRICS),
    DRIFT_METRICS_PATH: Route(Endpoint.DRIFT_METRICS),
    SHADOW_PATH: Route(Endpoint.SHADOW),
}
_V2 = {"": Endpoint.V2_METADATA, "ready": Endpoint.V2_READY, "infer": Endpoint.V2_INFER}
_PREDICT = ":predict"


def route(path: str) -> Route | None:
    """Return what a path means; None where it means nothing."""
    if (fixed := _FIXED.get(path)) is not None:
        return fixed
    match path.split("/"):
        case ["", "v1", "models", name] if name.endswith(_PREDICT):
            return Route(Endpoint.V1_PREDICT, name.removesuffix(_PREDICT))
        case ["", "v1", "models", name]:
            return Route(Endpoint.V1_STATUS, name)
        case ["", "v2", "models", name, "versions", version, *rest]:
            return _v2(name, version, rest)
        case ["", "v2", "models", name, *rest]:
            return _v2(name, "", rest)
        case _:
            return None


def _v2(name: str, version: str, rest: list[str]) -> Route | None:
    if len(rest) > 1 or rest == [""]:
        return None
    endpoint = _V2.get(rest[0] if rest else "")
    return None if endpoint is None else Route(endpoint, name, version)
