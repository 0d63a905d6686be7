"""A clock that stands still until it is told to go on."""

import asyncio
from datetime import UTC, datetime, timedelta

_TURNS = 20  # of the event loop, in which woken tasks do what they can
START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


class FakeClock:
    """ports.Clock, and a monotonic clock in seconds, of one and the same time."""

    def __init__(self, start: datetime = START) -> None:
        self._start = self._now = start
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def now(self) -> datetime:
        """The moment."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since the start."""
        return (self._now - self._start).total_seconds()

    def advance(self, by: timedelta | float) -> None:
        """Let time pass; a number is seconds."""
        self._now += by if isinstance(by, timedelta) else timedelta(seconds=by)

    async def sleep(self, seconds: float) -> None:
        """Wait until that much time has passed here."""
        woken = asyncio.Event()
        self._sleepers.append((self.monotonic() + seconds, woken))
        await woken.wait()

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and everybody who sleeps wake up at the moment they chose."""
        end = self.monotonic() + seconds
        await _turns()
        while due := [at for at, _ in self._sleepers if at <= end]:
            self.advance(max(0.0, min(due) - self.monotonic()))
            woken = [sleeper for sleeper in self._sleepers if sleeper[0] <= self.monotonic()]
            self._sleepers = [sleeper for sleeper in self._sleepers if sleeper not in woken]
            for _, event in woken:
                event.set()
            await _turns()
        self.advance(end - self.monotonic())


async def _turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
