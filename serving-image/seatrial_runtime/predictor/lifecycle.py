"""Where a predictor stands in its life, and when it is idle enough to end."""

from collections.abc import Callable
from enum import StrEnum


class Phase(StrEnum):
    """What a predictor is doing."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class Lifecycle:
    """Starting (with the reason why it is not ready yet) → ready → draining. `now` is a clock in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.phase, self.reason = Phase.STARTING, "starting"
        self._in_flight, self._last = 0, now()

    def progress(self, reason: str) -> None:
        """Say what the start is at."""
        if self.phase is Phase.STARTING:
            self.reason = reason

    def become_ready(self) -> None:
        """Take requests, unless the end has begun already."""
        if self.phase is Phase.STARTING:
            self.phase, self.reason = Phase.READY, "ready"

    def drain(self) -> None:
        """Begin the end: still answer, but say not to come back."""
        self.phase, self.reason = Phase.DRAINING, "draining"

    @property
    def draining(self) -> bool:
        """Whether answers close their connections."""
        return self.phase is Phase.DRAINING

    @property
    def ready(self) -> bool:
        """Whether new traffic is wanted."""
        return self.phase is Phase.READY

    def begin(self) -> None:
        """A prediction was asked for."""
        self._in_flight += 1

    def end(self) -> None:
        """It was answered."""
        self._in_flight -= 1
        self._last = self._now()

    def quiet_for(self) -> float:
        """Return for how many seconds no prediction has been asked for; 0 while one is under way."""
        return 0.0 if self._in_flight else self._now() - self._last
