"""Two answers of one question, joined: whatever pods and Prometheus do at the seam, each request counts once."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from random import Random

import pytest

from seatrial.core.counters import growth, join
from seatrial.core.observed import Query
from seatrial.core.resolution import since_then
from seatrial.ports import Series
from tests.fakes.clock import FakeClock
from tests.fakes.metrics import FakeMetrics
from tests.given import MINUTE, NOW

T = NOW.timestamp()


def counter(*points: tuple[float, float], pod: str = "a") -> Series:
    return Series({"pod": pod}, tuple((T + at, value) for at, value in points))


def joined(past: Sequence[Series], recent: Sequence[Series]) -> dict[str, list[tuple[float, float]]]:
    """Join at a seam after 100 s."""
    found = join(past, recent, NOW + timedelta(seconds=100))
    return {series.labels["pod"]: [(at - T, value) for at, value in series.points] for series in found}


@pytest.mark.parametrize(
    ("past", "recent", "expected"),
    [
        # it is there all the time; what was read behind the seam is known better
        (((0, 1), (80, 5), (160, 9)), ((100, 6), (130, 7)), [(0, 1), (80, 5), (100, 6), (130, 7)]),
        # the seam is one of the past's own steps
        (((0, 1), (50, 5), (100, 6)), ((100, 6), (130, 7)), [(0, 1), (50, 5), (100, 6), (130, 7)]),
        # it was reset in between
        (((0, 1), (80, 5)), ((100, 2), (130, 7)), [(0, 1), (80, 5), (100, 2), (130, 7)]),
        # it went before the seam
        (((0, 1), (80, 5), (160, 9)), (), [(0, 1), (80, 5), (100, 9)]),
        (((0, 1), (50, 5), (100, 6)), (), [(0, 1), (50, 5), (100, 6)]),
        # it came after the seam, and is read at the step behind it too
        (((160, 9),), ((130, 0), (160, 9)), [(130, 0), (160, 9)]),
        # Prometheus was away at the seam
        (((0, 1), (80, 5), (160, 9)), ((190, 11),), [(0, 1), (80, 5), (190, 11)]),
        (((0, 1), (50, 5), (100, 6)), ((190, 11),), [(0, 1), (50, 5), (100, 6), (190, 11)]),
    ],
)
def test_a_series_of_both_answers(
    past: tuple[tuple[float, float], ...],
    recent: tuple[tuple[float, float], ...],
    expected: list[tuple[float, float]],
) -> None:
    assert joined([counter(*past)], [counter(*recent)] if recent else []) == {"a": expected}


def test_series_are_joined_by_all_of_their_labels() -> None:
    found = joined(
        [counter((0, 1)), counter((0, 7), pod="b")], [counter((100, 2), pod="c"), counter((100, 8), pod="b")]
    )
    assert found == {"a": [(0, 1)], "b": [(0, 7), (100, 8)], "c": [(100, 2)]}


class Pods:
    """Pods that come, go and count, and a Prometheus that scrapes them every 15 s unless it is away."""

    def __init__(self, seed: int) -> None:
        self.clock, self._rng, self._names = FakeClock(), Random(seed), count()
        self.metrics = FakeMetrics(self.clock)
        self._pods: dict[str, int] = {}
        self._scraped: dict[str, int] = {}

    @property
    def scraped(self) -> int:
        """What all pods that ever were had counted when they were last scraped."""
        return sum(self._scraped.values())

    def run(self, lasting: timedelta, *, away: bool = False) -> None:
        """Let time pass. While Prometheus is away pods neither come nor go, or nobody could know of them."""
        for _ in range(lasting // timedelta(seconds=15)):
            self.clock.advance(15)
            if not away:
                self._come_and_go()
            self._count(scraped=not away)

    def _come_and_go(self) -> None:
        """A pod lives for a quarter of an hour in the mean."""
        for pod in [*self._pods]:
            if self._rng.random() < 1 / 60:
                del self._pods[pod]
        while len(self._pods) < 2:
            self._pods[f"pod-{next(self._names)}"] = 0

    def _count(self, *, scraped: bool) -> None:
        for pod in self._pods:
            self._pods[pod] += self._rng.randrange(5)
            if scraped:
                self.metrics.record("requests", {"pod": pod}, self._pods[pod])
                self._scraped[pod] = self._pods[pod]


async def answer(metrics: FakeMetrics, query: Query) -> Sequence[Series]:
    """Return what the operator would have of Prometheus."""
    recent = await metrics.range(query.promql, query.start, query.end, timedelta(seconds=query.seconds))
    return recent if query.past is None else join(await answer(metrics, query.past), recent, query.start)


# Minutes, and whether Prometheus is away in them.
COURSE = [(50, False), (12, True), (4, False), (26, False), (13, False), (17, True), (947, False), (45, False)]


@pytest.mark.parametrize("seed", range(3))
async def test_at_every_look_all_that_was_scraped_since_the_stage_began_counts_once(seed: int) -> None:
    """Pods come and go, many of them between two steps of the past, and Prometheus is away when the seam passes by."""
    world = Pods(seed)
    world.run(20 * MINUTE)
    since, before = world.clock.now(), world.scraped
    for minutes, away in COURSE:
        world.run(minutes * MINUTE, away=away)
        query = since_then(["requests"], since, world.clock.now())
        grown = growth(await answer(world.metrics, query), since)
        assert sum(part.by for part in grown) == world.scraped - before
