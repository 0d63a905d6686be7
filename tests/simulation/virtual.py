"""An event loop whose time passes at once: where nothing is ready, it is already the time of the next timer."""

import asyncio
import selectors
from datetime import datetime, timedelta

from tests.fakes.clock import START, FakeClock


class _Selector(selectors.DefaultSelector):
    """Does not wait, and counts the time that it would have waited."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everything waits for everything: no timer is set")
        if not ready and timeout is not None and timeout > 0:
            self.passed += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio, seconds of which cost nothing."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._virtual.passed


class LoopClock(FakeClock):
    """The loop's time as a clock."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def now(self) -> datetime:
        """The moment."""
        return START + timedelta(seconds=self._loop.time())

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._loop.time()
