"""The user's own metrics: their PromQL for either side, and the values that it gave at the ends of the intervals.

A value stands for an interval, so the readings of a trial are the same at every look. Of a long trial, whose readings
would be too many to ask for, only the last are all read; before, every second is, then every fourth: each of those is
an interval's too.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from seatrial.api.checks import NAME, NAMESPACE, REVISION, VERSION, QueryCheck
from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.api.status import RevisionRef, Status
from seatrial.core.compared import beside, judged, judged_since
from seatrial.core.observed import Query, Unknown
from seatrial.judge.query import Reading
from seatrial.ports import Key, Series

MOST_READINGS = 500
RECENT_READINGS = 60  # three times as many as it takes to show that a limit is broken since some of them
SIDES = ("candidate", "stable")
SILENT_AFTER = 6  # intervals, after which a query that never had a value is taken for a mistake

Answer = Sequence[Series] | Unknown
Answers = Mapping[str, Answer]


def user_questions(key: Key, spec: Spec, status: Status, now: datetime) -> Iterator[tuple[str, Query]]:
    """Yield the queries of all query checks that are asked now, by name; none before there is something to judge."""
    since = judged_since(status)
    for name, kind in query_checks(spec, status):
        if since is None:
            continue
        texts = zip(SIDES, _texts(kind, key, judged(status), beside(status)), strict=True)
        for side, text in texts:
            if text is not None:
                yield _named(name, side), _at_each(kind.interval, text, since, now)


def query_checks(spec: Spec, status: Status) -> Iterator[tuple[str, QueryCheck]]:
    """Yield the query checks of the stage that goes on, by name."""
    for check in spec.rollout.checks:
        if isinstance(check.kind, QueryCheck) and check.is_asked(status.stage):
            yield check.name, check.kind


def read_readings(name: str, answers: Answers, since: datetime) -> tuple[Reading, ...] | Unknown:
    """Return what both sides' queries said, one reading for each interval since then; or why that is not known."""
    candidate, stable = (_values(answers.get(_named(name, side), ()), side) for side in SIDES)
    if isinstance(candidate, Unknown):
        return candidate
    if isinstance(stable, Unknown):
        return stable
    read = sorted(at for at in {*candidate, *stable} if at > since.timestamp())
    return tuple(Reading(candidate.get(at, math.nan), stable.get(at)) for at in read)


def silent(
    spec: Spec, status: Status, readings: Mapping[str, Sequence[Reading] | Unknown], now: datetime
) -> Iterator[str]:
    """Yield what a person should look at: queries that had no value for either side, though there was time enough."""
    since = judged_since(status)
    for name, kind in query_checks(spec, status):
        if since is not None and readings.get(name) == () and now - since > SILENT_AFTER * kind.interval:
            whose = "neither side's query has had a value" if kind.compares else "the query has had no value"
            yield f"the check {name}: {whose} in {SILENT_AFTER} intervals: is the metric's name right?"


def _named(name: str, side: str) -> str:
    return f"query {name} {side}"


def _at_each(interval: timedelta, text: str, since: datetime, now: datetime) -> Query:
    """Ask at the end of every interval that is over; of too many at all of the last and some of those before.

    The beginning is asked about too, and not read: a mistake in the PromQL is told at once.
    """
    over = math.floor((now - since) / interval)
    if over <= MOST_READINGS:
        return _at(text, since, interval, -1, over)
    before = over - RECENT_READINGS
    step = 2 ** math.ceil(math.log2(over / MOST_READINGS))
    past = _at(text, since, step * interval, 0, before // step)
    return replace(_at(text, since, interval, before, over), past=past)


def _at(text: str, since: datetime, step: timedelta, after: int, last: int) -> Query:
    """Ask at the steps after this one, until the last; the first ends one step after the beginning."""
    return Query(text, since + (after + 1) * step, since + last * step, step.total_seconds(), is_users=True)


def _texts(
    kind: QueryCheck, key: Key, candidate: RevisionRef | None, stable: RevisionRef | None
) -> tuple[str | None, str | None]:
    """Return the PromQL of candidate and stable; None for stable's where nothing is compared with it."""
    mine = _filled(kind.candidate, key, candidate)
    if kind.stable is None and not kind.compares:
        return mine, None
    return mine, _filled(kind.stable or kind.candidate, key, stable)


def _filled(text: str, key: Key, ref: RevisionRef | None) -> str:
    values = {NAMESPACE: key.namespace, NAME: key.name}
    values |= {REVISION: ref.revision, VERSION: ref.version} if ref is not None else {}
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def _values(answer: Answer, side: str) -> Mapping[float, float] | Unknown:
    """Return the values by time."""
    if isinstance(answer, Unknown):
        return Unknown(answer.reason, f"the {side}'s query: {answer.message}")
    if len(answer) > 1:
        several = f"the {side}'s query gives {len(answer)} series: make it one, such as by sum(…)"
        return Unknown(Reason.INVALID_SPEC, several)
    return dict(answer[0].points) if answer else {}
