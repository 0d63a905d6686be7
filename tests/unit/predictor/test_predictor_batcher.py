"""Batches are what waits while the model runs; nobody waits for ever, and one bad request spoils no other."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from seatrial.contract.metrics import LIVE, SHADOW
from seatrial_runtime.predictor.batcher import (
    MAXIMUM_WAITING,
    Batcher,
    Limits,
    OverdueError,
    QueueFullError,
    answers,
)
from seatrial_runtime.predictor.model import PredictionError
from seatrial_runtime.predictor.protocol import Answer
from seatrial_runtime.predictor.rows import Rows
from seatrial_runtime.predictor.worker import Worker

BAD = -1.0


class Model:
    """Doubles a number; stops while `gate` is closed; fails on BAD. Knows the batches it saw."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.started = threading.Semaphore(0)
        self.batches: list[list[float]] = []

    def __call__(self, rows: Rows) -> Answer:
        self.batches.append(list(rows.columns[0]))
        self.started.release()
        assert self.gate.wait(10)
        if BAD in rows.columns[0]:
            raise PredictionError("a bad row")
        return Answer([value * 2 for value in rows.columns[0]])

    async def until_started(self) -> None:
        """Wait until the model has begun another batch."""
        await asyncio.to_thread(self.started.acquire)


class World:
    """A batcher around a model, and what it told."""

    def __init__(self, limits: Limits) -> None:
        self.model = Model()
        self.seen: list[tuple[str, list[float], Answer]] = []
        self.sizes: list[int] = []
        self.batcher = Batcher(self.model, limits, Worker("model"), self._observe, self.sizes.append)

    def _observe(self, traffic: str, rows: Rows, answer: Answer) -> None:
        self.seen.append((traffic, list(rows.columns[0]), answer))

    def ask(self, *values: float, traffic: str = LIVE) -> "asyncio.Task[Answer]":
        """Ask for some values' doubles."""
        return asyncio.create_task(self.batcher.submit(rows_of(*values), traffic))


def rows_of(*values: float) -> Rows:
    return Rows((list(values),), len(values))


@asynccontextmanager
async def given(*, batch_rows: int = 4, delay: float = 0.0, patience: float = 30.0) -> AsyncIterator[World]:
    world = World(Limits(batch_rows, delay, patience))
    yield world
    world.model.gate.set()


async def busy(world: World) -> "asyncio.Task[Answer]":
    """Make the model busy with one request until its gate opens."""
    world.model.gate.clear()
    first = world.ask(0)
    await world.model.until_started()
    return first


async def test_alone_a_request_is_a_batch() -> None:
    async with given() as world:
        assert await world.ask(1, 2) == Answer([2.0, 4.0])
        assert world.model.batches == [[1, 2]]


async def test_what_waits_while_the_model_runs_is_the_next_batch() -> None:
    async with given() as world:
        first = await busy(world)
        others = [world.ask(1), world.ask(2, 3), world.ask(4), world.ask(5)]
        await asyncio.sleep(0)
        assert world.batcher.depth == 4
        world.model.gate.set()
        assert await first == Answer([0.0])
        assert [(await other).predictions for other in others] == [[2.0], [4.0, 6.0], [8.0], [10.0]]
        assert world.model.batches == [[0], [1, 2, 3, 4], [5]]
        assert world.sizes == [1, 4, 1]
        assert world.batcher.depth == 0


async def test_a_request_larger_than_a_batch_runs_alone_and_whole() -> None:
    async with given(batch_rows=2) as world:
        first = await busy(world)
        large, small = world.ask(1, 2, 3, 4, 5), world.ask(6)
        await asyncio.sleep(0)
        world.model.gate.set()
        await asyncio.gather(first, large, small)
        assert world.model.batches == [[0], [1, 2, 3, 4, 5], [6]]


async def test_only_the_guilty_request_of_a_batch_fails() -> None:
    async with given() as world:
        first = await busy(world)
        good, bad, other = world.ask(1), world.ask(BAD), world.ask(2)
        await asyncio.sleep(0)
        world.model.gate.set()
        await first
        assert (await good).predictions == [2.0]
        assert (await other).predictions == [4.0]
        with pytest.raises(PredictionError, match="a bad row"):
            await bad
        assert [values for _, values, _ in world.seen] == [[0], [1], [2]]


async def test_a_full_queue_refuses_at_once() -> None:
    async with given() as world:
        first = await busy(world)
        waiting = [world.ask(1) for _ in range(MAXIMUM_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFullError):
            await world.ask(2)
        world.model.gate.set()
        await asyncio.gather(first, *waiting)
        assert await world.ask(2) == Answer([4.0])


async def test_a_queue_is_full_of_rows_too() -> None:
    async with given() as world:
        first = await busy(world)
        waiting = [world.ask(*[1.0] * 10_000) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFullError):
            await world.ask(2)
        world.model.gate.set()
        await asyncio.gather(first, *waiting)


async def test_a_model_that_hangs_costs_a_caller_only_its_timeout() -> None:
    async with given(patience=0.05) as world:
        first = await busy(world)
        second = world.ask(1)
        for overdue in (first, second):
            with pytest.raises(OverdueError):
                await overdue
        assert world.batcher.running_for() > 0
        world.model.gate.set()
        assert await world.ask(3) == Answer([6.0])
        assert [3] in world.model.batches
        assert [1] not in world.model.batches  # nobody waits for it any more
        assert [values for _, values, _ in world.seen] == [[3]]
        assert world.batcher.running_for() == 0


async def test_each_traffic_is_observed_as_what_it_is() -> None:
    async with given() as world:
        await world.ask(1, traffic=SHADOW)
        await world.ask(2)
        assert [(traffic, values) for traffic, values, _ in world.seen] == [(SHADOW, [1]), (LIVE, [2])]


async def test_with_a_delay_an_idle_model_waits_for_company() -> None:
    async with given(batch_rows=3, delay=20.0) as world:
        early = [world.ask(1), world.ask(2)]
        await asyncio.sleep(0.01)
        assert world.model.batches == []
        assert world.batcher.depth == 2
        await asyncio.gather(*early, world.ask(3))  # the batch is full: the delay is over
        assert world.model.batches == [[1, 2, 3]]


async def test_a_delay_ends_by_itself() -> None:
    async with given(batch_rows=100, delay=0.01) as world:
        await asyncio.gather(world.ask(1), world.ask(2))
        await world.ask(3)
        assert world.model.batches == [[1, 2], [3]]


def test_the_parts_of_a_batch_go_to_their_requests() -> None:
    def predict(rows: Rows) -> Answer:
        values = rows.columns[0]
        return Answer([str(v) for v in values], [v / 10 for v in values], [[v, 0.0] for v in values])

    assert answers(predict, [rows_of(1.0), rows_of(2.0, 3.0)]) == [
        Answer(["1.0"], [0.1], [[1.0, 0.0]]),
        Answer(["2.0", "3.0"], [0.2, 0.3], [[2.0, 0.0], [3.0, 0.0]]),
    ]
