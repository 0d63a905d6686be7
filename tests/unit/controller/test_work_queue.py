"""Workers on the queue, with a clock that stands still: only what is due now is done."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from seatrial.controller import queue
from seatrial.controller.queue import STORE, WorkQueue, sweep
from seatrial.ports import ConflictError, Key, RefusedError
from seatrial.store.objects import DeniedError
from tests.fakes.clock import FakeClock

A, B = Key("ml", "a"), Key("ml", "b")


class Watched:
    """Counts passes, and fails where two of one key run at once."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.gate = asyncio.Event()
        self.gate.set()
        self.done: list[Key] = []
        self.kinds: list[str] = []
        self.running: Counter[Key] = Counter()
        self.errors: dict[Key, list[BaseException]] = {}
        self.again: dict[Key, timedelta] = {}
        self.queue = WorkQueue(self.work, self, workers=4, clock=self.clock.monotonic, fraction=lambda: 0.0)

    async def work(self, key: Key) -> timedelta | None:
        self.running[key] += 1
        assert self.running[key] == 1, "two passes of one key at once"
        try:
            await self.gate.wait()
        finally:
            self.running[key] -= 1
        if self.errors.get(key):
            raise self.errors[key].pop(0)
        self.done.append(key)
        return self.again.get(key)

    def passed(self, seconds: float) -> None:
        assert seconds >= 0

    def failed(self, kind: str, seconds: float) -> None:
        self.kinds.append(kind)

    async def settle(self) -> None:
        """Let the workers do all that is due."""
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    watched = Watched()
    running = asyncio.create_task(watched.queue.run())
    yield watched
    watched.queue.close()
    await asyncio.wait_for(running, 5)


async def test_many_wakes_of_one_key_are_few_passes(watched: Watched) -> None:
    for _ in range(100):
        watched.queue.add(A)
    await watched.settle()
    assert watched.done == [A]


async def test_a_wake_during_a_pass_is_another_pass(watched: Watched) -> None:
    watched.gate.clear()
    watched.queue.add(A)
    await watched.settle()
    assert watched.running[A] == 1
    watched.queue.add(A)
    watched.queue.add(A)
    watched.gate.set()
    await watched.settle()
    assert watched.done == [A, A]


async def test_a_key_comes_back_when_its_pass_asked_for_it(watched: Watched) -> None:
    watched.again[A] = timedelta(seconds=30)
    watched.queue.add(A)
    await watched.settle()
    watched.clock.advance(29)
    watched.queue.add(B)
    await watched.settle()
    assert watched.done == [A, B]
    watched.clock.advance(1)
    watched.queue.add(B)
    await watched.settle()
    assert watched.done.count(A) == 2


async def test_a_broken_key_is_tried_again_and_holds_up_nobody(watched: Watched) -> None:
    watched.errors[A] = [RuntimeError("broken"), RuntimeError("broken")]
    watched.queue.add(A)
    watched.queue.add(B)
    await watched.settle()
    assert watched.done == [B]
    assert watched.kinds == ["RuntimeError"]
    for _ in range(2):
        watched.clock.advance(60)
        watched.queue.add(B)
        await watched.settle()
    assert A in watched.done


async def test_a_pass_that_never_ends_is_broken_off_and_tried_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert queue.LONGEST_PASS <= 120
    monkeypatch.setattr(queue, "LONGEST_PASS", 0.0)
    watched.gate.clear()
    watched.queue.add(A)
    await watched.settle()
    assert watched.kinds == ["TimeoutError"]
    assert watched.running[A] == 0
    watched.gate.set()
    watched.clock.advance(60)
    watched.queue.add(B)
    await watched.settle()
    assert sorted(watched.done, key=str) == [A, B]


async def test_a_pass_that_ends_by_a_cancellation_is_a_failure_and_ends_no_worker(watched: Watched) -> None:
    watched.errors[A] = [asyncio.CancelledError()]
    watched.queue.add(A)
    await watched.settle()
    assert watched.kinds == ["RuntimeError"]
    watched.clock.advance(60)
    watched.queue.add(B)
    await watched.settle()
    assert sorted(watched.done, key=str) == [A, B]


async def test_a_worker_that_ended_ends_the_queue() -> None:
    watched = Watched()
    running = asyncio.create_task(watched.queue.run())
    await watched.settle()
    worker = next(task for task in asyncio.all_tasks() if task.get_name() == "worker 2")
    worker.cancel()
    with pytest.raises(RuntimeError, match="a worker of the queue ended"):
        await asyncio.wait_for(running, 5)
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("worker")]


async def test_a_failed_pass_is_logged_with_its_object(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    watched.errors[A] = [RuntimeError("broken")]
    watched.errors[B] = [ConflictError("too late")]
    watched.queue.add(A)
    watched.queue.add(B)
    await watched.settle()
    loud = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.__dict__["about"] for record in loud] == [{"namespace": "ml", "name": "a"}]
    assert "broken" in loud[0].getMessage()


async def test_failures_of_models_stores_are_counted_apart_from_the_operators(watched: Watched) -> None:
    watched.errors[A] = [DeniedError("the credentials are wrong")]
    watched.errors[B] = [RefusedError("may not")]
    watched.queue.add(A)
    watched.queue.add(B)
    await watched.settle()
    assert sorted(watched.kinds) == ["RefusedError", STORE]


async def test_depth_and_stall_show_what_waits(watched: Watched) -> None:
    watched.queue.add(A, after=10)
    await watched.settle()
    assert watched.queue.depth == 0
    assert watched.queue.stalled_for() == 0
    watched.clock.advance(100)
    assert watched.queue.depth == 1
    assert watched.queue.stalled_for() == 90
    watched.queue.add(B)
    await watched.settle()
    assert watched.queue.stalled_for() == 0


async def test_a_pass_that_hangs_shows_as_a_stall(watched: Watched) -> None:
    watched.gate.clear()
    watched.queue.add(A)
    await watched.settle()
    watched.clock.advance(50)
    assert watched.queue.stalled_for() == 50
    watched.gate.set()
    await watched.settle()
    assert watched.queue.stalled_for() == 0


async def test_closing_lets_running_passes_end_and_begins_no_more() -> None:
    watched = Watched()
    watched.gate.clear()
    running = asyncio.create_task(watched.queue.run())
    watched.queue.add(A)
    await watched.settle()
    watched.queue.close()
    watched.queue.add(B)
    await watched.settle()
    assert not running.done()
    watched.gate.set()
    await asyncio.wait_for(watched.queue.ended(5), 5)
    await asyncio.wait_for(running, 5)
    assert watched.done == [A]


async def test_a_sweep_asks_for_everything(watched: Watched) -> None:
    swept: list[bool] = []
    sweeping = asyncio.create_task(sweep(lambda: [A, B], watched.queue, lambda: swept.append(True)))
    await watched.settle()
    sweeping.cancel()
    assert sorted(watched.done, key=str) == [A, B]
    assert swept == [True]


async def test_a_namespace_whose_passes_all_hang_leaves_workers_to_others(watched: Watched) -> None:
    """Three quarters of them, however many of its keys are due."""
    watched.gate.clear()
    for n in range(10):
        watched.queue.add(Key("theirs", str(n)))
    await watched.settle()
    assert watched.running.total() == 1
    watched.queue.add(A)
    await watched.settle()
    assert watched.running[A] == 1
    watched.gate.set()
    for _ in range(10):
        await watched.settle()
    assert set(watched.done) == {A, *(Key("theirs", str(n)) for n in range(10))}
