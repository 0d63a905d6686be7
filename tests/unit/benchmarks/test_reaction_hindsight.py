"""What could have been known, and when: on a Prometheus in memory that has seen more since."""

from datetime import timedelta

import pytest

from seatrial.api.status import Stage
from seatrial.contract import metrics
from tests.benchmarks.reaction.hindsight import AsOf, sufficient_since
from tests.fakes.clock import FakeClock
from tests.fakes.metrics import FakeMetrics
from tests.given import KEY, NOW, on_trial, ref, spec

SECOND = timedelta(seconds=1)
OF_ERRORS = spec(rollout={"checks": [{"name": "errors", "errors": {}}]})


def counted(prometheus: FakeMetrics, version: str, outcome: str, value: float) -> None:
    labels = {"namespace": KEY.namespace, metrics.NAME: KEY.name, metrics.REVISION: ref(version, OF_ERRORS).revision}
    told = {metrics.TRAFFIC: metrics.LIVE, metrics.OUTCOME: outcome, "pod": version}
    prometheus.record(metrics.REQUESTS, {**labels, **told}, value)


def scraped(seconds: int) -> FakeMetrics:
    """Given a Prometheus that scraped each second; from second 7 on half of the candidate's answers fail."""
    clock = FakeClock()
    prometheus = FakeMetrics(clock)
    for second in range(seconds + 1):
        failed = 50.0 * max(0, second - 7)
        for version, errors in (("1", 0.0), ("2", failed)):
            counted(prometheus, version, metrics.OK, 100.0 * second - errors)
            counted(prometheus, version, metrics.ERROR, errors)
        clock.advance(1)
    return prometheus


async def seconds_until_sufficient(seconds: int) -> float | None:
    """When it is asked with hindsight, after so many seconds."""
    status = on_trial(Stage.CANARY, of=OF_ERRORS).status
    found = await sufficient_since(scraped(seconds), KEY, OF_ERRORS, status, NOW.timestamp() + seconds)
    return None if found is None else found - NOW.timestamp()


async def test_the_evidence_is_sufficient_from_a_scrape_on_and_what_came_later_changes_nothing() -> None:
    found = await seconds_until_sufficient(60)
    assert found is not None
    assert 40 <= found <= 47, "three intervals are the least: one accident alone ends no trial"
    assert found == pytest.approx(round(found), abs=0.01), "it is a moment at which something was scraped"
    assert await seconds_until_sufficient(round(found)) == pytest.approx(found)
    assert await seconds_until_sufficient(round(found) - 1) is None


async def test_what_was_never_to_be_seen_is_none() -> None:
    clock = FakeClock()
    world = on_trial(Stage.CANARY, of=OF_ERRORS)
    until = clock.now().timestamp() + 5
    assert await sufficient_since(FakeMetrics(clock), KEY, OF_ERRORS, world.status, until) is None


async def test_what_was_asked_about_later_is_answered_by_what_was_so() -> None:
    clock = FakeClock()
    prometheus, began = FakeMetrics(clock), clock.now()
    for second in range(10):
        prometheus.record("seatrial_requests_total", {"pod": "a"}, float(second))
        clock.advance(1)
    past = AsOf(prometheus, began + 4 * SECOND)
    [series] = await past.range("seatrial_requests_total", began, began + 8 * SECOND, 2 * SECOND)
    assert [value for _, value in series.points] == [0.0, 2.0, 4.0, 4.0, 4.0]
    assert [at - began.timestamp() for at, _ in series.points] == [0.0, 2.0, 4.0, 6.0, 8.0]
