"""From the answers of Prometheus to counts for the judge, by interval: the candidate's and stable's, side by side."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from seatrial.api.checks import LatencyCheck
from seatrial.api.spec import Spec
from seatrial.api.status import Stage, Status
from seatrial.contract import metrics
from seatrial.core import questions
from seatrial.core.compared import control, judged_since, subject
from seatrial.core.counters import Growth, growth
from seatrial.core.observed import Evidence, Unknown
from seatrial.core.user_queries import Answers, query_checks, read_readings
from seatrial.judge.counts import ClassInterval, Comparisons, Counts, Interval, LatencyInterval, Pairs, pool
from seatrial.ports import Series

Own = Mapping[str, Sequence[Series]]  # the answers to the operator's own questions
T = TypeVar("T")
EDGES = {*metrics.DURATION_EDGES, float("inf")}
NONE = (0,) * len(EDGES)
NEVER = datetime.min.replace(tzinfo=UTC)


def read_evidence(spec: Spec, status: Status, answers: Answers, step: float) -> Evidence:
    """Return what the answers to `questions.questions` say; of a status under which nothing is judged, nothing.

    `step` is how many seconds the newest intervals last.
    """
    since = judged_since(status)
    if since is None:
        return Evidence(since=NEVER)
    own = {name: answer for name, answer in answers.items() if not isinstance(answer, Unknown)}
    checks = [(check.name, check.kind) for check in spec.rollout.checks]
    classes, predictions = _predictions(status, own, since)
    return Evidence(
        since=since,
        step=step,
        requests=_requests(status, own, since),
        latency={
            name: _latency(status, own, since, kind.warm_up) for name, kind in checks if isinstance(kind, LatencyCheck)
        },
        comparisons=_comparisons(own, since),
        history=_history(own, since),
        pairs=_pairs(status, own),
        labels=_labels(status, own, since),
        classes=classes,
        predictions=predictions,
        readings={name: read_readings(name, answers, since) for name, _ in query_checks(spec, status)},
    )


def _requests(status: Status, answers: Own, since: datetime) -> tuple[Interval, ...]:
    candidate = _counts(_of(growth(answers.get(questions.REQUESTS, ()), since), *_subject(status)))
    if status.probation is not None and status.trial is None:
        reference = _live(answers.get(questions.REFERENCE_REQUESTS, ()), status.probation.reference_since)
        return tuple(Interval(mine, theirs) for mine, theirs in _apart(candidate, _counts(reference), Counts(0, 0)))
    stable = _counts(_of(growth(answers.get(questions.REQUESTS, ()), since), control(status), metrics.LIVE))
    return tuple(Interval(pool(mine), pool(theirs)) for mine, theirs in _stretches(candidate, stable))


def _latency(status: Status, answers: Own, since: datetime, warm_up: timedelta) -> tuple[LatencyInterval, ...]:
    warm = [g for g in growth(answers.get(questions.DURATION, ()), since) if g.age >= warm_up.total_seconds()]
    candidate = _buckets(_of(warm, *_subject(status)))
    if status.probation is not None and status.trial is None:
        reference = _live(answers.get(questions.REFERENCE_DURATION, ()), status.probation.reference_since)
        return tuple(LatencyInterval(mine, theirs) for mine, theirs in _apart(candidate, _buckets(reference), NONE))
    stable = _buckets(_of(warm, control(status), metrics.LIVE))
    stretches = _stretches(candidate, stable)
    return tuple(LatencyInterval(_sum(mine) or NONE, _sum(theirs) or NONE) for mine, theirs in stretches)


def _stretches(candidate: Mapping[float, T], stable: Mapping[float, T]) -> Iterator[tuple[list[T], list[T]]]:
    """Yield what both sides counted in the same stretch of time, which lasts until both have counted something.

    Pods are scraped at moments of their own, so at one step often only one side has grown: alone it tells nothing.
    """
    mine: list[T] = []
    theirs: list[T] = []
    for at in sorted({*candidate, *stable}):
        mine += [candidate[at]] if at in candidate else []
        theirs += [stable[at]] if at in stable else []
        if mine and theirs:
            yield mine, theirs
            mine, theirs = [], []
    if mine or theirs:
        yield mine, theirs


def _apart(candidate: Mapping[float, T], reference: Mapping[float, T], none: T) -> Iterator[tuple[T, T]]:
    """Yield what either side counted in times of its own: in probation stable's were before the candidate's."""
    yield from ((none, reference[at]) for at in sorted(reference))
    yield from ((candidate[at], none) for at in sorted(candidate))


def _comparisons(answers: Own, since: datetime) -> tuple[Comparisons, ...]:
    grown = growth(answers.get(questions.COMPARISONS, ()), since)
    counts = _by_value(grown, metrics.RESULT, metrics.RESULTS)
    return tuple(Comparisons(*counts[at]) for at in sorted(counts))


def _pairs(status: Status, answers: Own) -> tuple[Pairs, ...]:
    began = NEVER if status.trial is None else status.trial.began
    counts = _by_value(growth(answers.get(questions.PAIRS, ()), began), metrics.RESULT, metrics.PAIR_RESULTS)
    return tuple(Pairs(*counts[at]) for at in sorted(counts))


def _labels(status: Status, answers: Own, since: datetime) -> tuple[Interval, ...]:
    """Return each side's labels, those of wrong answers bad."""
    grown = list(growth(answers.get(questions.LABELS, ()), since))
    mine, theirs = (
        _counted((g for g in grown if g.series.labels.get(metrics.REVISION) == one), metrics.RESULT, metrics.RIGHT)
        for one in (subject(status), control(status))
    )
    return tuple(Interval(pool(some), pool(others)) for some, others in _stretches(mine, theirs))


