"""What the terminal says while something takes long: a line when a step starts and ends, and one in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

QUIET = 20.0  # seconds after which a running step is named again


def to_terminal(line: str) -> None:
    """Print a line at once and in one piece, also into a pipe and from several threads."""
    print(f"{line}\n", end="", flush=True)


class Progress:
    """Tells of steps, also of several at once; use it as a context to have silence broken every 20 seconds."""

    def __init__(self, write: Callable[[str], None] = to_terminal, clock: Callable[[], float] = time.monotonic) -> None:
        self._write, self._clock, self._began = write, clock, clock()
        self._running: dict[str, float] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Progress:
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._ticker.join()

    def say(self, text: str) -> None:
        """Write one line with the seconds since the start."""
        self._write(f"[{self._clock() - self._began:5.0f} s] {text}")

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announce a step and its end, good or bad, with the seconds that it took."""
        began = self._clock()
        with self._lock:
            self._running[title] = began
        self.say(f"{title} …")
        try:
            yield
        except BaseException:
            self.say(f"{title}: failed after {self._clock() - began:.1f} s")
            raise
        else:
            self.say(f"{title}: done in {self._clock() - began:.1f} s")
        finally:
            with self._lock:
                del self._running[title]

    def remind(self) -> None:
        """Name every step that has been running for longer than QUIET."""
        now = self._clock()
        with self._lock:
            long = [f"{title} ({now - began:.0f} s)" for title, began in self._running.items() if now - began >= QUIET]
        if long:
            self.say("still at: " + ", ".join(long))

    def _tick(self) -> None:
        while not self._ended.wait(QUIET):
            self.remind()
