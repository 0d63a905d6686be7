"""What a candidate answered in the shadow, and the pairs that labels make of it: how often who was right.

A pair is counted once, when the last of its three has come: the prediction, what the candidate says of the same row,
and a label that counts. Every method is to be called within a transaction, as the ledger's.
"""

import json
import sqlite3
from collections.abc import Sequence

from seatrial_runtime.collector.configuration import Limits
from seatrial_runtime.collector.database import MAXIMUM_SERIES
from seatrial_runtime.collector.joining import judge_pair
from seatrial_runtime.collector.messages import ShadowAnswer
from seatrial_runtime.collector.room import ANY_TIME, AT_ONCE, make_room

_SECOND = 1_000_000


class Pairing:
    """The tables of shadow answers and of pairs. `now` is microseconds since 1970 UTC."""

    def __init__(self, connection: sqlite3.Connection, limits: Limits) -> None:
        self._db, self._limits = connection, limits
        self.forget_caches()

    def forget_caches(self) -> None:
        """Read the row count anew: after a transaction that was rolled back."""
        self._pairs: dict[tuple[str, str, str], int] = {}
        self.rows: int = self._db.execute("SELECT count(*) FROM shadow_answers").fetchone()[0]

    def record(self, answers: Sequence[ShadowAnswer], now: int) -> None:
        """Take shadow answers; one of an id that has its own changes nothing. Raises FullError, having taken none."""
        make_room(self._db, self._limits, self, len(answers))
        for answer in answers:
            cursor = self._db.execute(
                "INSERT OR IGNORE INTO shadow_answers (id, received, pair, prediction) VALUES (?, ?, ?, ?)",
                (answer.id, now, self._pair_of(answer), answer.prediction),
            )
            self.rows += cursor.rowcount
            self.settle(answer.id)

    def settle(self, name: bytes) -> None:
        """Count the pair of this id, if all three are there and it was not counted yet."""
        if not self.rows:
            return
        found = self._db.execute(
            "SELECT p.seq, p.unpaired, p.label, s.pair, s.prediction"
            " FROM shadow_answers s JOIN predictions p ON p.id = s.id WHERE s.id = ? AND p.unpaired IS NOT NULL",
            (name,),
        ).fetchone()
        if found is not None:
            seq, right, label, pair, prediction = found
            result = judge_pair(stable_right=bool(right), candidate=prediction, label=json.loads(label))
            self._count(pair, result)
            self._db.execute("UPDATE predictions SET unpaired = NULL WHERE seq = ?", (seq,))
            self._db.execute("DELETE FROM shadow_answers WHERE id = ?", (name,))
            self.rows -= 1

    def sweep(self, now: int) -> int:
        """Let go of what waited too long, at most a few thousand rows, and of old pairs; returns how many rows left."""
        self._db.execute("DELETE FROM pairs WHERE id <= (SELECT max(id) FROM pairs) - ?", (MAXIMUM_SERIES,))
        self._pairs.clear()
        return self._remove(AT_ONCE, now - int(self._limits.time_to_live * _SECOND))

    def overflow(self, oldest: int) -> None:
        """Let go of so many of the oldest shadow answers."""
        self._remove(oldest, ANY_TIME)

    def _remove(self, oldest: int, before: int) -> int:
        removed = self._db.execute(
            "DELETE FROM shadow_answers WHERE seq IN (SELECT seq FROM shadow_answers ORDER BY seq LIMIT ?)"
            " AND received < ?",
            (oldest, before),
        ).rowcount
        self.rows -= removed
        return removed

    def _pair_of(self, answer: ShadowAnswer) -> int:
        key = (answer.revision, answer.version, answer.control)
        if key not in self._pairs:
            self._db.execute("INSERT OR IGNORE INTO pairs (revision, version, control) VALUES (?, ?, ?)", key)
            query = "SELECT id FROM pairs WHERE revision = ? AND version = ? AND control = ?"
            self._pairs[key] = self._db.execute(query, key).fetchone()[0]
        return self._pairs[key]

    def _count(self, pair: int, result: str) -> None:
        add = f"UPDATE pairs SET {result} = {result} + 1 WHERE id = ?"  # noqa: S608 - a column's name
        self._db.execute(add, (pair,))
