"""At which moments counters are read: never more than an answer holds, and at boundaries that never move."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.core.observed import Query
from seatrial.core.resolution import LOOKBACK, MAXIMUM_POINTS, RECENT, SHORTEST_STEP, USUAL_STEP, between, since_then
from tests.given import MINUTE, NOW

HOUR, DAY, NOTHING = timedelta(hours=1), timedelta(days=1), timedelta(0)
stages = st.timedeltas(timedelta(milliseconds=1), timedelta(days=60))
warm_ups = st.sampled_from([NOTHING, timedelta(seconds=90), 2 * MINUTE, 5 * HOUR, 99_999 * HOUR])


def asked(lasted: timedelta, before: timedelta = NOTHING) -> Query:
    return since_then(["x"], NOW - lasted, NOW, before)


def parts(query: Query) -> list[Query]:
    return [query] if query.past is None else [query.past, query]


def points(query: Query) -> list[datetime]:
    step, count = timedelta(seconds=query.seconds), (query.end - query.start).total_seconds() / query.seconds
    assert count == round(count), "the last point is the end"
    return [query.start + i * step for i in range(round(count) + 1)]


def boundaries(query: Query) -> list[datetime]:
    """The ends of the intervals that both answers make together."""
    past = [] if query.past is None else [at for at in points(query.past) if at < query.start]
    return [*past, *points(query)]


@given(stages, warm_ups)
def test_no_answer_is_unbounded(lasted: timedelta, before: timedelta) -> None:
    for query in parts(asked(lasted, before)):
        assert len(points(query)) <= MAXIMUM_POINTS + 3


@given(stages, warm_ups)
def test_everything_since_the_stage_began_is_asked_for_and_who_was_there_before(
    lasted: timedelta, before: timedelta
) -> None:
    query = asked(lasted, before)
    ends = boundaries(query)
    assert NOW - lasted in ends
    assert ends[0] <= NOW - lasted - before
    assert NOW <= ends[-1] < NOW + USUAL_STEP, "the newest requests are in the interval that is not over yet"


@given(stages)
def test_what_happens_now_is_read_at_the_usual_step_however_long_the_stage_has_lasted(lasted: timedelta) -> None:
    query = asked(lasted)
    assert SHORTEST_STEP <= timedelta(seconds=query.seconds) <= USUAL_STEP
    assert query.start <= max(NOW - lasted, NOW - RECENT)


@given(stages, st.timedeltas(NOTHING, timedelta(days=3)))
def test_boundaries_never_move_intervals_only_merge(lasted: timedelta, later: timedelta) -> None:
    since = NOW - lasted
    first, then = (set(boundaries(since_then(["x"], since, now))) for now in (NOW, NOW + later))
    assert {at for at in then if at <= max(first)} <= first


@given(stages)
def test_the_past_reaches_the_seam(lasted: timedelta) -> None:
    """Behind it lies one point at most, where a pod is seen that went just before."""
    query = asked(lasted)
    if query.past is not None:
        late = [at for at in points(query.past) if at >= query.start]
        assert late == [query.past.end]
        assert late[0] < query.start + timedelta(seconds=query.past.seconds)


@pytest.mark.parametrize(
    ("lasted", "step", "past"),
    [
        (timedelta(seconds=1), 1.875, None),
        (timedelta(seconds=30), 3.75, None),
        (timedelta(seconds=90), 15.0, None),
        (3 * MINUTE, 30.0, None),
        (HOUR, 30.0, None),
        (HOUR + MINUTE, 30.0, 30.0),
        (6 * HOUR, 30.0, 240.0),
        (DAY, 30.0, 960.0),
        (7 * DAY, 30.0, 7680.0),
    ],
)
def test_steps_grow_only_in_the_past(lasted: timedelta, step: float, past: float | None) -> None:
    query = asked(lasted)
    assert query.seconds == step
    assert (query.past.seconds if query.past else None) == past


@pytest.mark.parametrize(("lasted", "window"), [(2 * HOUR, LOOKBACK), (DAY, timedelta(seconds=960))])
def test_in_the_past_a_counter_stands_for_a_step_and_for_as_long_as_prometheus_takes_it_for_present(
    lasted: timedelta, window: timedelta
) -> None:
    """Where one were missing at a point, its first value behind it would be taken for growth."""
    past = since_then(['a{b="c"}', "d"], NOW - lasted, NOW).past
    assert past is not None
    seconds = round(window.total_seconds())
    assert past.promql == f'last_over_time(a{{b="c"}}[{seconds}s]) or last_over_time(d[{seconds}s])'


@pytest.mark.parametrize(
    ("lasted", "step"), [(NOTHING, 1.875), (MINUTE, 10.0), (10 * MINUTE, 30.0), (HOUR, 30.0), (DAY, 720.0)]
)
def test_a_time_that_is_over_is_asked_for_at_once(lasted: timedelta, step: float) -> None:
    query = between(["x", "y"], NOW - lasted, NOW)
    assert (query.promql, query.end, query.seconds, query.past) == ("x or y", NOW, step, None)
    assert query.start <= NOW - lasted < query.start + timedelta(seconds=step)
