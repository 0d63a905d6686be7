"""Which rows leave together: each in exactly one part, whatever dies in between."""

import sqlite3

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from seatrial_runtime.collector.configuration import Limits
from seatrial_runtime.collector.database import open_database
from seatrial_runtime.collector.ledger import Ledger
from seatrial_runtime.collector.messages import Kind
from seatrial_runtime.collector.parts import KINDS, Part, close_part, open_parts, plan_part, read_part
from seatrial_runtime.collector.totals import read_totals
from tests.unit.collector.builders import HOME, NOW, SECOND, label, prediction

HOUR = 3600 * SECOND


def opened() -> tuple[sqlite3.Connection, Ledger]:
    db = open_database(None)
    return db, Ledger(db, Limits())


def test_a_part_has_rows_of_one_hour_under_the_key_of_that_hour() -> None:
    db, ledger = opened()
    ledger.record_predictions([prediction(1), prediction(2, at=NOW + HOUR), prediction(3)], NOW)
    first, second = (plan_part(db, HOME, "predictions", 10) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.key.startswith("risk/deploy-risk/predictions/dt=2026-09-21/hour=14/")
    assert [row.features["files_changed"] for row in read_part(db, first)] == [1, 3]
    assert second.key.startswith("risk/deploy-risk/predictions/dt=2026-09-21/hour=15/")
    assert plan_part(db, HOME, "predictions", 10) is None


def test_only_labelled_rows_are_labels_and_they_hold_everything() -> None:
    db, ledger = opened()
    ledger.record_predictions([prediction(1), prediction(2, "Low")], NOW)
    ledger.record_labels([label(2)], NOW + SECOND)
    part = plan_part(db, HOME, "labels", 10)
    assert part is not None
    (row,) = read_part(db, part)
    assert (row.prediction, row.label, row.labelled_at, row.revision, row.version) == (
        "Low", "High", NOW + SECOND, "r1", "1",
    )  # fmt: skip
    assert row.features == {"files_changed": 2, "team": "Platform"}


def test_a_label_is_filed_under_the_hour_in_which_it_came() -> None:
    db, ledger = opened()
    ledger.record_predictions([prediction(1), prediction(2)], NOW)
    ledger.record_labels([label(1)], NOW + HOUR)
    ledger.record_labels([label(2)], NOW + 2 * HOUR)
    first, second = (plan_part(db, HOME, "labels", 10) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.key.startswith("risk/deploy-risk/labels/dt=2026-09-21/hour=15/")
    assert second.key.startswith("risk/deploy-risk/labels/dt=2026-09-21/hour=16/")


def test_the_key_follows_from_the_ids_alone() -> None:
    keys = set()
    for revision in ("r1", "r2"):
        db, ledger = opened()
        ledger.record_predictions([prediction(1, revision=revision), prediction(2)], NOW)
        part = plan_part(db, HOME, "predictions", 10)
        assert part is not None
        keys.add(part.key)
    assert len(keys) == 1


def test_an_open_part_is_the_same_after_more_rows_came() -> None:
    db, ledger = opened()
    ledger.record_predictions([prediction(1)], NOW)
    part = plan_part(db, HOME, "predictions", 10)
    assert part is not None
    before = read_part(db, part)
    ledger.record_predictions([prediction(2)], NOW)
    ledger.record_labels([label(1)], NOW)
    assert (open_parts(db), read_part(db, part)) == ([part], before)


def test_closing_a_part_counts_its_rows_once() -> None:
    db, ledger = opened()
    ledger.record_predictions([prediction(1), prediction(2)], NOW)
    part = plan_part(db, HOME, "predictions", 10)
    assert part is not None
    close_part(db, part)
    close_part(db, part)
    assert read_totals(db).series[0].stored_predictions == 2
    assert open_parts(db) == []


class Uploads(RuleBasedStateMachine):
    """Rows come, parts are planned, uploaded and closed, and the process dies at any point.

    A crash forgets what the process knew; the next one begins with every open part. In the end each row stands under
    exactly one key, and no key was ever written with other rows.
    """

    def __init__(self) -> None:
        super().__init__()
        self.db, self.ledger = opened()
        self.stored: dict[str, tuple[str, ...]] = {}
        self.known: list[Part] = []
        self.count = 0

    @rule(hour=st.integers(0, 1))
    def predict(self, hour: int) -> None:
        self.ledger.record_predictions([prediction(self.count, at=NOW + hour * HOUR)], NOW)
        self.count += 1

    @rule(number=st.integers(0, 20))
    def label(self, number: int) -> None:
        self.ledger.record_labels([label(number)], NOW)

    @rule(kind=st.sampled_from(KINDS), rows=st.integers(1, 3))
    def plan(self, kind: Kind, rows: int) -> None:
        part = plan_part(self.db, HOME, kind, rows)
        self.known += [part] if part else []

    @precondition(lambda self: self.known)
    @rule()
    def upload(self) -> None:
        ids = tuple(row.id for row in read_part(self.db, self.known[0]))
        assert self.stored.setdefault(self.known[0].key, ids) == ids

    @precondition(lambda self: self.known)
    @rule()
    def upload_and_close(self) -> None:
        self.upload()
        close_part(self.db, self.known.pop(0))

    @rule()
    def crash(self) -> None:
        self.known = open_parts(self.db)

    def teardown(self) -> None:
        for kind in KINDS:
            while plan_part(self.db, HOME, kind, 3):
                pass
        self.crash()
        while self.known:
            self.upload_and_close()
        series = read_totals(self.db).series
        self.check("predictions", sum(s.collected for s in series))
        self.check("labels", sum(s.labelled for s in series))

    def check(self, kind: Kind, rows: int) -> None:
        ids = [name for key, names in self.stored.items() if f"/{kind}/" in key for name in names]
        assert len(ids) == len(set(ids)) == rows


TestUploads = Uploads.TestCase
TestUploads.settings = settings(max_examples=60, stateful_step_count=30)
