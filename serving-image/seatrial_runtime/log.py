"""One JSON line a log event, whoever logs; nothing of a request reaches a line unescaped."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

_MAXIMUM_TEXT = 2000  # characters of one field


class JsonLines(logging.Formatter):
    """Formats a record as one line: time, level, message, whose it is, `extra={"fields": …}`, and an exception."""

    def __init__(self, identity: Mapping[str, str]) -> None:
        super().__init__()
        self._identity = dict(identity)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON text without a line break."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage()[:_MAXIMUM_TEXT],
            **self._identity,
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"[:_MAXIMUM_TEXT]
            line["trace"] = self.formatException(record.exc_info)[-_MAXIMUM_TEXT:]
        return json.dumps(line, default=str)


def configure(identity: Mapping[str, str], stream: TextIO = sys.stderr) -> None:
    """Send everything that any library logs to `stream`, as JSON lines; libraries from WARNING on."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(identity))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("seatrial_runtime").setLevel(logging.INFO)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # it warns of each request that is no HTTP
    logging.captureWarnings(True)


class Sparing:
    """Says when an event that may come a thousand times a second should be logged: at most once an interval."""

    def __init__(self, interval: float) -> None:
        self._interval, self._next, self._held_back = interval, 0.0, 0

    def admits(self, now: float) -> int | None:
        """Return how many events were held back since the last line, or None where this one is held back too."""
        if now < self._next:
            self._held_back += 1
            return None
        held_back, self._held_back, self._next = self._held_back, 0, now + self._interval
        return held_back
