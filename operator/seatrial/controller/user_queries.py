"""Asking Prometheus what users want to know: what takes long keeps nobody waiting, nor its own ModelDeployment."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

from seatrial.api.conditions import Reason
from seatrial.core.observed import Query, Unknown
from seatrial.core.user_queries import Answer
from seatrial.ports import BadQueryError, Key, MetricsError, Series

# How many of one namespace's are asked at once, and of all: Prometheus answers twenty queries at a time.
AT_ONCE, ALL_AT_ONCE = 3, 8
WAIT = 0.5  # seconds that a look waits; what comes later is read at the next
PATIENCE = 10.0  # seconds for an answer
MOST_REMEMBERED = 2000  # queries of all

Ask = Callable[[Query], Awaitable[Sequence[Series]]]


@dataclass(slots=True)
class _Asked:
    """A query that is under way, since when, and what the same PromQL gave before."""

    query: Query
    task: "asyncio.Task[Answer] | None" = None
    since: float = 0.0
    answer: Answer | None = None


class UserQueries:
    """Asks few at a time, goes on asking between looks, and tells what was answered last meanwhile."""

    def __init__(self, ask: Ask, *, wait: float = WAIT, patience: float = PATIENCE) -> None:
        self._ask, self._wait, self._patience = ask, wait, patience
        self._all = asyncio.Semaphore(ALL_AT_ONCE)
        self._shares: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._asked: OrderedDict[tuple[Key, str], _Asked] = OrderedDict()

    async def ask(self, key: Key, queries: Mapping[str, Query]) -> dict[str, Answer]:
        """Return the answers by name; what was not answered yet says so."""
        asked = {name: self._started(key, name, query) for name, query in queries.items()}
        tasks = [one.task for one in asked.values() if one.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=self._wait)
        return {name: self._told(one) for name, one in asked.items()}

    def _started(self, key: Key, name: str, query: Query) -> _Asked:
        """Return what is under way, begun now where it is not; of another revision nothing is remembered."""
        asked = self._asked.get((key, name))
        if asked is None or asked.query.promql != query.promql:
            self._dropped(asked)
            asked = self._asked[key, name] = _Asked(query)
        self._asked.move_to_end((key, name))
        while len(self._asked) > MOST_REMEMBERED:
            self._dropped(self._asked.popitem(last=False)[1])
        if asked.task is None:
            asked.query, asked.since = query, asyncio.get_running_loop().time()
            asked.task = asyncio.create_task(self._one(key.namespace, query))
        return asked

    def _told(self, asked: _Asked) -> Answer:
        task = asked.task
        if task is not None and task.done():
            asked.task, asked.answer = None, task.result()
        elif asyncio.get_running_loop().time() - asked.since > self._patience:
            self._dropped(asked)
            late = f"no answer within {self._patience:g} s"
            asked.task, asked.answer = None, Unknown(Reason.METRICS_UNAVAILABLE, late)
        waits = Unknown(Reason.METRICS_UNAVAILABLE, f"no answer yet; it is waited for {self._patience:g} s")
        return waits if asked.answer is None else asked.answer

    async def _one(self, namespace: str, query: Query) -> Answer:
        share = self._shares.setdefault(namespace, asyncio.Semaphore(AT_ONCE))
        try:
            async with share, self._all:
                return await self._ask(query)
        except BadQueryError as error:
            return Unknown(Reason.INVALID_SPEC, str(error))
        except MetricsError as error:
            return Unknown(Reason.METRICS_UNAVAILABLE, str(error))

    @staticmethod
    def _dropped(asked: _Asked | None) -> None:
        if asked is not None and asked.task is not None:
            asked.task.cancel()
