"""Seatrial's side of the benchmark is the operator's own code, led through a world."""

import pytest

from tests.benchmarks.judgement.outcome import Ending, Path, outcome
from tests.benchmarks.judgement.seatrial import Seatrial, ticks_to_next_look
from tests.benchmarks.judgement.steps import DEFAULT, TICK_SECONDS, TICKS_A_MINUTE
from tests.benchmarks.judgement.traffic import Traffic
from tests.benchmarks.judgement.worlds import HEALTHY, WORLDS, World

OURS, SHADOW_FIRST = Seatrial("ours"), Seatrial("shadow", shadow=True)
BY_NAME = {world.name: world for world in WORLDS}


def test_a_healthy_version_goes_up_every_ten_minutes_and_is_promoted() -> None:
    each = DEFAULT.ticks
    path = OURS.lead(Traffic(HEALTHY, DEFAULT, 6_000, (1,)))
    assert path == Path((0, each, 2 * each, 3 * each), 4 * each, Ending.PROMOTED)


def test_a_broken_version_is_rolled_back_in_its_first_step() -> None:
    path = OURS.lead(Traffic(World("broken", ratio=50.0), DEFAULT, 6_000, (1,)))
    assert (path.steps, path.ending) == ((0,), Ending.ROLLED_BACK)
    assert path.ended <= TICKS_A_MINUTE


def test_a_version_without_requests_is_held_until_the_deadline() -> None:
    path = OURS.lead(Traffic(HEALTHY, DEFAULT, 0.001, (1,)))
    assert path == Path((0,), 6 * 60 * TICKS_A_MINUTE, Ending.HELD)


def test_an_outage_of_prometheus_holds_and_then_goes_on() -> None:
    path = OURS.lead(Traffic(BY_NAME["Prometheus away"], DEFAULT, 6_000, (1,)))
    assert path.ending is Ending.PROMOTED
    assert path.ended >= 4 * DEFAULT.ticks


def test_wrong_answers_are_found_in_the_shadow_before_any_caller_gets_one() -> None:
    traffic = Traffic(BY_NAME["accuracy -5 points"], DEFAULT, 600, (1,))
    path = SHADOW_FIRST.lead(traffic)
    assert (path.steps, path.ending) == ((), Ending.ROLLED_BACK)
    assert outcome(traffic, path).harm == 0


@pytest.mark.parametrize("shadow", [False, True])
def test_labels_tell_of_wrong_answers(shadow: bool) -> None:
    by_labels = Seatrial("labels", shadow=shadow, labels=True)
    path = by_labels.lead(Traffic(BY_NAME["accuracy -5 points"], DEFAULT, 6_000, (1,)))
    assert (bool(path.steps), path.ending) == (not shadow, Ending.ROLLED_BACK)
    assert by_labels.lead(Traffic(HEALTHY, DEFAULT, 60_000, (1,))).ending is not Ending.ROLLED_BACK


def test_after_the_shadow_comes_the_canary() -> None:
    path = SHADOW_FIRST.lead(Traffic(HEALTHY, DEFAULT, 6_000, (1,)))
    assert path.steps[0] == 10 * TICKS_A_MINUTE
    assert (len(path.steps), path.ending) == (4, Ending.PROMOTED)


@pytest.mark.parametrize(("minutes", "seconds"), [(0, 30), (59, 30), (60, 120), (300, 600)])
def test_looks_are_half_a_minute_apart_and_after_an_hour_a_thirtieth_of_the_time(minutes: int, seconds: int) -> None:
    assert ticks_to_next_look(minutes * TICKS_A_MINUTE) * TICK_SECONDS == seconds
