"""Series as Prometheus answers them: counters of pods, read every so many seconds."""

from collections.abc import Sequence
from datetime import datetime

from seatrial.contract import metrics
from seatrial.ports import Series
from tests.given import NOW

EDGES = [*(f"{edge:g}" for edge in metrics.DURATION_EDGES), "+Inf"]


def counter(values: Sequence[float | None], *, start: datetime = NOW, every: float = 10.0, **labels: str) -> Series:
    """Return a series that had these values, one a step; None is a step at which it was not there."""
    begin = start.timestamp()
    points = tuple((begin + every * i, value) for i, value in enumerate(values) if value is not None)
    return Series(labels, points)


def requests(
    revision: str,
    values: Sequence[float | None],
    *,
    outcome: str = metrics.OK,
    traffic: str = metrics.LIVE,
    pod: str = "a",
    start: datetime = NOW,
) -> Series:
    """Return a predictor's request counter."""
    return counter(values, start=start, revision=revision, outcome=outcome, traffic=traffic, pod=pod)


def durations(
    revision: str,
    values: Sequence[float | None],
    *,
    bucket: int,
    traffic: str = metrics.LIVE,
    pod: str = "a",
    start: datetime = NOW,
    edges: Sequence[str] = EDGES,
) -> list[Series]:
    """Return a predictor's histogram, whose requests all fell into one bucket."""
    empty = [None if value is None else 0.0 for value in values]
    return [
        counter(
            values if number >= bucket else empty,
            start=start,
            le=edge,
            revision=revision,
            traffic=traffic,
            pod=pod,
        )
        for number, edge in enumerate(edges)
    ]
