"""How soon trials are looked at again, alone and in a crowd."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seatrial.api.status import Stage
from seatrial.controller.pace import LOOKS_A_SECOND, Pace
from seatrial.core.decide import JUDGED, ON_ITS_WAY, SETTLED
from seatrial.core.decision import Decision
from seatrial.ports import Key
from tests.given import MINUTE, in_probation, on_trial, serving

CANARY = Decision(on_trial(Stage.CANARY).status, requeue_after=JUDGED)
SHADOW = Decision(on_trial(Stage.SHADOW).status, requeue_after=JUDGED)
PROBATION = Decision(in_probation(since=MINUTE).status, requeue_after=JUDGED)
PREPARING = Decision(on_trial(Stage.PREPARING).status, requeue_after=ON_ITS_WAY)
IDLE = Decision(serving("1").status, requeue_after=SETTLED)


def key(number: int) -> Key:
    return Key("ml", f"risk-{number}")


def crowd(size: int, decision: Decision = CANARY) -> Pace:
    """Given so many ModelDeployments that all were decided alike."""
    pace = Pace()
    for number in range(size):
        pace.next_look(key(number), decision)
    return pace


@pytest.mark.parametrize("decision", [CANARY, SHADOW, PROBATION])
def test_a_few_are_looked_at_as_soon_as_their_decisions_ask(decision: Decision) -> None:
    assert crowd(LOOKS_A_SECOND, decision).next_look(key(0), decision) == JUDGED


@pytest.mark.parametrize("decision", [CANARY, SHADOW, PROBATION])
def test_many_share_the_looks_of_a_second(decision: Decision) -> None:
    assert crowd(50, decision).next_look(key(0), decision) == timedelta(seconds=50 / LOOKS_A_SECOND)


@pytest.mark.parametrize("decision", [PREPARING, IDLE])
def test_what_is_not_judged_waits_for_nobody_and_holds_up_nobody(decision: Decision) -> None:
    assert crowd(50).next_look(key(50), decision) == decision.requeue_after
    assert crowd(1000, decision).next_look(key(0), CANARY) == JUDGED


def test_a_look_that_is_not_due_for_long_comes_no_sooner() -> None:
    halted = replace(CANARY, requeue_after=SETTLED)
    assert crowd(50).next_look(key(0), halted) == SETTLED


def test_whose_trial_has_ended_or_who_is_gone_leaves_room() -> None:
    pace = crowd(50)
    for number in range(20):
        pace.next_look(key(number), IDLE)
    for number in range(20, 40):
        pace.forget(key(number))
    assert pace.next_look(key(49), CANARY) == JUDGED
