"""What happened and what was seen, a line each, in order: by it a failure is read."""

import sys
import threading
import time
from collections.abc import Callable


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Journal:
    """Lines with the seconds since it began, told to `write` as they come. Any thread may say something."""

    def __init__(self, write: Callable[[str], object] = _print) -> None:
        self.lines: list[str] = []
        self._began, self._write, self._lock = time.monotonic(), write, threading.Lock()

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    def say(self, what: str) -> None:
        """Write something down."""
        with self._lock:
            self.lines.append(f"{time.strftime('%H:%M:%S')} {self.elapsed:7.1f} {what}")
            self._write(self.lines[-1])
