"""Seatrial's side of the benchmark is the operator's own code, led through a world."""

from math import inf

import pytest

from seatrial.judge.verdict import Finding, Verdict
from tests.benchmarks.judgement.looks import ticks_to_next_look
from tests.benchmarks.judgement.outcome import Ending, Path, outcome
from tests.benchmarks.judgement.seatrial import Seatrial
from tests.benchmarks.judgement.steps import DEFAULT, TICKS_A_MINUTE
from tests.benchmarks.judgement.traffic import Traffic
from tests.benchmarks.judgement.worlds import HEALTHY, WORLDS, World

OURS, ALL_LOOKS, SHADOW_FIRST = Seatrial("ours"), Seatrial("all", every_look=True), Seatrial("shadow", shadow=True)
BY_NAME = {world.name: world for world in WORLDS}
USUAL = 3  # ticks


def finding(evidence: float, check: str = "errors") -> Finding:
    return Finding(check, Verdict.INCONCLUSIVE, "", evidence, 5.3)


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


def test_after_the_shadow_comes_the_canary() -> None:
    path = SHADOW_FIRST.lead(Traffic(HEALTHY, DEFAULT, 6_000, (1,)))
    assert path.steps[0] == 10 * TICKS_A_MINUTE
    assert (len(path.steps), path.ending) == (4, Ending.PROMOTED)


@pytest.mark.parametrize("world", ["healthy", "bursts of errors", "cold start", "errors ×3", "latency ×1.3"])
def test_the_looks_that_are_left_out_would_have_changed_nothing(world: str) -> None:
    traffic = Traffic(BY_NAME[world], DEFAULT, 6_000, (1,))
    assert OURS.lead(traffic) == ALL_LOOKS.lead(traffic)


@pytest.mark.parametrize(
    ("findings", "left", "expected"),
    [
        ([], 60, USUAL),
        ([finding(5.2)], 60, USUAL),
        ([finding(-2.0)], 60, 2 * USUAL),
        ([finding(-20.0)], 60, 8 * USUAL),
        ([finding(-20.0), finding(5.2, "latency")], 60, USUAL),
        ([finding(-20.0), finding(-20.0, "disagreement")], 60, USUAL),
        ([finding(-inf)], 60, USUAL),
        ([finding(-20.0)], 4, 4),
        ([finding(-20.0)], 0, USUAL),
    ],
    ids=[
        "at first",
        "nearly a Fail",
        "low",
        "very low",
        "one nearly",
        "without a bound",
        "nothing",
        "step ends",
        "waits",
    ],
)
def test_the_next_look_is_when_something_could_come_of_it(findings: list[Finding], left: int, expected: int) -> None:
    assert ticks_to_next_look(findings, 30.0, left) == expected


def test_after_an_hour_a_look_comes_with_every_fourth_point() -> None:
    assert ticks_to_next_look([finding(5.2)], 60.0, 60) == 24
