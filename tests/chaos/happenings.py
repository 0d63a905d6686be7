"""What happens, in which order: drawn from a seed alone, so that the same seed tells the same story.

Who exactly is hit (which pod, which candidate) also depends on who is there when it happens.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from random import Random

BETWEEN = (1.0, 9.0)  # seconds from one to the next
AWAY = (10.0, 60.0)  # seconds that a part is away
API_AWAY = 35.0  # seconds at most: after longer outages of it Kubernetes takes its nodes for lost


class What(StrEnum):
    """A kind of happening."""

    GOOD = "a good version is wanted"
    BAD = "a bad version is wanted"
    BACK = "the version before is wanted"
    REPLICAS = "the replicas change"
    SERVING = "the batches change"
    PAUSE = "the rollout is paused, or goes on"
    APPROVE = "the canary's step is approved"
    PROMOTE = "the candidate is to take over, if it is good"
    ABORT = "the candidate is aborted"
    RETRY = "a rejected version is to be tried again"
    OPERATOR_KILLED = "the operator's process is killed"
    OPERATOR_DELETED = "the operator's pod is deleted without grace"
    OPERATORS_DELETED = "two operators run, and both are deleted without grace"
    POD_DELETED = "a predictor's pod is deleted"
    PODS_DELETED = "all pods but one of a revision are deleted"
    POD_KILLED = "a predictor's pod is deleted without grace"
    PROCESS_KILLED = "a predictor's process is killed"
    COLLECTOR_DELETED = "the collector's pod is deleted"
    PROMETHEUS_AWAY = "Prometheus is away"
    STORE_AWAY = "S3 is away"
    API_AWAY = "the API server does not answer"
    DNS_DELETED = "the DNS server's pod is deleted"
    GATEWAY_DELETED = "the pod of the gateway's controller is deleted"


# How often each happens, beside the others.
CHANCES: Mapping[What, int] = {
    What.GOOD: 14,
    What.BAD: 18,
    What.BACK: 5,
    What.REPLICAS: 4,
    What.SERVING: 4,
    What.PAUSE: 3,
    What.APPROVE: 12,
    What.PROMOTE: 6,
    What.ABORT: 3,
    What.RETRY: 5,
    What.OPERATOR_KILLED: 3,
    What.OPERATOR_DELETED: 3,
    What.OPERATORS_DELETED: 2,
    What.POD_DELETED: 6,
    What.PODS_DELETED: 5,
    What.POD_KILLED: 5,
    What.PROCESS_KILLED: 5,
    What.COLLECTOR_DELETED: 3,
    What.PROMETHEUS_AWAY: 3,
    What.STORE_AWAY: 3,
    What.API_AWAY: 3,
    What.DNS_DELETED: 2,
    What.GATEWAY_DELETED: 2,
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happens `wait` seconds after the one before, to the model of this number if to any.

    `choice` in [0, 1) chooses among what it may hit; `seconds` is how long it lasts, if it does.
    """

    number: int
    wait: float
    what: What
    model: int
    choice: float
    seconds: float


def happenings(seed: int, models: int) -> Iterator[Happening]:
    """Yield what happens to so many models, without an end."""
    rng = Random(seed)
    for number in count(1):
        wait, choice = rng.uniform(*BETWEEN), rng.random()
        [what] = rng.choices(list(CHANCES), list(CHANCES.values()))
        seconds = rng.uniform(*AWAY)
        lasts = min(seconds, API_AWAY) if what is What.API_AWAY else seconds
        yield Happening(number, wait, what, rng.randrange(models), choice, lasts)
