"""An event loop whose seconds are short, so that a test sees the time-outs that production has."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

_PATIENCE = 10.0  # seconds of the wall's clock


@contextmanager
def short_seconds(per_second: float = 200.0) -> Iterator[None]:
    """Let so many seconds of the running loop pass in one; what waits for a time-out of 5 s waits for 25 ms."""
    loop = asyncio.get_running_loop()
    at_first, begun = loop.time(), time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "time", lambda: at_first + (time.monotonic() - begun) * per_second)
        ticking = asyncio.create_task(_tick())
        try:
            yield
        finally:
            ticking.cancel()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so, at most 10 s by the wall's clock."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


async def _tick() -> None:
    """Wake the loop often: it sleeps for as many seconds as its next timer is away, by the wall's clock."""
    while True:  # noqa: ASYNC110 - the sleep is what is wanted
        await asyncio.sleep(0.2)
