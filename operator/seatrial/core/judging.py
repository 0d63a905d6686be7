"""From evidence to findings: which checks are asked at a stage, and with which limits."""

from collections.abc import Sequence
from datetime import datetime

from seatrial.api.spec import Check, ErrorsCheck, LatencyCheck, Rollout, Spec
from seatrial.api.status import Stage, Status
from seatrial.contract.metrics import DURATION_EDGES
from seatrial.core.observed import Evidence, Observed, Unknown
from seatrial.judge.disagreement import judge_disagreement
from seatrial.judge.errors import judge_errors
from seatrial.judge.latency import judge_latency
from seatrial.judge.limits import RatioLimits
from seatrial.judge.rate_ratio import dispersion
from seatrial.judge.verdict import Finding, Verdict, combine

ALPHA = 0.01  # the chance that a stage's checks together refuse a healthy version
DISAGREEMENT = "disagreement"
# A candidate passes a ratio when it is shown to be better than this; between the two limits it waits.
PASS_RATIO = 2.0
MINIMUM_CANARY_SAMPLES = 100


def judge(observed: Observed, spec: Spec) -> tuple[Finding, ...]:
    """Return a finding for each check of the stage that is going on; empty where nothing is judged."""
    status = observed.status
    since = judged_since(status)
    if since is None:
        return ()
    names = check_names(spec.rollout, status.stage)
    match observed.evidence:
        case Unknown(_, message):
            return tuple(_inconclusive(name, message) for name in names)
        case Evidence() as evidence if evidence.since == since:
            return _findings(spec.rollout, status.stage, evidence)
        case _:
            return tuple(_inconclusive(name, "no evidence yet: the stage has just begun") for name in names)


def judged_since(status: Status) -> datetime | None:
    """Return when the evidence that counts now begins: with the stage, or with the probation."""
    if status.trial is not None:
        return status.trial.stage_since if status.trial.stage in (Stage.SHADOW, Stage.CANARY) else None
    return status.probation.since if status.probation is not None else None


def check_names(rollout: Rollout, stage: Stage) -> tuple[str, ...]:
    """Return the names of the checks of a stage."""
    names = tuple(check.name for check in rollout.checks)
    return (DISAGREEMENT, *names) if stage is Stage.SHADOW else names


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """Return the verdict of a stage."""
    return combine(findings)


def _findings(rollout: Rollout, stage: Stage, evidence: Evidence) -> tuple[Finding, ...]:
    alpha = ALPHA / len(check_names(rollout, stage))
    samples = _minimum_samples(rollout, stage)
    findings = [_judge_check(check, evidence, alpha, samples) for check in rollout.checks]
    if stage is Stage.SHADOW and rollout.shadow is not None:
        seen, maximum = evidence.comparisons, rollout.shadow.maximum_disagreement
        findings.insert(
            0, judge_disagreement(DISAGREEMENT, seen.agree, seen.disagree, seen.errors, maximum, samples, alpha)
        )
    return tuple(findings)


def _judge_check(check: Check, evidence: Evidence, alpha: float, samples: int) -> Finding:
    limits = RatioLimits(check.kind.maximum_ratio, max(PASS_RATIO, check.kind.maximum_ratio), samples, alpha)
    match check.kind:
        case ErrorsCheck():
            return judge_errors(check.name, evidence.requests, limits, dispersion(evidence.history))
        case LatencyCheck():
            return judge_latency(check.name, DURATION_EDGES, evidence.latency.get(check.name, ()), limits)


def _minimum_samples(rollout: Rollout, stage: Stage) -> int:
    if stage is Stage.SHADOW and rollout.shadow is not None:
        return rollout.shadow.minimum_samples
    return MINIMUM_CANARY_SAMPLES


def _inconclusive(name: str, message: str) -> Finding:
    return Finding(name, Verdict.INCONCLUSIVE, message, float("-inf"), 0.0)
