"""What Prometheus says of what is judged, as the evidence that a decision rests on."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.api.status import Status
from seatrial.core.counters import join
from seatrial.core.evidence import read_evidence
from seatrial.core.observed import Defaults, Evidence, Query, Unknown
from seatrial.core.questions import questions
from seatrial.ports import Key, Metrics, MetricsError, Series

SWITCHED_OFF = Unknown(
    Reason.METRICS_UNAVAILABLE, "this installation asks no queries of users (the chart's prometheus.userQueries)"
)


async def evidence_of(
    metrics: Metrics, key: Key, spec: Spec | Unknown, status: Status, now: datetime, defaults: Defaults
) -> Evidence | Unknown:
    """Return the evidence of the stage that goes on, all questions asked side by side."""
    if isinstance(spec, Unknown):
        return spec
    asked = questions(key, spec, status, now, defaults.namespace_label)
    try:
        answers = await asyncio.gather(*(_ask(metrics, query, defaults) for query in asked.values()))
    except MetricsError as error:
        return Unknown(Reason.METRICS_UNAVAILABLE, str(error))
    return read_evidence(spec, status, dict(zip(asked, answers, strict=True)))


async def _ask(metrics: Metrics, query: Query, defaults: Defaults) -> Sequence[Series] | Unknown:
    if query.is_users and not defaults.user_queries:
        return SWITCHED_OFF
    try:
        return await _series(metrics, query)
    except MetricsError as error:
        if not query.is_users:
            raise
        return Unknown(Reason.METRICS_UNAVAILABLE, str(error))


async def _series(metrics: Metrics, query: Query) -> Sequence[Series]:
    asked = metrics.range(query.promql, query.start, query.end, timedelta(seconds=query.seconds))
    if query.past is None:
        return await asked
    recent, past = await asyncio.gather(asked, _series(metrics, query.past))
    return join(past, recent, query.start)
