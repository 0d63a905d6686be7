"""From evidence to findings: which checks are asked at a stage, and with which limits."""

from collections.abc import Mapping
from datetime import datetime
from math import inf

from seatrial.api.checks import DISAGREEMENT, RESTARTS, AccuracyCheck, Check, PredictionsCheck
from seatrial.api.spec import Rollout, Spec
from seatrial.api.status import Stage, Status
from seatrial.core.blindness import unseen
from seatrial.core.compared import control, judged_since, subject
from seatrial.core.kinds import Terms, judge_check
from seatrial.core.observed import Evidence, Observed, Unknown
from seatrial.core.restarts import left_out, restarts_of
from seatrial.judge.disagreement import judge_disagreement
from seatrial.judge.restarts import Ends, judge_restarts
from seatrial.judge.verdict import Finding, Verdict
from seatrial.ports import NO_RESTARTS, Restarts

# Seconds. Accidents (a connection pool that fills, a process that is killed) are mostly shorter. An interval is as long
# from a minute and a half of a stage on; before, shorter ones weigh as much less.
WHOLE_INTERVAL = 15.0
ALPHA = 0.01  # the chance that a stage's checks together refuse a healthy version


def judge(observed: Observed, spec: Spec) -> tuple[Finding, ...]:
    """Return a finding for each check of the stage that is going on; empty where nothing is judged."""
    status = observed.status
    since = judged_since(status)
    if since is None:
        return ()
    return (*_by_metrics(observed, spec.rollout, since), *_by_restarts(observed))


def _by_metrics(observed: Observed, rollout: Rollout, since: datetime) -> tuple[Finding, ...]:
    names = check_names(rollout, observed.status.stage)
    match observed.evidence:
        case Unknown(_, message):
            return tuple(_unjudged(observed.status, name, message) for name in names)
        case Evidence() as evidence if evidence.since == since:
            return _findings(rollout, observed, evidence)
        case _:
            return tuple(_inconclusive(name, "no evidence yet: the stage has just begun") for name in names)


def _by_restarts(observed: Observed) -> tuple[Finding, ...]:
    """Judge by what Kubernetes says of the pods, for which nobody else is needed.

    A start that failed counts at neither side: new pods need the store, which may be away.
    """
    if trouble := unseen(observed):
        return (_unjudged(observed.status, RESTARTS, trouble),)
    mine, theirs = restarts_of(observed, subject) or NO_RESTARTS, restarts_of(observed, control) or NO_RESTARTS
    out = left_out(observed)
    found = judge_restarts(RESTARTS, _ends(mine, out.judged), _ends(theirs, out.control), mine.ending)
    return () if found is None else (found,)


def _ends(restarts: Restarts, out: Mapping[str, int]) -> Ends:
    return Ends(sum(count - out.get(pod, 0) for pod, count in restarts.by_pod.items()), len(restarts.by_pod))


def check_names(rollout: Rollout, stage: Stage) -> tuple[str, ...]:
    """Return the names of the checks that are asked at a stage."""
    names = tuple(check.name for check in rollout.checks if check.is_asked(stage))
    return (DISAGREEMENT, *names) if stage is Stage.SHADOW and rollout.shadow is not None else names


def backstops(rollout: Rollout, stage: Stage, *, regression: bool = False, collects: bool = True) -> frozenset[str]:
    """Return the names of the checks that are not waited for at a stage.

    What labels tell of the shadow's answers is shown there; in a canary each side's own, which take far longer to show
    anything, can only fail a version. Where stable's pods are older than the first check on accuracy, so that nothing
    of theirs is collected, there is nobody to compare with. And of a regression classes are no question. Where all were
    backstops none is: a stage goes on because something was shown.
    """
    after_shadow = stage is Stage.CANARY and rollout.shadow is not None

    def is_one(check: Check) -> bool:
        match check.kind:
            case AccuracyCheck():
                return not collects or (after_shadow and check.is_asked(Stage.SHADOW))
            case PredictionsCheck():
                return regression
        return False

    found = frozenset(check.name for check in rollout.checks if is_one(check))
    return frozenset() if found.issuperset(check_names(rollout, stage)) else found


def _findings(rollout: Rollout, observed: Observed, evidence: Evidence) -> tuple[Finding, ...]:
    status, stage = observed.status, observed.status.stage
    asked = [check for check in rollout.checks if check.is_asked(stage)]
    alpha = ALPHA / max(1, len(check_names(rollout, stage)))
    samples = rollout.shadow.minimum_samples if stage is Stage.SHADOW and rollout.shadow is not None else None
    part = min(1.0, evidence.step / WHOLE_INTERVAL)
    terms = Terms(stage, alpha, samples, exposure(rollout, status), observed.is_regression, part)
    findings = [judge_check(check, evidence, terms) for check in asked]
    if stage is Stage.SHADOW and rollout.shadow is not None:
        findings.insert(0, _disagreement(rollout.shadow.maximum_disagreement, evidence, alpha, samples or 0))
    return tuple(findings)


def _disagreement(maximum: float, evidence: Evidence, alpha: float, samples: int) -> Finding:
    return judge_disagreement(DISAGREEMENT, evidence.comparisons, maximum, samples, alpha)


def exposure(rollout: Rollout, status: Status) -> float:
    """Return the share of the traffic that a Pass would give the candidate: a canary's next weight, otherwise all."""
    trial, canary = status.trial, rollout.canary
    if trial is None or trial.stage is not Stage.CANARY or canary is None or trial.step + 1 >= len(canary.steps):
        return 1.0
    return canary.steps[trial.step + 1].weight / 100


def _unjudged(status: Status, name: str, message: str) -> Finding:
    """A Fail that could not be acted upon yet stands while there is nothing to judge by again."""
    failed = [one.message for one in status.findings if (one.check, one.verdict) == (name, Verdict.FAIL)]
    return Finding(name, Verdict.FAIL, failed[0], inf, 0.0) if failed else _inconclusive(name, message)


def _inconclusive(name: str, message: str) -> Finding:
    return Finding(name, Verdict.INCONCLUSIVE, message, -inf, 0.0)
