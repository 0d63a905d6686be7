"""What Prometheus says of what is judged, as the evidence that a decision rests on."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.api.status import Status
from seatrial.core.counters import join
from seatrial.core.evidence import read_evidence
from seatrial.core.observed import Defaults, Evidence, Query, Unknown
from seatrial.core.questions import REQUESTS, questions
from seatrial.core.resolution import USUAL_STEP
from seatrial.core.user_queries import Answer
from seatrial.ports import ANSWER_BYTES, BadQueryError, Key, Metrics, MetricsError, Series

SWITCHED_OFF = Unknown(
    Reason.METRICS_UNAVAILABLE, "this installation asks no queries of users (the chart's prometheus.userQueries)"
)
# A user's query has one series of some hundred points; what is more could fill the operator's memory.
USERS_BYTES = 1 << 18
# How many of one namespace's are asked at once, and of all: Prometheus answers twenty queries at a time.
AT_ONCE, ALL_AT_ONCE = 3, 8
PATIENCE = 5.0  # seconds for all queries of a ModelDeployment's together


class UserQueries:
    """Asks what users want to know: few at a time, so that the operator's own questions find Prometheus free."""

    def __init__(self, metrics: Metrics, *, patience: float = PATIENCE) -> None:
        self._metrics, self._patience = metrics, patience
        self._all = asyncio.Semaphore(ALL_AT_ONCE)
        self._shares: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def ask(self, namespace: str, asked: Mapping[str, Query]) -> dict[str, Answer]:
        """Return the answers by name; what was not answered, or not in time, says so."""
        own = self._shares.setdefault(namespace, asyncio.Semaphore(AT_ONCE))
        tasks = {name: asyncio.create_task(self._one(query, own)) for name, query in asked.items()}
        try:
            if tasks:
                await asyncio.wait(tasks.values(), timeout=self._patience)
            return {name: task.result() if task.done() else self._late() for name, task in tasks.items()}
        finally:
            for task in tasks.values():
                task.cancel()

    async def _one(self, query: Query, own: asyncio.Semaphore) -> Answer:
        try:
            async with own, self._all:
                return await _series(self._metrics, query)
        except BadQueryError as error:
            return Unknown(Reason.INVALID_SPEC, str(error))
        except MetricsError as error:
            return Unknown(Reason.METRICS_UNAVAILABLE, str(error))

    def _late(self) -> Unknown:
        late = f"no answer within {self._patience:g} s: the queries of its checks together take longer"
        return Unknown(Reason.METRICS_UNAVAILABLE, late)


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
    told = await users.ask(key.namespace, theirs) if defaults.user_queries else dict.fromkeys(theirs, SWITCHED_OFF)
    step = own[REQUESTS].seconds if own else USUAL_STEP.total_seconds()
    return read_evidence(spec, status, {**dict(zip(own, answers, strict=True)), **told}, step)


async def _series(metrics: Metrics, query: Query) -> Sequence[Series]:
    most = USERS_BYTES if query.is_users else ANSWER_BYTES
    asked = metrics.range(query.promql, query.start, query.end, timedelta(seconds=query.seconds), most=most)
    if query.past is None:
        return await asked
    recent, past = await asyncio.gather(asked, _series(metrics, query.past))
    return join(past, recent, query.start)
