"""Logs are JSON, one line an event."""

import json
import logging
import sys

from seatrial.controller.logs import JsonLines, about, log_to_stdout
from seatrial.ports import Key


def record(message: str, *arguments: object, **more: object) -> logging.LogRecord:
    return logging.getLogger("seatrial.test").makeRecord(
        "seatrial.test", logging.WARNING, "file.py", 1, message, arguments, None, extra=more
    )


def test_a_line_says_what_where_and_about_what() -> None:
    line = JsonLines().format(record("weight is %d %%", 5, **about(Key("ml", "risk"), "abc")))
    document = json.loads(line)
    assert document.pop("time").endswith("+00:00")
    assert document == {
        "level": "warning",
        "logger": "seatrial.test",
        "message": "weight is 5 %",
        "namespace": "ml",
        "name": "risk",
        "revision": "abc",
    }


def test_an_exception_stays_on_its_line() -> None:
    made = record("failed\non two lines")
    try:
        raise ValueError("broken\nin two")
    except ValueError:
        made.exc_info = sys.exc_info()
    line = JsonLines().format(made)
    assert "\n" not in line
    assert "ValueError" in json.loads(line)["exception"]


def test_signed_requests_are_never_told_of() -> None:
    """At DEBUG the S3 client would write the headers of each, Authorization among them."""
    before = {name: logging.getLogger(name).level for name in (None, "botocore", "boto3", "urllib3", "kopf", "asyncio")}
    handlers = logging.getLogger().handlers[:]
    try:
        log_to_stdout("DEBUG")
        assert not logging.getLogger("botocore.auth").isEnabledFor(logging.DEBUG)
        assert logging.getLogger("seatrial.store").isEnabledFor(logging.DEBUG)
    finally:
        logging.getLogger().handlers[:] = handlers
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
