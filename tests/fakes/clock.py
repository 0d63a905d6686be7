"""A clock that stands still until it is told to go on."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


class FakeClock:
    """ports.Clock, and a monotonic clock in seconds, of one and the same time."""

    def __init__(self, start: datetime = START) -> None:
        self._start = self._now = start

    def now(self) -> datetime:
        """The moment."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since the start."""
        return (self._now - self._start).total_seconds()

    def advance(self, by: timedelta | float) -> None:
        """Let time pass; a number is seconds."""
        self._now += by if isinstance(by, timedelta) else timedelta(seconds=by)
