"""The arithmetic of traffic: replicas for a weight, and weights only for pods that are there."""

import math
from collections.abc import Iterable

FULL = 100
MAXIMUM_GROWTH = 2  # times as many pods: what an autoscaler's own minimum says of the load is not known
MAXIMUM_BACKENDS = 16  # that the Gateway API allows in a rule of an HTTPRoute


def pods_for_share(replicas: int, weight: int) -> int:
    """Return how many of the pods that the whole load needs a weight's share (percent) of it needs; at least one."""
    return max(1, math.ceil(replicas * weight / FULL))


def pods_beside(replicas: int, weight: int) -> int:
    """Return how many candidate pods beside `replicas` stable ones make up a weight (percent); at least one.

    c / (replicas + c) is as near to the weight as whole pods allow.
    """
    return max(1, round(replicas * weight / (FULL - weight)))


def weights(stable: str, candidate: str | None, weight: int, idle: Iterable[str] = ()) -> dict[str, int]:
    """Return the weight of each revision in the route; they add up to 100.

    Idle revisions are in it too, with no weight: a gateway must know a backend before it gets requests, and for as
    long as requests may still be on their way to it.
    """
    shares = dict.fromkeys(idle, 0)
    if candidate is None or candidate == stable or weight == 0:
        return {**shares, stable: FULL}
    return {**shares, stable: FULL - weight, candidate: weight}
