"""What the controller leans on of Prometheus, on the fake and on a real one."""

from datetime import timedelta

import pytest

from seatrial.ports import MetricsError
from tests.contract.prometheus.conftest import Site

STEP = timedelta(seconds=5)


async def test_an_instant_has_one_point_a_series(site: Site) -> None:
    found = await site.metrics.instant(site.metric)
    assert found
    for series in found:
        assert len(series.points) == 1
        assert series.labels["__name__"] == site.metric
        assert series.points[0][1] >= 0


async def test_a_range_has_its_points_in_order_at_its_steps(site: Site) -> None:
    start = site.now - 4 * STEP
    found = await site.metrics.range(site.metric, start, site.now, STEP)
    assert found
    expected = [round(start.timestamp() + i * 5, 3) for i in range(5)]
    for series in found:
        times = [round(at, 3) for at, _ in series.points]
        assert times == sorted(times)
        assert set(times) <= set(expected)
    assert any(len(series.points) == 5 for series in found)


async def test_selectors_choose(site: Site) -> None:
    everything = await site.metrics.instant(site.metric)
    one = min(everything, key=lambda series: series.labels.get("namespace") != "monitoring").labels
    chosen = ",".join(f'{name}="{value}"' for name, value in one.items() if name != "__name__")
    assert [series.labels for series in await site.metrics.instant(f"{site.metric}{{{chosen}}}")] == [one]
    name, value = next((name, value) for name, value in one.items() if name != "__name__")
    others = await site.metrics.instant(f'{site.metric}{{{name}!="{value}"}}')
    assert all(series.labels.get(name) != value for series in others)
    either = await site.metrics.instant(f'{site.metric}{{{name}=~"{value}|nothing"}}')
    assert all(series.labels[name] == value for series in either)
    assert one in [series.labels for series in either], "targets come and go between two questions, but this one stays"


async def test_what_nobody_measured_has_no_series(site: Site) -> None:
    assert await site.metrics.instant("seatrial_no_such_metric") == ()
    assert await site.metrics.range("seatrial_no_such_metric", site.now - STEP, site.now, STEP) == ()


async def test_before_anything_was_measured_there_is_nothing(site: Site) -> None:
    start = site.now - timedelta(days=3650)
    assert await site.metrics.range(site.metric, start, start + STEP, STEP) == ()


async def test_a_query_that_is_none_is_an_error(site: Site) -> None:
    with pytest.raises(MetricsError, match="parse error"):
        await site.metrics.instant("up{")


async def test_selectors_are_joined(site: Site) -> None:
    """At one moment, of which Prometheus knows all by now: pods come and go while others test."""
    then = site.now - STEP
    everything = await site.metrics.range(site.metric, then, then, STEP)
    name, value = next((name, value) for name, value in everything[0].labels.items() if name != "__name__")
    joined = f'{site.metric}{{{name}="{value}"}} or {site.metric}{{{name}!="{value}"}}'
    found = await site.metrics.range(joined, then, then, STEP)
    assert {tuple(sorted(series.labels.items())) for series in found} == {
        tuple(sorted(series.labels.items())) for series in everything
    }


async def test_what_was_seen_last_stands_for_a_while_under_its_own_labels(site: Site) -> None:
    then = site.now - STEP
    everything = await site.metrics.range(site.metric, then, then, STEP)
    lasting = await site.metrics.range(f"last_over_time({site.metric}[600s])", then, then, STEP)
    known = {tuple(sorted(series.labels.items())): series.points for series in lasting}
    assert everything
    for series in everything:
        assert known[tuple(sorted(series.labels.items()))] == series.points


async def test_a_moment_ahead_has_what_was_seen_last(site: Site) -> None:
    ahead = timedelta(seconds=30)
    found = await site.metrics.range(site.metric, site.now, site.now + ahead, ahead)
    times = {at for series in found for at, _ in series.points}
    assert times == {round(at.timestamp(), 3) for at in (site.now, site.now + ahead)}


async def test_an_answer_that_is_too_long_is_an_error(site: Site) -> None:
    start = site.now - 4 * STEP
    with pytest.raises(MetricsError, match="more than 10 bytes"):
        await site.metrics.range(site.metric, start, site.now, STEP, most=10)
