"""What Prometheus says of what is judged, as the evidence that a decision rests on."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.api.status import Status
from seatrial.controller.user_queries import UserQueries
from seatrial.core.counters import join
from seatrial.core.evidence import read_evidence
from seatrial.core.observed import Defaults, Evidence, Query, Unknown
from seatrial.core.questions import REQUESTS, questions
from seatrial.core.resolution import USUAL_STEP
from seatrial.ports import ANSWER_BYTES, Key, Metrics, MetricsError, Series

SWITCHED_OFF = Unknown(
    Reason.METRICS_UNAVAILABLE, "this installation asks no queries of users (the chart's prometheus.userQueries)"
)
# A user's query has one series of some hundred points; what is more could fill the operator's memory.
USERS_BYTES = 1 << 18


def users_of(metrics: Metrics, **limits: float) -> UserQueries:
    """Return what asks the queries of users of this Prometheus."""
    return UserQueries(lambda query: _series(metrics, query), **limits)


async def evidence_of(
    metrics: Metrics,
    users: UserQueries,
    key: Key,
    spec: Spec | Unknown,
    status: Status,
    now: datetime,
    defaults: Defaults,
) -> Evidence | Unknown:
    """Return the evidence of the stage that goes on, the operator's own questions asked side by side."""
    if isinstance(spec, Unknown):
        return spec
    asked = questions(key, spec, status, now, defaults.namespace_label)
    theirs = {name: query for name, query in asked.items() if query.is_users}
    own = {name: query for name, query in asked.items() if not query.is_users}
    try:
        answers = await asyncio.gather(*(_series(metrics, query) for query in own.values()))
    except MetricsError as error:
        return Unknown(Reason.METRICS_UNAVAILABLE, str(error))
    told = await users.ask(key, theirs) if defaults.user_queries else dict.fromkeys(theirs, SWITCHED_OFF)
    step = own[REQUESTS].seconds if own else USUAL_STEP.total_seconds()
    return read_evidence(spec, status, {**dict(zip(own, answers, strict=True)), **told}, step)


async def _series(metrics: Metrics, query: Query) -> Sequence[Series]:
    most = USERS_BYTES if query.is_users else ANSWER_BYTES
    asked = metrics.range(query.promql, query.start, query.end, timedelta(seconds=query.seconds), most=most)
    if query.past is None:
        return await asked
    recent, past = await asyncio.gather(asked, _series(metrics, query.past))
    return join(past, recent, query.start)
