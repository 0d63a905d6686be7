"""What fails at the moment: one line in the log when it begins or changes, and one when it is over."""

import logging
import sqlite3
from enum import StrEnum

from seatrial.store.objects import DeniedError, NoBucketError, StoreError, UnreachableError
from seatrial_runtime.collector.room import FullError

_log = logging.getLogger(__name__)
_EXPECTED = (StoreError, FullError, TimeoutError, sqlite3.Error)


class Cause(StrEnum):
    """Why rows could not be stored."""

    DENIED = "denied"  # the credentials are missing or wrong, or may not write here
    NO_BUCKET = "no_bucket"
    UNREACHABLE = "unreachable"
    OTHER = "other"


def cause_of(error: Exception) -> Cause:
    """Return the cause that an error stands for."""
    match error:
        case DeniedError():
            return Cause.DENIED
        case NoBucketError():
            return Cause.NO_BUCKET
        case UnreachableError():
            return Cause.UNREACHABLE
        case _:
            return Cause.OTHER


class Troubles:
    """The last failure of each step that failed and has not succeeded since. There are few steps."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def met(self, step: str, error: Exception) -> None:
        """Log that a step failed, unless it failed just so before."""
        described = repr(error)
        if self._last.get(step) != described:
            self._last[step] = described
            unforeseen = None if isinstance(error, _EXPECTED) else error
            _log.warning("%s failed, to be tried again: %s", step, error, exc_info=unforeseen)

    def over(self, step: str) -> None:
        """Log that a step succeeded, where it failed before."""
        if self._last.pop(step, None) is not None:
            _log.info("%s succeeds again", step)
