"""From time series of counters to growth: differences, pod by pod, at the times at which they were seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from seatrial.ports import Series


@dataclass(frozen=True, slots=True)
class Growth:
    """How much a counter grew until `at` (Unix seconds) since the point before.

    `age` is how long it had existed at that point, in seconds: all that grew came when it was older.
    """

    series: Series
    at: float
    by: int
    age: float


def join(past: Sequence[Series], recent: Sequence[Series], seam: datetime) -> tuple[Series, ...]:
    """Return the series of two answers, by their labels: the past's until the seam, and the recent ones from there on.

    What the past read after the seam is known better from the recent answer. Only of a pod that went before the seam
    there is nothing else: what it counted last stands there, but was counted until the seam.
    """
    lately = {_identity(series): series for series in recent}
    joined = [_joined(series, lately.pop(_identity(series), None), seam.timestamp()) for series in past]
    return (*joined, *lately.values())


def _identity(series: Series) -> frozenset[tuple[str, str]]:
    return frozenset(series.labels.items())


def _joined(past: Series, recent: Series | None, seam: float) -> Series:
    if recent is None or not recent.points:
        return Series(past.labels, tuple((min(at, seam), value) for at, value in past.points))
    begins = recent.points[0][0]
    before = ((at, value) for at, value in past.points if at <= seam and at < begins)
    return Series(past.labels, (*before, *recent.points))


def growth(answer: Sequence[Series], since: datetime) -> Iterator[Growth]:
    """Yield the growth of every series after `since`.

    A counter that falls was reset, and counts from 0. A series that begins within the range begins at 0, because
    every counter exists at 0 before the first request; where nothing at all was seen at the beginning of the range,
    Prometheus itself was away, and the first points are only what later ones are compared with.
    """
    points = [series.points[0][0] for series in answer if series.points]
    if not points:
        return
    beginning = min(points)
    away = beginning > since.timestamp()
    for series in answer:
        yield from _of_series(series, since.timestamp(), beginning, away=away)


def _of_series(series: Series, since: float, beginning: float, *, away: bool) -> Iterator[Growth]:
    if not series.points:
        return
    born, first = series.points[0]
    old = born <= beginning
    before, seen = first if old or away else 0.0, born
    for at, value in series.points:
        by = value - before if value >= before else value
        if at > since:
            yield Growth(series, at, round(by), float("inf") if old else seen - born)
        before, seen = value, at
