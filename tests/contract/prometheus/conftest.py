"""The Prometheus that the suite runs on: the one in memory, and a real one.

SEATRIAL_TEST_PROMETHEUS is the real one's URL (default: the embedded cluster's).
"""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from seatrial.adapters.clock import SystemClock
from seatrial.adapters.prometheus import Prometheus
from seatrial.ports import Metrics
from tests.cluster.cluster import Cluster as Embedded
from tests.fakes.clock import FakeClock
from tests.fakes.metrics import FakeMetrics


@dataclass(frozen=True, slots=True)
class Site:
    """A Prometheus that has had `metric` for the last seconds, and its time."""

    metrics: Metrics
    metric: str
    now: datetime


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.cluster)])
async def site(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    """The Prometheus under test."""
    if request.param == "fake":
        yield _fake()
        return
    url = os.environ.get("SEATRIAL_TEST_PROMETHEUS") or Embedded().addresses.prometheus
    prometheus = Prometheus(url, SystemClock())
    # It scrapes every second or so, and stores what it knows of itself only then.
    yield Site(prometheus, "scrape_samples_scraped", SystemClock().now())
    await prometheus.close()


def _fake() -> Site:
    clock = FakeClock()
    metrics = FakeMetrics(clock)
    for _ in range(60):
        for pod in ("a", "b"):
            metrics.record("scrape_samples_scraped", {"pod": pod, "job": "pods"}, 7)
        clock.advance(1)
    return Site(metrics, "scrape_samples_scraped", clock.now())
