"""Adaptive batching without a timer: the next batch is whatever waits when the model has done with the last one.

At one request at a time nothing waits; under load batches grow by themselves. `maximum_delay` (0 by default) makes
an idle model wait for company. The queue is bounded in requests and rows; each request has its deadline. All methods
are the event loop's; the model runs in one worker thread.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seatrial_runtime.predictor.model import Predict, PredictionError
from seatrial_runtime.predictor.protocol import Answer
from seatrial_runtime.predictor.rows import Rows, merge
from seatrial_runtime.predictor.worker import Worker, tell

MAXIMUM_WAITING = 1024  # requests
MAXIMUM_WAITING_ROWS = 20_000  # two of the largest requests


class QueueFullError(Exception):
    """Too much waits already; trying again a little later may help."""


class OverdueError(Exception):
    """The request was not answered within its time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a batch in rows (a larger request is a batch of its own), of delay and time out in seconds."""

    batch_rows: int = 64
    delay: float = 0.0
    timeout: float = 1.0


@dataclass(slots=True, eq=False)
class _Request:
    rows: Rows
    traffic: str
    since: float
    future: asyncio.Future[Answer]
    overdue: asyncio.TimerHandle


Observe = Callable[[str, Rows, Answer], None]


class Batcher:
    """Runs requests through a model in batches.

    `observe(traffic, rows, answer)` is called in the worker's thread for each request that the model answered and
    whose caller still waits; `on_batch(rows)` for each batch.
    """

    def __init__(
        self, predict: Predict, limits: Limits, worker: Worker, observe: Observe, on_batch: Callable[[int], None]
    ) -> None:
        self._predict, self._limits, self._worker = predict, limits, worker
        self._observe, self._on_batch = observe, on_batch
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Request] = deque()
        self._waiting_rows = 0
        self._running_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def depth(self) -> int:
        """How many requests wait for the model."""
        return len(self._waiting)

    def running_for(self) -> float:
        """Return for how many seconds the present batch has been running; 0 where none is."""
        return 0.0 if self._running_since is None else self._loop.time() - self._running_since

    async def submit(self, rows: Rows, traffic: str) -> Answer:
        """Return the model's answer; raises QueueFullError, OverdueError or PredictionError."""
        if len(self._waiting) >= MAXIMUM_WAITING or self._waiting_rows + rows.count > MAXIMUM_WAITING_ROWS:
            raise QueueFullError(f"{len(self._waiting)} requests of {self._waiting_rows} rows wait for the model")
        future: asyncio.Future[Answer] = self._loop.create_future()
        overdue = self._loop.call_later(self._limits.timeout, self._give_up, future)
        self._waiting.append(_Request(rows, traffic, self._loop.time(), future, overdue))
        self._waiting_rows += rows.count
        self._pump()
        try:
            return await future
        finally:
            overdue.cancel()

    def _give_up(self, future: asyncio.Future[Answer]) -> None:
        if not future.done():
            future.set_exception(OverdueError(f"no answer within {self._limits.timeout:g} s"))

    def _pump(self) -> None:
        """Start the next batch, if the model is free and it is time."""
        if self._running_since is not None or not self._waiting or self._waits_for_company():
            return
        if batch := self._next_batch():
            self._running_since = self._loop.time()
            self._worker.submit(lambda: self._work(batch))

    def _waits_for_company(self) -> bool:
        if self._limits.delay <= 0 or self._waiting_rows >= self._limits.batch_rows:
            return False
        left = self._waiting[0].since + self._limits.delay - self._loop.time()
        if left <= 0:
            return False
        if self._timer is None:
            self._timer = self._loop.call_later(left, self._delayed)
        return True

    def _delayed(self) -> None:
        self._timer = None
        self._pump()

    def _next_batch(self) -> list[_Request]:
        """Take from the queue what fits into a batch, at least one request; those given up fall out."""
        batch: list[_Request] = []
        count = 0
        while self._waiting and (not batch or count + self._waiting[0].rows.count <= self._limits.batch_rows):
            request = self._waiting.popleft()
            self._waiting_rows -= request.rows.count
            if not request.future.done():
                batch.append(request)
                count += request.rows.count
        return batch

    def _work(self, batch: list[_Request]) -> None:
        """Run a batch; in the worker's thread."""
        results = answers(self._predict, [request.rows for request in batch])
        try:
            self._on_batch(sum(request.rows.count for request in batch))
            for request, result in zip(batch, results, strict=True):
                if isinstance(result, Answer) and not request.future.done():
                    self._observe(request.traffic, request.rows, result)
        finally:
            tell(self._loop, self._finish, batch, results)

    def _finish(self, batch: list[_Request], results: list[Answer | PredictionError]) -> None:
        self._running_since = None
        for request, result in zip(batch, results, strict=True):
            if request.future.done():
                continue
            if isinstance(result, Answer):
                request.future.set_result(result)
            else:
                request.future.set_exception(result)
        self._pump()


def answers(predict: Predict, batch: Sequence[Rows]) -> list[Answer | PredictionError]:
    """Return an answer or an error for each request of a batch.

    Where the model fails on them together each is tried alone, so that one request's rows spoil no other's answer.
    """
    try:
        whole = predict(merge(batch))
    except PredictionError as error:
        return [error] if len(batch) == 1 else [answers(predict, [rows])[0] for rows in batch]
    parts: list[Answer | PredictionError] = []
    start = 0
    for rows in batch:
        parts.append(whole.part(start, start + rows.count))
        start += rows.count
    return parts
