"""A clock that was set back holds no trial for years."""

from dataclasses import replace
from datetime import timedelta

from seatrial.api.status import Stage
from seatrial.core.clocks import APART, not_ahead
from seatrial.core.decide import decide
from tests.given import MINUTE, NOW, healthy, in_probation, on_trial

YEARS = timedelta(days=3650)


def test_what_began_in_the_future_began_now() -> None:
    world = on_trial(Stage.CANARY, since=-YEARS, evidence=healthy(NOW + YEARS))
    assert world.status.trial is not None
    trial = decide(world, NOW).status.trial
    assert trial is not None
    assert (trial.stage_since, trial.step_since) == (NOW, NOW)
    assert trial.began <= NOW


def test_what_began_before_stays_as_it_is() -> None:
    assert APART <= MINUTE, "what waits for longer than that looks as if it hung"
    for since in (timedelta(0), MINUTE, -APART):
        status = on_trial(Stage.CANARY, since=since).status
        assert not_ahead(status, NOW) == status


def test_a_probation_begins_anew_too() -> None:
    status = in_probation(since=-YEARS).status
    assert status.probation is not None
    found = not_ahead(status, NOW).probation
    assert found == replace(status.probation, since=NOW, reference_since=NOW)
    status = in_probation(since=MINUTE).status
    assert not_ahead(status, NOW) == status
