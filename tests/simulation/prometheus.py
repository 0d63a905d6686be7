"""A Prometheus that scrapes the simulated pods, and answers the selectors that the operator asks."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate

from seatrial.contract import metrics
from seatrial.ports import ANSWER_BYTES, MetricsError, Series
from tests.fakes.metrics import LOOKBACK, FakeMetrics, lasting
from tests.simulation.virtual import LoopClock

EDGES = [*(f"{edge:g}" for edge in metrics.DURATION_EDGES), "+Inf"]
_QUERY = re.compile(r"([a-z_]+)\{(.*)\}")
_MATCHER = re.compile(r'([a-z_]+)=~?"([^"]*)"')


@dataclass(slots=True)
class Sampled:
    """A series: its samples so far, and when its pod went."""

    labels: Mapping[str, str]
    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    ended: float = float("inf")

    def at(self, time: float, stands: float | None = None) -> float | None:
        """Return the value that stands at a time: the last of so many seconds, or while its pod is there."""
        index = bisect_right(self.times, time) - 1
        if index < 0 or (stands is None and time >= self.ended) or time - self.times[index] > (stands or LOOKBACK):
            return None
        return self.values[index]


class Prometheus(FakeMetrics):
    """ports.Metrics. `firing` are the labels of the alerts that its rules let fire."""

    def __init__(self, clock: LoopClock) -> None:
        super().__init__(clock)
        self.firing: list[Mapping[str, str]] = []
        self._time = clock
        self._series: dict[str, list[Sampled]] = {}

    def watch(self, name: str, labels: Mapping[str, str]) -> Sampled:
        """Return a new series."""
        series = Sampled(labels)
        self._series.setdefault(name, []).append(series)
        return series

    def sample(self, series: Sampled, value: float) -> None:
        """Take a sample now."""
        series.times.append(self._time.now().timestamp())
        series.values.append(value)

    def end(self, series: Sampled) -> None:
        """Mark a series as gone."""
        series.ended = self._time.now().timestamp()

    async def instant(self, query: str) -> Sequence[Series]:
        """Return the firing alerts, and what pods expose under that name."""
        self.before("instant", (query,))
        now = self._time.now().timestamp()
        exposed = [series.labels for series in self._series.get("ALERTS", ())]
        return [Series(labels, ((now, 1.0),)) for labels in [*self.firing, *exposed]]

    async def range(
        self, query: str, start: datetime, end: datetime, step: timedelta, *, most: int = ANSWER_BYTES
    ) -> Sequence[Series]:
        """Return the series that a selector chooses, at each step."""
        self.before("range", (query, start, end, step))
        first, each = start.timestamp(), step.total_seconds()
        times = [first + each * i for i in range(int((end - start) / step + 1e-9) + 1)]
        answers = []
        for series, stands in self._chosen(query):
            points = tuple((at, value) for at in times if (value := series.at(at, stands)) is not None)
            if points:
                answers.append(Series(series.labels, points))
        return answers

    def _chosen(self, query: str) -> list[tuple[Sampled, float | None]]:
        """Return the series, and for how many seconds each of their samples stands where the query says so."""
        parts = [lasting(part) for part in query.split(" or ")]
        return [(series, stands) for selector, stands in parts for series in self._selected(selector)]

    def _selected(self, query: str) -> list[Sampled]:
        parsed = _QUERY.fullmatch(query)
        if parsed is None:
            raise MetricsError(f"parse error: {query}")
        wanted = {name: set(values.split("|")) for name, values in _MATCHER.findall(parsed[2])}
        return [
            series
            for series in self._series.get(parsed[1], ())
            if all(series.labels.get(name) in values for name, values in wanted.items())
        ]


def cumulative(buckets: Sequence[int]) -> list[int]:
    """Return a histogram's buckets as Prometheus has them."""
    return list(accumulate(buckets))
