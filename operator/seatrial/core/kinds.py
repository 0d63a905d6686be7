"""How each kind of check is judged: by which of the evidence, beside stable or after it, and from how many samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from seatrial.api.checks import (
    AccuracyCheck,
    Check,
    ErrorsCheck,
    Kind,
    LatencyCheck,
    PredictionsCheck,
    QueryCheck,
)
from seatrial.api.quantities import format_duration
from seatrial.api.status import Stage
from seatrial.contract.metrics import DURATION_EDGES
from seatrial.core.observed import Evidence, Unknown
from seatrial.judge.accuracy import judge_paired_accuracy, judge_unpaired_accuracy
from seatrial.judge.conclusion import nothing_to_judge
from seatrial.judge.counts import Interval, LatencyInterval
from seatrial.judge.dispersion import usual_dispersion
from seatrial.judge.errors import judge_errors
from seatrial.judge.latency import SLOW, judge_latency
from seatrial.judge.limits import RatioLimits
from seatrial.judge.predictions import judge_predictions
from seatrial.judge.query import Bound, QueryLimit, judge_query
from seatrial.judge.reference import judge_against_reference
from seatrial.judge.verdict import Finding, Verdict

# A candidate passes a ratio when it is shown to be better than this; between the two limits it waits.
PASS_RATIO = 2.0
# What a Pass rests on at least, where neither the check nor the stage says it.
SAMPLES: Mapping[type[Kind], int] = {
    ErrorsCheck: 100,
    LatencyCheck: 100,
    AccuracyCheck: 200,
    PredictionsCheck: 500,
    QueryCheck: 10,
}
REGRESSION = "of a regression each version counts its answers in bins of its own: they cannot be compared"
OF_REQUESTS = (ErrorsCheck, LatencyCheck, PredictionsCheck)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a stage's checks have in common.

    `alpha` is each one's part of the chance of a false Fail; `samples` how many requests the stage itself asks for
    (None: it does not); `exposure` the share of the traffic that a Pass gives; `regression` says that answers are
    numbers; `part` how much of a whole interval those of the evidence are.
    """

    stage: Stage
    alpha: float
    samples: int | None
    exposure: float
    regression: bool = False
    part: float = 1.0

    def samples_of(self, check: Check) -> int:
        """Return how many samples a Pass of this check must rest on."""
        of_stage = self.samples if isinstance(check.kind, OF_REQUESTS) else None
        return check.minimum_samples or of_stage or SAMPLES[type(check.kind)]


def judge_check(check: Check, evidence: Evidence, terms: Terms) -> Finding:
    """Return a check's finding on the evidence of the stage."""
    match check.kind:
        case ErrorsCheck() as kind:
            return _errors(check.name, kind, evidence, terms, _limits(check, kind.maximum_ratio, terms, kind.objective))
        case LatencyCheck() as kind:
            return _latency(check.name, kind, evidence, terms, _limits(check, kind.maximum_ratio, terms))
        case PredictionsCheck() if terms.regression:
            return nothing_to_judge(check.name, REGRESSION, terms.alpha)
        case PredictionsCheck(ratio):
            limits = _limits(check, ratio, terms)
            return judge_predictions(check.name, evidence.classes, evidence.predictions, limits)
        case AccuracyCheck(loss):
            return _accuracy(check.name, loss, evidence, terms, terms.samples_of(check))
        case QueryCheck() as kind:
            return _query(check.name, kind, evidence, terms.alpha, terms.samples_of(check))


def _limits(check: Check, ratio: float, terms: Terms, objective: float = ErrorsCheck().objective) -> RatioLimits:
    samples = terms.samples_of(check)
    return RatioLimits(ratio, max(PASS_RATIO, ratio), samples, terms.alpha, objective, terms.exposure, terms.part)


