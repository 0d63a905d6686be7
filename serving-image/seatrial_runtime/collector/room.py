"""Room for what comes: a table that is full lets go of its oldest rows, or takes no more."""

import sqlite3
from typing import Protocol

from seatrial_runtime.collector.configuration import Limits

AT_ONCE = 5000  # rows that leave in one transaction, where it is not known how many must
ANY_TIME = 2**62  # microseconds since 1970 UTC: after every row came


class FullError(Exception):
    """The collector holds as many rows as it may, and may not let go of the oldest yet."""


class Table(Protocol):
    """A table whose rows have an order."""

    rows: int  # that it has

    def overflow(self, oldest: int) -> None:
        """Let go of those of so many of the oldest rows that may leave."""


def make_room(db: sqlite3.Connection, limits: Limits, table: Table, more: int) -> None:
    """Let go of the oldest rows where `more` would be too many; raises FullError where that is not enough."""
    excess = table.rows + more - limits.maximum_rows
    if excess > 0:
        table.overflow(excess)
    if _bytes(db) > limits.maximum_bytes:
        table.overflow(AT_ONCE)
    if table.rows + more > limits.maximum_rows or _bytes(db) > limits.maximum_bytes:
        raise FullError


def _bytes(db: sqlite3.Connection) -> int:
    """Return the size of the file's pages that are in use."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
