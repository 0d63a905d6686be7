"""Logs as JSON lines: one line a log event, with the object that it is about."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from seatrial.ports import Key

_FIELD = "about"


def about(key: Key, revision: str = "") -> dict[str, dict[str, str]]:
    """Return the `extra` of a log call that is about a ModelDeployment."""
    fields = {"namespace": key.namespace, "name": key.name}
    return {_FIELD: {**fields, "revision": revision} if revision else fields}


class JsonLines(logging.Formatter):
    """Writes each record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, _FIELD, {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_to_stdout(level: str) -> None:
    """Send all logs to stdout as JSON lines; kopf's only where it has something to complain about."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("kopf", "asyncio", "aiohttp.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("botocore", "boto3", "urllib3"):  # below this they tell of signed requests, header by header
        logging.getLogger(name).setLevel(logging.INFO)
    # It warns that signals are not its own, which is so by intent.
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
