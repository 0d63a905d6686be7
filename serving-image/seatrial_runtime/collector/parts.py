"""Which rows leave for the store together, and under which key.

A row is given its part in one transaction, and the part is closed in another after its upload. A collector that dies
in between finds the open part, and uploads the same rows to the same key once more: no row is lost, none stands twice.
"""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from seatrial.contract.layout import ModelHome
from seatrial_runtime.collector.database import UNPLANNED
from seatrial_runtime.collector.messages import Kind

KINDS: tuple[Kind, ...] = ("predictions", "labels")
_HOUR = 3600 * 1_000_000

# kind -> the column that names a row's part, the time that its hour is of, the counter of what was stored.
_COLUMN = {"predictions": "part", "labels": "label_part"}
_TIME = {"predictions": "at", "labels": "labelled_at"}
_COUNTER = {"predictions": "stored_predictions", "labels": "stored_labels"}


@dataclass(frozen=True, slots=True)
class Part:
    """A file on its way to the store."""

    number: int
    kind: Kind
    key: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a part; `label` and `labelled_at` only in a part of labels. Times are microseconds since 1970 UTC."""

    id: str
    at: int
    revision: str
    version: str
    prediction: Any
    features: dict[str, Any]
    label: Any = None
    labelled_at: int | None = None


def open_parts(db: sqlite3.Connection) -> list[Part]:
    """Return the parts that were not seen to reach the store."""
    return [Part(*row) for row in db.execute("SELECT id, kind, key FROM parts ORDER BY id")]


def plan_part(db: sqlite3.Connection, home: ModelHome, kind: Kind, maximum_rows: int) -> Part | None:
    """Give the oldest rows of one hour that have no part a new one; None where there are none. A transaction's work.

    The key follows from the ids of its rows alone.
    """
    column, when = _COLUMN[kind], _TIME[kind]
    waiting = db.execute(
        f"SELECT seq, id, {when} FROM predictions"  # noqa: S608 - names from the tables above
        f" WHERE {column} = ? ORDER BY seq LIMIT ?",
        (UNPLANNED, maximum_rows),
    ).fetchall()
    if not waiting:
        return None
    hour = waiting[0][2] // _HOUR
    rows = [row for row in waiting if row[2] // _HOUR == hour]
    key = home.log(kind, datetime.fromtimestamp(hour * 3600, UTC), _name([row[1] for row in rows]))
    number = int(db.execute("INSERT INTO parts (kind, key) VALUES (?, ?) RETURNING id", (kind, key)).fetchone()[0])
    db.executemany(
        f"UPDATE predictions SET {column} = ? WHERE seq = ?",  # noqa: S608
        [(number, row[0]) for row in rows],
    )
    return Part(number, kind, key)


def read_part(db: sqlite3.Connection, part: Part) -> list[Row]:
    """Return the rows of an open part, always the same in the same order."""
    labelled = "label, labelled_at" if part.kind == "labels" else "NULL, NULL"
    rows = db.execute(
        f"SELECT p.id, at, revision, version, prediction, features, {labelled}"  # noqa: S608
        f" FROM predictions p JOIN series s ON p.series = s.id WHERE {_COLUMN[part.kind]} = ? ORDER BY seq",
        (part.number,),
    )
    return [
        Row(name.hex(), at, revision, version, json.loads(prediction), json.loads(features), _value(label), labelled_at)
        for name, at, revision, version, prediction, features, label, labelled_at in rows
    ]


def close_part(db: sqlite3.Connection, part: Part) -> None:
    """Mark a part's rows as stored and count them. A transaction's work; a closed part changes nothing."""
    column, counter = _COLUMN[part.kind], _COUNTER[part.kind]
    db.execute(
        f"UPDATE series SET {counter} = {counter} + n FROM"  # noqa: S608
        f" (SELECT series, count(*) AS n FROM predictions WHERE {column} = ? GROUP BY series) WHERE id = series",
        (part.number,),
    )
    db.execute(f"UPDATE predictions SET {column} = NULL WHERE {column} = ?", (part.number,))  # noqa: S608
    db.execute("DELETE FROM parts WHERE id = ?", (part.number,))


def _value(text: bytes | None) -> Any:
    return None if text is None else json.loads(text)


def _name(ids: list[bytes]) -> str:
    """Begin with the first row's time, so that parts sort by it."""
    return f"{ids[0][:6].hex()}-{sha256(b''.join(ids)).hexdigest()[:32]}"
