"""What a person says of a rollout: approved, promoted, aborted, retried, and the short ways back."""

from collections.abc import Mapping
from typing import Any

import pytest

from seatrial.judge.restarts import TOO_MANY
from tests.system.world import ROLLOUT, World, candidate, condition, outcome, serving

pytestmark = pytest.mark.cluster
NO_SHADOW: Mapping[str, Any] = {**ROLLOUT, "shadow": {"enabled": False}}
STEPS = [{"weight": 20, "duration": "3s", "approval": "Required"}, {"weight": 50}]
APPROVED: Mapping[str, Any] = {**NO_SHADOW, "canary": {"steps": STEPS, "stepDuration": "3s"}}
PATIENT: Mapping[str, Any] = {**NO_SHADOW, "canary": {"steps": [{"weight": 20}], "stepDuration": "1h"}}


def on_canary(world: World, version: str) -> str:
    """Wait until a version gets traffic, and return its revision."""
    status = world.sees("canary", lambda s: candidate(s) == version and s.get("weight", 0) > 0, 180)
    return str(status["trial"]["candidate"]["revision"])


def test_a_step_waits_for_its_approval(world: World) -> None:
    world.serves("1", rollout=APPROVED)
    world.apply("2", rollout=APPROVED)
    revision = on_canary(world, "2")

    status = world.sees("it waits", lambda s: condition(s, "Stalled", "reason") == "AwaitingApproval", 120)
    assert f"seatrial.dev/promote={revision}/20" in condition(status, "Stalled", "message")
    world.stays("the canary", lambda s: s.get("weight") == 20, 8)
    world.annotates(promote=f"{revision}/20")

    status = world.sees("promotion", lambda s: outcome(s, "2") != "", 180)
    assert outcome(status, "2") == "Promoted", status["history"]
    assert sum(event.startswith("AwaitingApproval:") for event in world.events()) == 1
    world.has_lost_nothing()


def test_a_breach_while_it_waits_for_approval_rolls_back(world: World) -> None:
    alone = {"rollout": APPROVED, "serving": {"replicas": 1, "timeout": "5s"}}
    world.serves("1", **alone)
    world.apply("2", **alone)
    world.sees("it waits", lambda s: condition(s, "Stalled", "reason") == "AwaitingApproval", 180)

    for _ in range(TOO_MANY):
        world.ends_a_process_of("2")

    status = world.sees("it is rolled back", lambda s: outcome(s, "2") != "", 60)
    assert outcome(status, "2") == "RolledBack", status["history"]
    assert serving(status) == "1"


def test_fewer_steps_in_mid_canary_skip_nothing(world: World) -> None:
    """The trial goes on at the step that is left, for that step's time."""
    fewer = {**NO_SHADOW, "canary": {"steps": [{"weight": 50}], "stepDuration": "1h"}}
    world.serves("1", rollout=PATIENT)
    world.apply("2", rollout=PATIENT)
    revision = on_canary(world, "2")

    world.apply("2", rollout=fewer)

    status = world.sees("the step that is left", lambda s: s.get("weight") == 50, 60)
    assert status["trial"]["candidate"]["revision"] == revision
    world.stays("the step", lambda s: (s.get("weight"), serving(s)) == (50, "1"), 8)
    world.has_lost_nothing()


def test_a_version_that_the_store_does_not_have_ends_the_trial_of_another(world: World) -> None:
    world.serves("1", rollout=PATIENT)
    world.apply("2", rollout=PATIENT)
    on_canary(world, "2")

    world.apply("99", rollout=PATIENT)

    status = world.sees("the end", lambda s: outcome(s, "2") != "", 60)
    assert (outcome(status, "2"), status["history"][-1]["message"]) == ("Superseded", "version 99 is wanted")
    world.sees("it is named", lambda s: condition(s, "Stalled", "reason") == "VersionNotFound")
    world.sees_client("gets only version 1", lambda c: list(c["lastSeconds"]) == ["1"])
    world.has_lost_nothing()


def test_a_person_promotes_without_waiting(world: World) -> None:
    world.serves("1", rollout=PATIENT)
    world.apply("2", rollout=PATIENT)
    revision = on_canary(world, "2")

    world.annotates(promote=revision)

    status = world.sees("promotion", lambda s: serving(s) == "2", 60)
    assert "seatrial.dev/promote" in status["history"][-1]["message"]
    world.has_lost_nothing()


def test_a_person_aborts_and_retries(world: World) -> None:
    world.serves("1", rollout=PATIENT)
    world.apply("2", rollout=PATIENT)
    revision = on_canary(world, "2")

    world.annotates(abort=revision)

    status = world.sees("the end", lambda s: outcome(s, "2") == "Aborted", 60)
    assert (serving(status), candidate(status)) == ("1", "")
    world.sees_client("gets only version 1", lambda c: list(c["lastSeconds"]) == ["1"])
    assert "is not tried again: aborted" in condition(world.status(), "Ready", "message")

    world.annotates(abort=None, retry=revision)

    on_canary(world, "2")
    world.has_lost_nothing()


def test_what_still_runs_comes_back_at_once(world: World) -> None:
    brief = {**NO_SHADOW, "probation": "0s"}
    world.serves("1", rollout=brief)
    world.apply("2", rollout=brief)
    world.sees("promotion", lambda s: serving(s) == "2", 240)

    world.apply("1", rollout=brief)

    status = world.sees("it is back", lambda s: serving(s) == "1", 20)
    assert status["history"][-1]["message"] == "it served before and comes back without a trial"
    world.sees_client("gets only version 1", lambda c: list(c["lastSeconds"]) == ["1"])
    world.has_lost_nothing()


def test_the_version_before_comes_back_in_its_probation(world: World) -> None:
    long = {**NO_SHADOW, "probation": "1h"}
    world.serves("1", rollout=long)
    world.apply("2", rollout=long)
    world.sees("promotion", lambda s: serving(s) == "2", 240)

    world.apply("1", rollout=long)

    status = world.sees("it is back", lambda s: serving(s) == "1", 20)
    assert outcome(status, "2") == "Aborted"
    world.has_lost_nothing()


def test_a_version_of_before_comes_back_from_within_the_window(world: World) -> None:
    """Its pods have gone, and are made again; it is not tried."""
    brief = {**NO_SHADOW, "probation": "0s", "rollbackWindow": {"revisions": 1}}
    world.serves("1", rollout=brief)
    world.apply("2", rollout=brief)
    world.sees("version 1 has gone", lambda s: serving(s) == "2" and not s.get("retiring"), 300)

    world.apply("1", rollout=brief)

    status = world.sees("it is back", lambda s: serving(s) == "1", 60)
    assert status["history"][-1]["message"] == "it served before and comes back without a trial"
    world.has_lost_nothing()
