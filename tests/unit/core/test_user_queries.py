"""A user's own metrics: what is asked, and what is read from the answers."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.api.status import Stage
from seatrial.core.observed import Observed, Query, Unknown
from seatrial.core.questions import questions
from seatrial.core.user_queries import MOST_READINGS, RECENT_READINGS, read_readings, silent
from seatrial.judge.query import Reading
from seatrial.ports import Series
from tests.given import KEY, MINUTE, NOW, in_probation, on_trial, ref, spec

OWN = {"requests", "duration", "history"}
BEGAN = datetime.fromtimestamp(0, UTC)


def check(**query: Any) -> Spec:
    checks = [{"name": "refunds", "query": query}]
    return spec(rollout={"checks": checks})


def asked(world: Observed) -> dict[str, Query]:
    assert isinstance(world.spec, Spec)
    found = questions(KEY, world.spec, world.status, NOW, "namespace")
    return {name: query for name, query in found.items() if name.startswith("query ")}


def canary(of: Spec, since: timedelta = 10 * MINUTE) -> Observed:
    return on_trial(Stage.CANARY, since=since, of=of)


def test_each_side_is_asked_at_the_end_of_every_interval() -> None:
    of = check(candidate='sum(a{r="{{revision}}"})', stable='sum(b{r="{{revision}}"})', maximumRatio="1.2")
    assert asked(canary(of, timedelta(minutes=10, seconds=30))) == {
        f"query refunds {side}": Query(
            f'sum({metric}{{r="{ref(version, of).revision}"}})',
            NOW - timedelta(minutes=10, seconds=30),
            NOW - timedelta(seconds=30),
            60.0,
            is_users=True,
        )
        for side, metric, version in (("candidate", "a", "2"), ("stable", "b", "1"))
    }


def test_stable_is_asked_what_the_candidate_is() -> None:
    of = check(candidate='x{r="{{revision}}",v="{{version}}",n="{{name}}",ns="{{namespace}}"}', minimumRatio="0.9")
    texts = {name: query.promql for name, query in asked(canary(of)).items()}
    assert texts == {
        "query refunds candidate": f'x{{r="{ref("2", of).revision}",v="2",n="risk",ns="ml"}}',
        "query refunds stable": f'x{{r="{ref("1", of).revision}",v="1",n="risk",ns="ml"}}',
    }


def test_for_a_limit_on_the_candidate_alone_stable_is_not_asked() -> None:
    assert asked(canary(check(candidate="x", maximum="3"))).keys() == {"query refunds candidate"}


def test_in_probation_the_promoted_version_is_the_candidate() -> None:
    of = check(candidate='x{r="{{revision}}"}', maximum="3")
    [query] = asked(in_probation(since=5 * MINUTE, of=of)).values()
    assert query.promql == f'x{{r="{ref("2", of).revision}"}}'


@pytest.mark.parametrize(
    "world",
    [
        on_trial(Stage.SHADOW, since=10 * MINUTE, of=check(candidate="x", maximum="3")),
        in_probation(since=10 * MINUTE, of=check(candidate="{{revision}}", maximumRatio="3")),  # stable has no traffic
        on_trial(Stage.PREPARING, of=check(candidate="x", maximum="3")),
    ],
)
def test_where_it_can_say_nothing_it_is_not_asked(world: Observed) -> None:
    assert asked(world) == {}


@pytest.mark.parametrize("readings", [0, 1, 17, MOST_READINGS])
def test_every_interval_that_is_over_is_read(readings: int) -> None:
    lasted = readings * MINUTE + timedelta(seconds=59)
    [query] = asked(canary(check(candidate="x", maximum="3"), lasted)).values()
    assert (query.seconds, query.past) == (60.0, None)
    assert query.start == NOW - lasted, "a mistake is told at once"
    assert query.end == NOW - timedelta(seconds=59)


@pytest.mark.parametrize(
    ("lasted", "step", "count"),
    [
        ((MOST_READINGS + 2) * MINUTE, 2, (MOST_READINGS - RECENT_READINGS) // 2 + 1),
        (timedelta(days=7), 32, 313),
    ],
)
def test_of_a_long_trial_all_of_the_last_intervals_are_read_and_some_of_those_before(
    lasted: timedelta, step: int, count: int
) -> None:
    [query] = asked(canary(check(candidate="x", maximum="3"), lasted)).values()
    since, past = NOW - lasted, query.past
    assert past is not None
    assert (query.start, query.end, query.seconds) == (NOW - (RECENT_READINGS - 1) * MINUTE, NOW, 60.0)
    assert past == replace(
        query, start=since + step * MINUTE, end=since + count * step * MINUTE, seconds=60.0 * step, past=None
    )
    assert query.start - step * MINUTE <= past.end < query.start, "each is read once"
    assert step.bit_count() == 1, "every one that is read was among those that were read before"


# Reading


def series(*points: tuple[float, float]) -> Series:
    return Series({}, points)


def test_values_of_the_same_time_are_one_reading() -> None:
    answers = {
        "query refunds candidate": [series((0.0, 9.0), (1.0, 5.0), (2.0, 6.0))],
        "query refunds stable": [series((2.0, 3.0), (3.0, 4.0))],
    }
    found = read_readings("refunds", answers, BEGAN)
    assert not isinstance(found, Unknown)
    assert found[:2] == (Reading(5.0, None), Reading(6.0, 3.0))
    assert math.isnan(found[2].candidate)
    assert found[2].stable == 4.0


def test_nothing_was_answered_or_asked() -> None:
    assert read_readings("refunds", {}, BEGAN) == ()
    assert read_readings("refunds", {"query refunds candidate": []}, BEGAN) == ()


def test_several_series_are_no_value() -> None:
    answers = {"query refunds stable": [series((1.0, 5.0)), series((1.0, 6.0))]}
    assert read_readings("refunds", answers, BEGAN) == Unknown(
        Reason.INVALID_SPEC, "the stable's query gives 2 series: make it one, such as by sum(…)"
    )


def test_what_prometheus_says_of_a_bad_query_is_told() -> None:
    answers = {"query refunds candidate": Unknown(Reason.METRICS_UNAVAILABLE, "parse error")}
    assert read_readings("refunds", answers, BEGAN) == Unknown(
        Reason.METRICS_UNAVAILABLE, "the candidate's query: parse error"
    )


@pytest.mark.parametrize(
    ("limit", "since", "readings", "said"),
    [
        ({"maximumRatio": "2"}, 7 * MINUTE, (), "neither side's query has had a value in 6 intervals"),
        ({"maximum": "2"}, 7 * MINUTE, (), "the query has had no value in 6 intervals"),
        ({"maximumRatio": "2"}, 6 * MINUTE, (), ""),
        ({"maximumRatio": "2"}, 7 * MINUTE, (Reading(math.nan, 1.0),), ""),
        ({"maximumRatio": "2"}, 7 * MINUTE, Unknown(Reason.METRICS_UNAVAILABLE, "away"), ""),
    ],
)
def test_a_query_that_never_had_a_value_is_told(
    limit: dict[str, str], since: timedelta, readings: Any, said: str
) -> None:
    of = check(candidate="{{revision}}", **limit)
    told = list(silent(of, canary(of, since).status, {"refunds": readings}, NOW))
    assert [one.startswith(f"the check refunds: {said}") for one in told] == [True] * bool(said)
    assert list(silent(of, canary(of, since).status, {}, NOW)) == []
