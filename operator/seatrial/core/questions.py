"""What Prometheus is asked while something is on trial.

Counters are read as they are, pod by pod, at the steps that `resolution` says; `evidence` takes differences. That is
exact where `increase()` extrapolates, and knows a pod's start, so that its warm-up can be left out.

The target label of its pod's namespace says whose a series is: no pod can forge it, as it can what it says itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from seatrial.api.checks import AccuracyCheck, Kind, LatencyCheck, PredictionsCheck
from seatrial.api.spec import Spec
from seatrial.api.status import Stage, Status
from seatrial.contract import metrics
from seatrial.core.compared import control, judged_since, subject
from seatrial.core.observed import Query
from seatrial.core.resolution import Selectors, between, since_then
from seatrial.core.user_queries import user_questions
from seatrial.ports import Key

Sides = Mapping[str, Sequence[str]]  # revisions by the kind of traffic of theirs that counts

REQUESTS, DURATION, COMPARISONS = "requests", "duration", "comparisons"
REFERENCE_REQUESTS, REFERENCE_DURATION, HISTORY = "reference requests", "reference duration", "history"
LABELS, PAIRS, PREDICTIONS = "labels", "label pairs", "predictions"

HISTORY_SPAN, HISTORY_STEP = timedelta(hours=2), timedelta(minutes=1)


def questions(key: Key, spec: Spec, status: Status, now: datetime, namespace_label: str) -> Mapping[str, Query]:
    """Return the queries whose answers `evidence.read_evidence` needs now, by name; none where nothing is judged."""
    since = judged_since(status)
    if since is None or status.stable is None or now <= since:
        return {}
    whose = f'{namespace_label}="{key.namespace}",{metrics.NAME}="{key.name}"'
    sides, usual, outcomes = _sides(status), {metrics.LIVE: [control(status)]}, _outcomes(status)
    asked = {
        REQUESTS: since_then(_requests(whose, sides, outcomes), since, now),
        DURATION: since_then(_duration(whose, sides), since, now, longest_warm_up(spec)),
        HISTORY: between(_requests(whose, usual, outcomes), since - HISTORY_SPAN, since, HISTORY_STEP),
    }
    if status.stage is Stage.SHADOW:
        asked[COMPARISONS] = since_then(_comparisons(whose, status), since, now)
    if status.stage is Stage.PROBATION and status.probation is not None:
        start, end = status.probation.reference_since, status.probation.since
        asked[REFERENCE_REQUESTS] = between(_requests(whose, usual, outcomes), start, end)
        asked[REFERENCE_DURATION] = between(_duration(whose, usual), start, end)
    if is_asked(spec, status, AccuracyCheck):
        asked |= _about_labels(whose, status, since, now)
    if is_asked(spec, status, PredictionsCheck):
        asked[PREDICTIONS] = since_then(_of_sides(metrics.PREDICTIONS, whose, sides), since, now)
    return asked | dict(user_questions(key, spec, status, now))


def is_asked(spec: Spec, status: Status, kind: type[Kind]) -> bool:
    """Say whether a check of this kind is asked at the stage that goes on."""
    return any(isinstance(check.kind, kind) and check.is_asked(status.stage) for check in spec.rollout.checks)


def _about_labels(whose: str, status: Status, since: datetime, now: datetime) -> dict[str, Query]:
    """The truth comes late: what the shadow answered is told in the canary, so pairs count since the trial began."""
    both = _selector(whose, sorted({subject(status), control(status)}))
    asked = {LABELS: since_then([metrics.DRAWN_LABELS + both], since, now)}
    if status.trial is not None:
        control_label = f',{metrics.CONTROL}="{control(status)}"'
        pairs = metrics.LABEL_PAIRS + _selector(whose, [subject(status)], control_label)
        asked[PAIRS] = since_then([pairs], status.trial.began, now)
    return asked


def longest_warm_up(spec: Spec) -> timedelta:
    """Return how far before the stage pods are looked for, to know which were young when it began."""
    kinds = (check.kind for check in spec.rollout.checks)
    return max((kind.warm_up for kind in kinds if isinstance(kind, LatencyCheck)), default=timedelta(0))


def _sides(status: Status) -> Sides:
    """Return whose traffic of which kind counts: the answer grows with each series, so no other is asked for."""
    if status.stage is Stage.SHADOW:
        return {metrics.LIVE: [control(status)], metrics.SHADOW: [subject(status)]}
    return {metrics.LIVE: sorted({subject(status), control(status)})}


def _outcomes(status: Status) -> tuple[str, ...]:
    """Return the outcomes that count: beside ok, each is one that its caller had no use for.

    Callers send what they send to both sides alike, so that a candidate that refuses more of it asks for what they do
    not send. Only what stable could answer is copied to a shadow, and only that is compared there.
    """
    return (metrics.OK, metrics.ERROR) if status.stage is Stage.SHADOW else metrics.OUTCOMES


def _selector(whose: str, revisions: Sequence[str], more: str = "") -> str:
    return f'{{{whose},{metrics.REVISION}=~"{"|".join(revisions)}"{more}}}'


def _of_sides(metric: str, whose: str, sides: Sides, more: str = "") -> Selectors:
    """Select a metric's series of these sides."""
    return [
        metric + _selector(whose, revisions, f',{metrics.TRAFFIC}="{traffic}"{more}')
        for traffic, revisions in sides.items()
    ]


def _requests(whose: str, sides: Sides, outcomes: Sequence[str]) -> Selectors:
    return _of_sides(metrics.REQUESTS, whose, sides, f',{metrics.OUTCOME}=~"{"|".join(outcomes)}"')


def _duration(whose: str, sides: Sides) -> Selectors:
    return _of_sides(metrics.DURATION + "_bucket", whose, sides)


def _comparisons(whose: str, status: Status) -> Selectors:
    return [metrics.SHADOW_COMPARISONS + _selector(whose, [subject(status)])]
