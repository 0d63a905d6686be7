"""The arithmetic of traffic: replicas for a weight, and weights only for pods that are there."""

import math
from collections.abc import Iterable

FULL = 100
MAXIMUM_BACKENDS = 16  # that the Gateway API allows in a rule of an HTTPRoute


def candidate_replicas(replicas: int, weight: int, *, by_replicas: bool) -> int:
    """Return how many candidate pods a weight (percent) needs beside `replicas` stable ones; at least one.

    With a route the candidate's pods carry its share of the load. Without one (`by_replicas`) the pods *are* the
    share: c / (replicas + c) is as near to the weight, 50 at most, as whole pods allow.
    """
    if not by_replicas:
        return max(1, math.ceil(replicas * weight / FULL))
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
