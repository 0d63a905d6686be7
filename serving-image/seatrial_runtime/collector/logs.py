"""One JSON line a log event on stdout, with what the process is about in each."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime


class _JsonFormatter(logging.Formatter):
    def __init__(self, about: Mapping[str, str]) -> None:
        super().__init__()
        self._about = about

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **self._about,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def log_json(about: Mapping[str, str]) -> None:
    """Send every logger's lines to stdout as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonFormatter(about))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
