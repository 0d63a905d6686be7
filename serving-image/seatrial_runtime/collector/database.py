"""The SQLite file: its tables, and how it is opened.

`part` and `label_part` say where a row is on its way to the store: 0 has yet to be given a part, a higher number is in
that open part, NULL has nothing to store (any more). The counters of a series stand beside the rows that they count
and change in the same transaction, so that they survive a restart and never disagree with the rows.

A pair is counted of a prediction with a label and a shadow answer of its id. `unpaired` is what makes it once: the
label sets it, the pair takes it away, and with it the shadow answer.
"""

import sqlite3
from pathlib import Path

UNPLANNED = 0
MAXIMUM_SERIES = 100  # revisions that are counted, and pairs of two; older ones leave

_SCHEMA = """
CREATE TABLE IF NOT EXISTS series (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  revision TEXT NOT NULL,
  version TEXT NOT NULL,
  output TEXT,                              -- of the version's manifest, as JSON, once it was read
  collected INTEGER NOT NULL DEFAULT 0,
  labelled INTEGER NOT NULL DEFAULT 0,
  correct INTEGER NOT NULL DEFAULT 0,
  wrong INTEGER NOT NULL DEFAULT 0,
  drawn_correct INTEGER NOT NULL DEFAULT 0, -- of the rows that were drawn, one of a request
  drawn_wrong INTEGER NOT NULL DEFAULT 0,
  expired INTEGER NOT NULL DEFAULT 0,       -- left without a label: too old
  overflowed INTEGER NOT NULL DEFAULT 0,    -- left without a label: too many
  removed INTEGER NOT NULL DEFAULT 0,       -- rows that left, with or without a label
  stored_predictions INTEGER NOT NULL DEFAULT 0,
  stored_labels INTEGER NOT NULL DEFAULT 0,
  UNIQUE (revision, version)
) STRICT;
CREATE TABLE IF NOT EXISTS predictions (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL UNIQUE,
  at INTEGER NOT NULL,                      -- when it was made; times are microseconds since 1970 UTC
  received INTEGER NOT NULL,
  series INTEGER NOT NULL,
  features BLOB NOT NULL,
  prediction BLOB NOT NULL,
  label BLOB,
  labelled_at INTEGER,
  part INTEGER DEFAULT 0,
  label_part INTEGER,
  unpaired INTEGER,                         -- 1 right, 0 wrong: labelled, and in no pair yet; NULL: all others
  drawn INTEGER NOT NULL DEFAULT 1          -- of its request this is the row by which versions are judged
) STRICT;
CREATE INDEX IF NOT EXISTS predictions_unstored ON predictions (part) WHERE part IS NOT NULL;
CREATE INDEX IF NOT EXISTS labels_unstored ON predictions (label_part) WHERE label_part IS NOT NULL;
CREATE TABLE IF NOT EXISTS early (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL,
  label BLOB NOT NULL,
  received INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS early_by_id ON early (id);
CREATE TABLE IF NOT EXISTS shadow_answers (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL UNIQUE,
  received INTEGER NOT NULL,
  pair INTEGER NOT NULL,
  prediction TEXT NOT NULL                  -- a class by its name
) STRICT;
CREATE TABLE IF NOT EXISTS pairs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  revision TEXT NOT NULL,                   -- the candidate's
  version TEXT NOT NULL,
  control TEXT NOT NULL,                    -- the revision that answered
  both_right INTEGER NOT NULL DEFAULT 0,
  candidate_right INTEGER NOT NULL DEFAULT 0,
  stable_right INTEGER NOT NULL DEFAULT 0,
  both_wrong INTEGER NOT NULL DEFAULT 0,
  UNIQUE (revision, version, control)
) STRICT;
CREATE TABLE IF NOT EXISTS refused (reason TEXT PRIMARY KEY, labels INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS parts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  key TEXT NOT NULL
) STRICT;
"""
# What the tables of earlier collectors lack.
_LATER_COLUMNS = (
    ("predictions", "unpaired", "INTEGER"),
    ("predictions", "drawn", "INTEGER NOT NULL DEFAULT 1"),
    ("series", "drawn_correct", "INTEGER NOT NULL DEFAULT 0"),
    ("series", "drawn_wrong", "INTEGER NOT NULL DEFAULT 0"),
)


def open_database(path: Path | None) -> sqlite3.Connection:
    """Open the file (None: in memory) and make its tables, or what those of an earlier collector lack.

    Transactions are the caller's. In WAL mode with synchronous=NORMAL a committed row survives the death of the
    process at any instruction.
    """
    connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, timeout=10)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA journal_size_limit=67108864")
    connection.executescript(_SCHEMA)
    for table, column, kind in _LATER_COLUMNS:
        if column not in {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    return connection
