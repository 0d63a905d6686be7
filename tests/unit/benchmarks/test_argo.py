"""Argo Rollouts' rule turns where its source says."""

from dataclasses import replace
from functools import reduce
from math import nan

import pytest

from tests.benchmarks.judgement.argo import Argo, Measurements, Phase
from tests.benchmarks.judgement.outcome import Ending
from tests.benchmarks.judgement.steps import DEFAULT, TICKS_A_MINUTE
from tests.benchmarks.judgement.traffic import Traffic
from tests.benchmarks.judgement.worlds import HEALTHY, World

DOCUMENTED = Argo("documented", 0.95)
THREE_WAY = Argo("three-way", 0.95, failure=0.9)


@pytest.mark.parametrize(
    ("result", "phase"),
    [(0.95, Phase.SUCCESSFUL), (0.9499, Phase.FAILED), (nan, Phase.FAILED), (None, Phase.ERROR)],
    ids=["enough", "too little", "no requests", "no answer"],
)
def test_a_measurement_that_does_not_succeed_has_failed(result: float | None, phase: Phase) -> None:
    assert DOCUMENTED.measure(result) is phase


@pytest.mark.parametrize(
    ("result", "phase"),
    [(0.95, Phase.SUCCESSFUL), (0.92, Phase.INCONCLUSIVE), (0.89, Phase.FAILED), (nan, Phase.INCONCLUSIVE)],
)
def test_between_two_conditions_a_measurement_is_inconclusive(result: float, phase: Phase) -> None:
    assert THREE_WAY.measure(result) is phase


@pytest.mark.parametrize(
    ("phases", "assessed"),
    [
        ([Phase.FAILED] * 3, Phase.RUNNING),
        ([Phase.FAILED] * 4, Phase.FAILED),
        ([Phase.FAILED, Phase.SUCCESSFUL] * 4, Phase.FAILED),
        ([Phase.ERROR] * 4, Phase.RUNNING),
        ([Phase.ERROR] * 5, Phase.ERROR),
        ([*[Phase.ERROR] * 4, Phase.SUCCESSFUL, Phase.ERROR], Phase.RUNNING),
        ([Phase.INCONCLUSIVE], Phase.INCONCLUSIVE),
    ],
    ids=["three", "four", "four in all", "four errors", "five errors", "errors in two rows", "one inconclusive"],
)
def test_a_run_bears_as_many_failures_as_its_limits_say(phases: list[Phase], assessed: Phase) -> None:
    seen = reduce(Measurements.and_then, phases, Measurements())
    assert DOCUMENTED.assess(seen) is assessed


@pytest.mark.parametrize("between", [Phase.SUCCESSFUL, Phase.FAILED, Phase.INCONCLUSIVE])
def test_any_answer_begins_the_count_of_errors_anew(between: Phase) -> None:
    seen = reduce(Measurements.and_then, [*[Phase.ERROR] * 4, between, Phase.ERROR], Measurements())
    assert Argo("patient", 0.95, inconclusive_limit=1).assess(seen) is Phase.RUNNING


@pytest.mark.parametrize(("minutes", "steps"), [(1, 1), (5, 2)])
def test_a_broken_candidate_is_rolled_back_at_the_fourth_measurement(minutes: int, steps: int) -> None:
    path = replace(DOCUMENTED, minutes=minutes).lead(Traffic(World("broken", ratio=100.0), DEFAULT, 6_000, (1,)))
    began = tuple(step * DEFAULT.ticks for step in range(steps))
    assert (path.steps, path.ended, path.ending) == (began, 4 * minutes * TICKS_A_MINUTE, Ending.ROLLED_BACK)


@pytest.mark.parametrize("minutes", [1, 5])
def test_an_outage_of_prometheus_aborts_within_a_minute_of_its_first_error(minutes: int) -> None:
    traffic = Traffic(World("away", outage=6.0), DEFAULT, 6_000, (1,))
    path = replace(DOCUMENTED, minutes=minutes).lead(traffic)
    first = next(tick for tick in range(0, 400, minutes * TICKS_A_MINUTE) if traffic.is_dark(tick))
    assert (path.ended, path.ending) == (first + 4, Ending.ROLLED_BACK)


def test_steps_go_on_by_the_clock() -> None:
    path = Argo("lenient", 0.5).lead(Traffic(HEALTHY, DEFAULT, 6_000, (1,)))
    assert path.steps == tuple(step * DEFAULT.ticks for step in range(4))
    assert (path.ended, path.ending) == (40 * TICKS_A_MINUTE, Ending.PROMOTED)