def _predictions(status: Status, answers: Own, since: datetime) -> tuple[tuple[str, ...], tuple[ClassInterval, ...]]:
    """Return the classes that were predicted, and how often each was in the same stretches of time."""
    grown = list(growth(answers.get(questions.PREDICTIONS, ()), since))
    classes = tuple(sorted({g.series.labels.get(metrics.CLASS, "") for g in grown}))
    mine = _by_value(_of(grown, *_subject(status)), metrics.CLASS, classes)
    theirs = _by_value(_of(grown, control(status), metrics.LIVE), metrics.CLASS, classes)
    none = (0,) * len(classes)
    stretches = _stretches(mine, theirs)
    return classes, tuple(ClassInterval(_sum(some) or none, _sum(others) or none) for some, others in stretches)


def _by_value(grown: Iterable[Growth], label: str, values: Sequence[str]) -> dict[float, tuple[int, ...]]:
    """Return how much grew of each of a label's values, at the times when something did."""
    counts: dict[float, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for part in grown:
        counts[part.at][part.series.labels.get(label, "")] += part.by
    found = {at: tuple(by_value[value] for value in values) for at, by_value in counts.items()}
    return {at: counted for at, counted in found.items() if any(counted)}


def _history(answers: Own, since: datetime) -> tuple[Counts, ...]:
    """Return the control's counts by minute before the stage."""
    counts = _counts(_live(answers.get(questions.HISTORY, ()), since - questions.HISTORY_SPAN))
    return tuple(counts[at] for at in sorted(counts))


def _subject(status: Status) -> tuple[str, str]:
    """Return the judged revision, and which of its traffic counts."""
    return subject(status), metrics.SHADOW if status.stage is Stage.SHADOW else metrics.LIVE


def _live(answer: Sequence[Series], since: datetime) -> list[Growth]:
    return [g for g in growth(answer, since) if g.series.labels.get(metrics.TRAFFIC) == metrics.LIVE]


def _of(grown: Iterable[Growth], revision: str, traffic: str) -> list[Growth]:
    wanted = (revision, traffic)
    return [g for g in grown if (g.series.labels.get(metrics.REVISION), g.series.labels.get(metrics.TRAFFIC)) == wanted]


def _counts(grown: Iterable[Growth]) -> dict[float, Counts]:
    """Return requests at the times when there were some."""
    return _counted(grown, metrics.OUTCOME, metrics.OK)


def _counted(grown: Iterable[Growth], label: str, good: str) -> dict[float, Counts]:
    """Count what grew at the times when something did; all but what the label calls good is bad."""
    totals: dict[float, int] = defaultdict(int)
    bad: dict[float, int] = defaultdict(int)
    for part in grown:
        totals[part.at] += part.by
        if part.series.labels.get(label) != good:
            bad[part.at] += part.by
    return {at: Counts(total, bad[at]) for at, total in totals.items() if total}


def _buckets(grown: Iterable[Growth]) -> dict[float, tuple[int, ...]]:
    """Return requests by bucket at the times when there were some; other buckets than the contract's do not count."""
    cumulative: dict[float, dict[float, int]] = defaultdict(lambda: defaultdict(int))
    for part in grown:
        cumulative[part.at][float(part.series.labels.get("le", "nan"))] += part.by
    single = {at: _single(by_edge) for at, by_edge in cumulative.items() if by_edge.keys() == EDGES}
    return {at: counts for at, counts in single.items() if any(counts)}


def _single(cumulative: Mapping[float, int]) -> tuple[int, ...]:
    counts = [cumulative[edge] for edge in sorted(cumulative)]
    # Buckets are scraped together, but a reset between two points may leave one ahead of the next.
    return tuple(max(0, count - below) for count, below in zip(counts, [0, *counts], strict=False))


def _sum(counts: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*counts, strict=True))
