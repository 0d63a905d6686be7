"""A process that has lost its lease must end, whatever happens at that very moment."""

import asyncio
from datetime import timedelta

import pytest

from seatrial.controller.queue import WorkQueue
from seatrial.ports import Key
from tests.fakes.process import Process, World
from tests.simulation.virtual import VirtualLoop


async def _nothing(key: Key) -> timedelta | None:
    return None


@pytest.mark.parametrize("due", [False, True])
def test_a_queue_that_is_woken_in_the_moment_in_which_it_is_cancelled_ends(due: bool) -> None:
    loop = VirtualLoop()

    async def woken_and_cancelled() -> None:
        queue = WorkQueue(_nothing, Process(World()).telemetry, workers=3, clock=loop.time)
        if due:
            queue.add(Key("ml", "later"), after=5.0)
        running = loop.create_task(queue.run())
        await asyncio.sleep(1.0)
        queue.add(Key("ml", "risk"))
        running.cancel()
        await asyncio.wait([running], timeout=10.0)
        assert running.cancelled()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(woken_and_cancelled())
