"""Reading `spec.rollout`: the stages of a trial and the checks that judge it."""

from datetime import timedelta

from seatrial.api.fields import MILLISECOND, between, decimal, duration, member, section
from seatrial.api.spec import (
    DISAGREEMENT,
    RESTARTS,
    Approval,
    Canary,
    Check,
    ErrorsCheck,
    LatencyCheck,
    OnDeadline,
    Rollout,
    Shadow,
    Step,
)
from seatrial.api.status import MAXIMUM_HISTORY
from seatrial.contract.reading import Reader

MAXIMUM_STEPS = 20
MAXIMUM_CHECKS = 20
HEAVIEST_UNROUTED = 50
UNROUTED_RULE = f"weights of at most {HEAVIEST_UNROUTED} without spec.route: then the pods are the share"
MAXIMUM_RATIO = 1000
# Nearer to 0 or 1 a share of disagreements could not be told from them.
SMALLEST_SHARE = 1e-6
OWN_CHECKS = {DISAGREEMENT: "the shadow stage", RESTARTS: "every stage"}


def parse_rollout(reader: Reader, *, routed: bool) -> Rollout:
    """Read the section; a stage with `enabled: false` is left out, an absent one has its defaults.

    `routed` says that a gateway splits the traffic, by any weight.
    """
    default = Rollout()
    canary = section(reader, "canary", _canary, default.canary)
    if not routed and canary is not None and any(step.weight > HEAVIEST_UNROUTED for step in canary.steps):
        raise reader.object("canary").fail("steps", UNROUTED_RULE)
    return Rollout(
        shadow=section(reader, "shadow", _shadow, default.shadow),
        canary=canary,
        probation=duration(reader, "probation", default.probation),
        rollback_window=section(reader, "rollbackWindow", _rollback_window, default.rollback_window),
        progress_deadline=duration(reader, "progressDeadline", default.progress_deadline, at_least=MILLISECOND),
        on_deadline=member(reader, "onDeadline", OnDeadline.PAUSE),
        checks=_checks(reader) if reader.raw("checks") is not None else default.checks,
        paused=reader.flag("paused", default=False),
    )


def _shadow(reader: Reader) -> Shadow | None:
    if not reader.flag("enabled", default=True):
        return None
    default = Shadow()
    return Shadow(
        sample=between(reader, "sample", 1, 100, default.sample),
        minimum_samples=between(reader, "minimumSamples", 1, 10_000_000, default.minimum_samples),
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
    return Canary(steps, duration(reader, "stepDuration", default.step_duration))


def _step(reader: Reader) -> Step:
    own = None if reader.raw("duration") is None else duration(reader, "duration", timedelta())
    return Step(between(reader, "weight", 1, 99, 0), own, member(reader, "approval", Approval.AUTOMATIC))


def _rollback_window(reader: Reader) -> int:
    return between(reader, "revisions", 0, MAXIMUM_HISTORY, 0)


def _checks(reader: Reader) -> tuple[Check, ...]:
    checks = tuple(_check(item) for item in reader.objects("checks"))
    if len({check.name for check in checks}) != len(checks) or not 0 < len(checks) <= MAXIMUM_CHECKS:
        raise reader.fail("checks", f"1 to {MAXIMUM_CHECKS} checks of different names")
    return checks


def _check(reader: Reader) -> Check:
    kinds = [kind for kind in ("errors", "latency") if reader.raw(kind) is not None]
    if len(kinds) != 1:
        raise reader.fail("name", "a check with exactly one of errors and latency beside its name")
    name, inner = reader.text("name"), reader.object(kinds[0])
    if name in OWN_CHECKS:
        raise reader.fail("name", f"another name: {name} is what {OWN_CHECKS[name]} calls its own check")
    if kinds == ["errors"]:
        return Check(name, ErrorsCheck(_ratio(inner, ErrorsCheck().maximum_ratio)))
    default = LatencyCheck()
    warm_up = duration(inner, "warmUp", default.warm_up)
    objective = None if inner.raw("objective") is None else duration(inner, "objective", default.warm_up)
    return Check(name, LatencyCheck(_ratio(inner, default.maximum_ratio), objective, warm_up))


def _ratio(reader: Reader, default: float) -> float:
    return decimal(reader, "maximumRatio", default, at_least=1, at_most=MAXIMUM_RATIO)
