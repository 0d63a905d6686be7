"""What `advance` makes of a world, and the findings and times that its tests have in common."""

from datetime import timedelta
from typing import Any

from seatrial.api.spec import Spec
from seatrial.api.status import Stage, Status
from seatrial.core.observed import Observed
from seatrial.core.rollout import advance
from seatrial.judge.verdict import Finding, Verdict
from tests.given import (
    NOW,
    ref,
    spec,
)

PASS = Finding("errors", Verdict.PASS, "fine", -1.0, 5.0)
FAIL = Finding("errors", Verdict.FAIL, "too many", 9.0, 5.0)
UNSURE = Finding("errors", Verdict.INCONCLUSIVE, "3 of 100 requests", 0.0, 5.0)
LATE, HOUR = timedelta(hours=7), timedelta(hours=1)
ONE, TWO = ref("1").revision, ref("2").revision


def after(world: Observed, *findings: Finding) -> Status:
    assert isinstance(world.spec, Spec)
    return advance(world, world.spec, world.status, findings, NOW)


def held(status: Status) -> tuple[str, str]:
    assert status.trial is not None
    return status.trial.held, status.trial.held_reason


def trial_of(status: Status) -> tuple[Stage, int]:
    assert status.trial is not None
    return status.trial.stage, status.trial.step


def on_deadline(policy: str, **rollout: Any) -> Spec:
    return spec(rollout={"onDeadline": policy, **rollout})
