"""Reading `spec.rollout`: the stages of a trial."""

from datetime import timedelta

from seatrial.api.fields import MILLISECOND, SMALLEST_SHARE, between, decimal, duration, member, section
from seatrial.api.parse_checks import MOST_SAMPLES, parse_checks
from seatrial.api.spec import (
    Approval,
    Canary,
    OnDeadline,
    Rollout,
    Shadow,
    Step,
)
from seatrial.api.status import MAXIMUM_HISTORY
from seatrial.contract.reading import Reader

MAXIMUM_STEPS = 20
HEAVIEST_UNROUTED = 50
UNROUTED_RULE = f"weights of at most {HEAVIEST_UNROUTED} without spec.route: then the pods are the share"


def parse_rollout(reader: Reader, *, routed: bool) -> Rollout:
    """Read the section; a stage with `enabled: false` is left out, an absent one has its defaults.

    `routed` says that a gateway splits the traffic, by any weight.
    """
    default = Rollout()
    canary = section(reader, "canary", _canary, default.canary)
    if not routed and canary is not None and any(step.weight > HEAVIEST_UNROUTED for step in canary.steps):
        raise reader.object("canary").fail("steps", UNROUTED_RULE)
    if not routed and canary is not None and canary.sticky:
        raise reader.object("canary").fail("sticky", "false without spec.route: only a gateway knows callers apart")
    return Rollout(
        shadow=section(reader, "shadow", _shadow, default.shadow),
        canary=canary,
        probation=duration(reader, "probation", default.probation),
        rollback_window=section(reader, "rollbackWindow", _rollback_window, default.rollback_window),
        progress_deadline=duration(reader, "progressDeadline", default.progress_deadline, at_least=MILLISECOND),
        on_deadline=member(reader, "onDeadline", OnDeadline.PAUSE),
        checks=parse_checks(reader) if reader.raw("checks") is not None else default.checks,
        paused=reader.flag("paused", default=False),
    )


def _shadow(reader: Reader) -> Shadow | None:
    if not reader.flag("enabled", default=True):
        return None
    default = Shadow()
    return Shadow(
        sample=between(reader, "sample", 1, 100, default.sample),
        minimum_samples=between(reader, "minimumSamples", 1, MOST_SAMPLES, default.minimum_samples),
        minimum_duration=duration(reader, "minimumDuration", default.minimum_duration),
        maximum_disagreement=_share(reader, "maximumDisagreement", default.maximum_disagreement),
    )


def _share(reader: Reader, field: str, default: float) -> float:
    return decimal(reader, field, default, at_least=SMALLEST_SHARE, at_most=1 - SMALLEST_SHARE)


def _canary(reader: Reader) -> Canary | None:
    if not reader.flag("enabled", default=True):
        return None
    default = Canary()
    steps = tuple(map(_step, reader.objects("steps"))) or default.steps
    weights = [step.weight for step in steps]
    if weights != sorted(set(weights)) or len(weights) > MAXIMUM_STEPS:
        raise reader.fail("steps", f"at most {MAXIMUM_STEPS} steps of growing weight, from 1 to 99")
    sticky = reader.flag("sticky", default=default.sticky)
    return Canary(steps, duration(reader, "stepDuration", default.step_duration), sticky)


def _step(reader: Reader) -> Step:
    own = None if reader.raw("duration") is None else duration(reader, "duration", timedelta())
    return Step(between(reader, "weight", 1, 99, 0), own, member(reader, "approval", Approval.AUTOMATIC))


def _rollback_window(reader: Reader) -> int:
    return between(reader, "revisions", 0, MAXIMUM_HISTORY, 0)
