"""What is written when predictions and labels arrive, and what leaves when its time is over.

Every method is to be called within a transaction, by the one thread that owns the connection.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from seatrial.contract.feedback import Refusal
from seatrial.contract.reading import Reader
from seatrial.contract.schema import Output, read_output
from seatrial_runtime.collector.configuration import Limits
from seatrial_runtime.collector.database import MAXIMUM_SERIES, UNPLANNED
from seatrial_runtime.collector.joining import Labelled, Scalar, judge_label
from seatrial_runtime.collector.messages import Label, Prediction
from seatrial_runtime.collector.pairing import Pairing
from seatrial_runtime.collector.room import ANY_TIME, AT_ONCE, make_room

_SECOND = 1_000_000
_CLOCKS_APART = 300 * _SECOND


class Ledger:
    """The tables of predictions, early labels and counters. `now` is microseconds since 1970 UTC."""

    def __init__(self, connection: sqlite3.Connection, limits: Limits) -> None:
        self._db, self._limits = connection, limits
        self._outputs: dict[int, Output] = {}
        self.pairing = Pairing(connection, limits)
        self.forget_caches()

    def forget_caches(self) -> None:
        """Read the row counts anew: after a transaction that was rolled back."""
        self.pairing.forget_caches()
        self._series: dict[tuple[str, str], int] = {}
        self.rows: int = self._one("SELECT count(*) FROM predictions")
        self.early: int = self._one("SELECT count(*) FROM early")

    def record_predictions(self, predictions: Sequence[Prediction], now: int) -> None:
        """Take predictions; one that is there already changes nothing. Raises FullError, having taken none."""
        make_room(self._db, self._limits, self, len(predictions))
        taken: Counter[int] = Counter()
        for prediction in predictions:
            series = self._series_of(prediction.revision, prediction.version)
            said = prediction.features, prediction.prediction, prediction.drawn
            cursor = self._db.execute(
                "INSERT OR IGNORE INTO predictions (id, at, received, series, features, prediction, drawn)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (prediction.id, prediction.at, now, series, *said),
            )
            if cursor.rowcount:
                self.rows += 1
                taken[series] += 1
                self._replay(prediction.id)
        self._count_all("collected", taken)

    def record_labels(self, labels: Sequence[Label], now: int) -> list[Refusal | None]:
        """Take labels, and return for each why it was refused, or None: it counts, or waits for its prediction."""
        return [self._label(label, now) for label in labels]

    def refuse(self, reason: Refusal, labels: int = 1) -> None:
        """Count labels that were refused."""
        self._db.execute(
            "INSERT INTO refused VALUES (?, ?) ON CONFLICT (reason) DO UPDATE SET labels = labels + excluded.labels",
            (reason.value, labels),
        )

    def sweep(self, now: int) -> int:
        """Let go of what waited too long, at most a few thousand rows; returns how many rows left."""
        cutoff = now - int(self._limits.early * _SECOND)
        gone = self._db.execute("DELETE FROM early WHERE received < ?", (cutoff,)).rowcount
        if gone:
            self.early -= gone
            self.refuse(Refusal.UNMATCHED, gone)
        self._db.execute(
            "DELETE FROM series WHERE removed = collected AND id <= (SELECT max(id) FROM series) - ?",
            (MAXIMUM_SERIES,),
        )
        self._series.clear()
        self._outputs.clear()
        expired = self._remove(AT_ONCE, now - int(self._limits.time_to_live * _SECOND), "expired")
        return expired + self.pairing.sweep(now)

    def overflow(self, oldest: int) -> None:
        """Let go of those of so many of the oldest predictions that are in the store, label and all."""
        self._remove(oldest, ANY_TIME, "overflowed")

    def versions_without_output(self, limit: int) -> list[str]:
        """Return the newest versions whose manifest was not read yet."""
        query = "SELECT version FROM series WHERE output IS NULL GROUP BY version ORDER BY max(id) DESC LIMIT ?"
        return [version for (version,) in self._db.execute(query, (limit,))]

    def learn_output(self, version: str, output: Output) -> None:
        """Remember what a version's manifest says of its answers."""
        self._db.execute("UPDATE series SET output = ? WHERE version = ?", (json.dumps(output.document()), version))

    def _label(self, label: Label, now: int) -> Refusal | None:
        refusal = self._apply(label.id, label.value, now)
        if refusal is Refusal.UNMATCHED and self._may_come(label.id, now):
            self._db.execute(
                "INSERT INTO early (id, label, received) VALUES (?, ?, ?)",
                (label.id, msgspec.json.encode(label.value), now),
            )
            self.early += 1
            return None
        if refusal is not None:
            self.refuse(refusal)
        return refusal

    def _apply(self, name: bytes, label: Scalar, when: int) -> Refusal | None:
        row = self._db.execute(
            "SELECT seq, series, prediction, label IS NOT NULL, drawn FROM predictions WHERE id = ?", (name,)
        ).fetchone()
        if row is None:
            return Refusal.UNMATCHED
        seq, series, prediction, labelled, drawn = row
        verdict = judge_label(json.loads(prediction), label, labelled=bool(labelled), output=self._output(series))
        if isinstance(verdict, Refusal):
            return verdict
        self._db.execute(
            "UPDATE predictions SET label = ?, labelled_at = ?, label_part = ?, unpaired = ? WHERE seq = ?",
            (msgspec.json.encode(label), when, UNPLANNED, verdict.right, seq),
        )
        self._count_label(series, verdict, drawn=bool(drawn))
        self.pairing.settle(name)
        return None

    def _may_come(self, name: bytes, now: int) -> bool:
        """Whether a prediction of this id may still arrive: an id begins with the milliseconds when it was made."""
        made = int.from_bytes(name[:6], "big") * 1000
        young = now - self._limits.time_to_live * _SECOND <= made <= now + _CLOCKS_APART
        return young and self.early < self._limits.maximum_early

    def _replay(self, name: bytes) -> None:
        """Apply the labels that came before their prediction, in their order, as though they came after it."""
        if not self.early:
            return
        labels = self._db.execute("SELECT label, received FROM early WHERE id = ? ORDER BY seq", (name,)).fetchall()
        for label, received in labels:
            refusal = self._apply(name, json.loads(label), received)
            if refusal is not None:
                self.refuse(refusal)
        if labels:
            self._db.execute("DELETE FROM early WHERE id = ?", (name,))
            self.early -= len(labels)

    def _remove(self, oldest: int, before: int, reason: str) -> int:
        """Remove those of the oldest rows that came before a time and are in the store, label and all."""
        rows = self._db.execute(
            "DELETE FROM predictions WHERE seq IN (SELECT seq FROM predictions ORDER BY seq LIMIT ?)"
            " AND received < ? AND part IS NULL AND label_part IS NULL RETURNING series, label IS NULL",
            (oldest, before),
        ).fetchall()
        self._count_all("removed", Counter(series for series, _ in rows))
        self._count_all(reason, Counter(series for series, unlabelled in rows if unlabelled))
        self.rows -= len(rows)
        return len(rows)

    def _series_of(self, revision: str, version: str) -> int:
        key = (revision, version)
        if key not in self._series:
            self._db.execute(
                "INSERT OR IGNORE INTO series (revision, version, output)"
                " VALUES (?1, ?2, (SELECT output FROM series WHERE version = ?2 AND output IS NOT NULL))",
                key,
            )
            self._series[key] = self._one("SELECT id FROM series WHERE revision = ? AND version = ?", key)
        return self._series[key]

    def _output(self, series: int) -> Output | None:
        if series not in self._outputs:
            (text,) = self._db.execute("SELECT output FROM series WHERE id = ?", (series,)).fetchone()
            if text is None:
                return None
            self._outputs[series] = read_output(Reader("output", json.loads(text)))
        return self._outputs[series]

    def _count_label(self, series: int, verdict: Labelled, *, drawn: bool) -> None:
        self._count(series, "labelled")
        if verdict.right is None:
            return
        result = "correct" if verdict.right else "wrong"
        self._count(series, result)
        if drawn:
            self._count(series, f"drawn_{result}")

    def _count(self, series: int, counter: str) -> None:
        self._count_all(counter, {series: 1})

    def _count_all(self, counter: str, more: Mapping[int, int]) -> None:
        add = f"UPDATE series SET {counter} = {counter} + ? WHERE id = ?"  # noqa: S608 - a column's name
        self._db.executemany(add, [(rows, series) for series, rows in more.items()])

    def _one(self, query: str, arguments: Sequence[object] = ()) -> Any:
        return self._db.execute(query, arguments).fetchone()[0]