def _errors(name: str, kind: ErrorsCheck, evidence: Evidence, terms: Terms, limits: RatioLimits) -> Finding:
    usual = usual_dispersion(evidence.history)
    if terms.stage is Stage.PROBATION:
        return _after(name, evidence.requests, limits, usual)
    return judge_errors(name, evidence.requests, limits, usual)


def _latency(name: str, kind: LatencyCheck, evidence: Evidence, terms: Terms, limits: RatioLimits) -> Finding:
    edges, intervals = above(kind.objective, evidence.latency.get(name, ()))
    if terms.stage is Stage.PROBATION:
        return _after(name, _slower_than_tail(intervals), limits, 1.0)
    warm = kind.warm_up > timedelta(0)
    counted = f"requests past the warm-up of {format_duration(kind.warm_up)}" if warm else "requests"
    return judge_latency(name, edges, intervals, limits, counted)


def _after(name: str, intervals: Sequence[Interval], limits: RatioLimits, usual: float) -> Finding:
    """Judge what was promoted by what the old stable did before."""
    since, before = [i.candidate for i in intervals], [i.stable for i in intervals]
    return judge_against_reference(name, since, before, limits, usual)


def _accuracy(name: str, loss: float, evidence: Evidence, terms: Terms, samples: int) -> Finding:
    """In the shadow the pairs tell; later labels of each side's own do too, and of those of the shadow that come late.

    Two tests share the chance of a false Fail; the first that fails or passes is told.
    """
    if terms.stage is Stage.SHADOW:
        return judge_paired_accuracy(name, evidence.pairs, loss, samples, terms.alpha)
    half = terms.alpha / 2
    found = [judge_unpaired_accuracy(name, evidence.labels, loss, samples, half, terms.exposure)]
    if evidence.pairs:
        found.append(judge_paired_accuracy(name, evidence.pairs, loss, samples, half))
    ranked = (one for verdict in (Verdict.FAIL, Verdict.PASS) for one in found if one.verdict is verdict)
    return next(ranked, found[-1])


def _query(name: str, kind: QueryCheck, evidence: Evidence, alpha: float, samples: int) -> Finding:
    readings = evidence.readings.get(name, ())
    if isinstance(readings, Unknown):
        return nothing_to_judge(name, readings.message, alpha)
    return judge_query(name, readings, _limit(kind), samples, alpha)


def _limit(kind: QueryCheck) -> QueryLimit:
    limits = {
        Bound.MAXIMUM_RATIO: kind.maximum_ratio,
        Bound.MINIMUM_RATIO: kind.minimum_ratio,
        Bound.MAXIMUM: kind.maximum,
        Bound.MINIMUM: kind.minimum,
    }
    [limit] = [QueryLimit(bound, value) for bound, value in limits.items() if value is not None]
    return limit


def _slower_than_tail(intervals: Sequence[LatencyInterval]) -> tuple[Interval, ...]:
    """Count as bad what is slower than the first bucket edge that at most one in twenty of stable's requests exceed."""
    stable = [sum(column) for column in zip(*(i.stable for i in intervals), strict=True)]
    edges = range(len(stable) - 1)
    tail = next((k for k in edges if sum(stable[k + 1 :]) <= SLOW * sum(stable)), len(stable) - 2)
    return tuple(i.slower_than(tail) for i in intervals)


def above(
    objective: timedelta | None, intervals: Sequence[LatencyInterval]
) -> tuple[tuple[float, ...], tuple[LatencyInterval, ...]]:
    """Return the bucket edges (seconds) from an objective on, with all that is faster in the first bucket."""
    seconds = objective.total_seconds() if objective is not None else 0.0
    first = min(sum(edge < seconds for edge in DURATION_EDGES), len(DURATION_EDGES) - 1)

    def merged(buckets: tuple[int, ...]) -> tuple[int, ...]:
        return (sum(buckets[: first + 1]), *buckets[first + 1 :])

    return DURATION_EDGES[first:], tuple(LatencyInterval(merged(i.candidate), merged(i.stable)) for i in intervals)
