"""A Prometheus in memory: samples that a test recorded, and queries that are selectors, or their last_over_time."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from seatrial.ports import ANSWER_BYTES, MetricsError, Series
from tests.fakes.clock import FakeClock
from tests.fakes.hooks import Hook, nothing

POINT_BYTES = 20  # about what a point takes in an answer
LOOKBACK = 300.0  # seconds for which a sample stands, as in Prometheus
_QUERY = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?")
_LASTING = re.compile(r"last_over_time\((.*)\[(\d+)s\]\)")
_MATCHER = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)(=~|!~|!=|=)"([^"]*)",?')

Labels = tuple[tuple[str, str], ...]


class FakeMetrics:
    """ports.Metrics."""

    def __init__(self, clock: FakeClock) -> None:
        self.before: Hook = nothing
        self._clock = clock
        self._samples: dict[Labels, list[tuple[float, float]]] = {}

    def record(self, name: str, labels: Mapping[str, str], value: float) -> None:
        """Take a sample now, as a scrape does."""
        series = tuple(sorted({**labels, "__name__": name}.items()))
        self._samples.setdefault(series, []).append((self._clock.now().timestamp(), value))

    def forget(self, name: str, labels: Mapping[str, str]) -> None:
        """Drop the series that have these labels, as if they had never been."""
        gone = {"__name__": name, **labels}.items()
        self._samples = {series: points for series, points in self._samples.items() if not gone <= set(series)}

    async def instant(self, query: str) -> Sequence[Series]:
        """Evaluate a selector now."""
        self.before("instant", (query,))
        return self._evaluate(query, [self._clock.now().timestamp()])

    async def range(
        self, query: str, start: datetime, end: datetime, step: timedelta, *, most: int = ANSWER_BYTES
    ) -> Sequence[Series]:
        """Evaluate a selector at each step."""
        self.before("range", (query, start, end, step))
        count = int((end - start) / step)
        answer = self._evaluate(query, [(start + i * step).timestamp() for i in range(count + 1)])
        if POINT_BYTES * sum(len(series.points) for series in answer) > most:
            raise MetricsError(f"the answer has more than {most:,} bytes")
        return answer

    def _evaluate(self, query: str, times: list[float]) -> Sequence[Series]:
        chosen = [lasting(one) for one in query.split(" or ")]
        selectors = [(_selector(text), seconds or LOOKBACK) for text, seconds in chosen]
        answers = []
        for labels, samples in sorted(self._samples.items()):
            stands = next((seconds for matches, seconds in selectors if matches(dict(labels))), 0.0)
            points = [(at, value) for at in times if (value := _at(samples, at, stands)) is not None]
            if points:
                answers.append(Series(dict(labels), tuple(points)))
        return tuple(answers)


def lasting(query: str) -> tuple[str, float | None]:
    """Return a selector, and for how many seconds each of its samples stands, None where the query does not say."""
    found = _LASTING.fullmatch(query)
    return (found[1], float(found[2])) if found else (query, None)


def _at(samples: Sequence[tuple[float, float]], at: float, stands: float) -> float | None:
    standing = [value for when, value in samples if at - stands < when <= at]
    return standing[-1] if standing else None


def _selector(query: str) -> Callable[[Mapping[str, str]], bool]:
    parsed = _QUERY.fullmatch(query)
    body = parsed[2] or "" if parsed else ""
    if parsed is None or _MATCHER.sub("", body):
        raise MetricsError(f"parse error: {query!r} is no selector that this fake knows")
    matchers = [("__name__", "=", parsed[1]), *(match.groups() for match in _MATCHER.finditer(body))]
    return lambda labels: all(_matches(labels.get(name, ""), how, value) for name, how, value in matchers)


def _matches(found: str, how: str, wanted: str) -> bool:
    equal = re.fullmatch(wanted, found) is not None if how.endswith("~") else found == wanted
    return equal is (how in ("=", "=~"))
