"""From evidence to findings: which checks are asked at a stage, and with which limits."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import inf

from seatrial.api.checks import DISAGREEMENT, RESTARTS, Check, ErrorsCheck, LatencyCheck
from seatrial.api.spec import Rollout, Spec
from seatrial.api.status import Stage, Status
from seatrial.contract.metrics import DURATION_EDGES
from seatrial.core.blindness import unseen
from seatrial.core.compared import control, judged_since, subject
from seatrial.core.observed import Evidence, Observed, Unknown
from seatrial.core.restarts import left_out, restarts_of
from seatrial.judge.counts import Interval, LatencyInterval
from seatrial.judge.disagreement import judge_disagreement
from seatrial.judge.dispersion import dispersion
from seatrial.judge.errors import judge_errors
from seatrial.judge.latency import judge_latency
from seatrial.judge.limits import RatioLimits
from seatrial.judge.reference import judge_against_reference
from seatrial.judge.restarts import Ends, judge_restarts
from seatrial.judge.verdict import Finding, Verdict
from seatrial.ports import NO_RESTARTS, Restarts

ALPHA = 0.01  # the chance that a stage's checks together refuse a healthy version
TAIL = 0.05  # the share of stable's requests that were slow, by which a promoted version's latency is judged
# A candidate passes a ratio when it is shown to be better than this; between the two limits it waits.
PASS_RATIO = 2.0
MINIMUM_CANARY_SAMPLES = 100


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
            return _findings(rollout, observed.status, evidence)
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
    """Return the names of the checks of a stage."""
    names = tuple(check.name for check in rollout.checks)
    return (DISAGREEMENT, *names) if stage is Stage.SHADOW and rollout.shadow is not None else names


def _findings(rollout: Rollout, status: Status, evidence: Evidence) -> tuple[Finding, ...]:
    stage = status.stage
    alpha = ALPHA / len(check_names(rollout, stage))
    samples = _minimum_samples(rollout, stage)
    share = exposure(rollout, status)
    one = _judge_after if stage is Stage.PROBATION else _judge_beside
    findings = [one(check, evidence, _limits(check, alpha, samples, share)) for check in rollout.checks]
    if stage is Stage.SHADOW and rollout.shadow is not None:
        seen, maximum = evidence.comparisons, rollout.shadow.maximum_disagreement
        findings.insert(
            0, judge_disagreement(DISAGREEMENT, seen.agree, seen.disagree, seen.errors, maximum, samples, alpha)
        )
    return tuple(findings)


def _limits(check: Check, alpha: float, samples: int, share: float) -> RatioLimits:
    ratio = check.kind.maximum_ratio
    return RatioLimits(ratio, max(PASS_RATIO, ratio), samples, alpha, exposure=share)


def _judge_beside(check: Check, evidence: Evidence, limits: RatioLimits) -> Finding:
    """Judge a candidate beside stable, which serves at the same time."""
    match check.kind:
        case ErrorsCheck():
            return judge_errors(check.name, evidence.requests, limits, dispersion(evidence.history))
        case LatencyCheck():
            edges, intervals = above(check.kind.objective, evidence.latency.get(check.name, ()))
            return judge_latency(check.name, edges, intervals, limits)


def _judge_after(check: Check, evidence: Evidence, limits: RatioLimits) -> Finding:
    """Judge what was promoted by what the old stable did before: errors, or requests slower than its tail was."""
    match check.kind:
        case ErrorsCheck():
            intervals: Sequence[Interval] = evidence.requests
            usual = dispersion(evidence.history)
        case LatencyCheck():
            intervals = _slower_than_tail(above(check.kind.objective, evidence.latency.get(check.name, ()))[1])
            usual = 1.0
    since, before = [i.candidate for i in intervals], [i.stable for i in intervals]
    return judge_against_reference(check.name, since, before, limits, usual)


def _slower_than_tail(intervals: Sequence[LatencyInterval]) -> tuple[Interval, ...]:
    """Count as bad what is slower than the first bucket edge that at most one in twenty of stable's requests exceed."""
    stable = [sum(column) for column in zip(*(i.stable for i in intervals), strict=True)]
    edges = range(len(stable) - 1)
    tail = next((k for k in edges if sum(stable[k + 1 :]) <= TAIL * sum(stable)), len(stable) - 2)
    return tuple(i.slower_than(tail) for i in intervals)


def exposure(rollout: Rollout, status: Status) -> float:
    """Return the share of the traffic that a Pass would give the candidate: a canary's next weight, otherwise all."""
    trial, canary = status.trial, rollout.canary
    if trial is None or trial.stage is not Stage.CANARY or canary is None or trial.step + 1 >= len(canary.steps):
        return 1.0
    return canary.steps[trial.step + 1].weight / 100


def above(
    objective: timedelta | None, intervals: Sequence[LatencyInterval]
) -> tuple[tuple[float, ...], tuple[LatencyInterval, ...]]:
    """Return the bucket edges (seconds) from an objective on, with all that is faster in the first bucket."""
    seconds = objective.total_seconds() if objective is not None else 0.0
    first = min(sum(edge < seconds for edge in DURATION_EDGES), len(DURATION_EDGES) - 1)

    def merged(buckets: tuple[int, ...]) -> tuple[int, ...]:
        return (sum(buckets[: first + 1]), *buckets[first + 1 :])

    return DURATION_EDGES[first:], tuple(LatencyInterval(merged(i.candidate), merged(i.stable)) for i in intervals)


def _minimum_samples(rollout: Rollout, stage: Stage) -> int:
    if stage is Stage.SHADOW and rollout.shadow is not None:
        return rollout.shadow.minimum_samples
    return MINIMUM_CANARY_SAMPLES


def _unjudged(status: Status, name: str, message: str) -> Finding:
    """A Fail that could not be acted upon yet stands while there is nothing to judge by again."""
    failed = [one.message for one in status.findings if (one.check, one.verdict) == (name, Verdict.FAIL)]
    return Finding(name, Verdict.FAIL, failed[0], inf, 0.0) if failed else _inconclusive(name, message)


def _inconclusive(name: str, message: str) -> Finding:
    return Finding(name, Verdict.INCONCLUSIVE, message, -inf, 0.0)
