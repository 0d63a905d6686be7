"""The writer: answers after the commit, and one piece of work that fails harms no other."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from threading import Event

import pytest

from seatrial_runtime.collector.configuration import Limits
from seatrial_runtime.collector.database import open_database
from seatrial_runtime.collector.ledger import Ledger
from seatrial_runtime.collector.room import FullError
from seatrial_runtime.collector.writer import Writer
from tests.unit.collector.builders import NOW, prediction

WAIT = 10.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "collector.sqlite"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    db = open_database(path)
    writer = Writer(db, Ledger(db, Limits()))
    yield writer
    writer.close(WAIT)
    assert not writer.alive


def committed(path: Path) -> int:
    db = sqlite3.connect(path)
    count = int(db.execute("SELECT count(*) FROM predictions").fetchone()[0])
    db.close()
    return count


def blocked(writer: Writer, until: Event) -> "Future[bool]":
    return writer.submit(lambda _, __: until.wait(WAIT))


def test_an_answer_comes_after_the_commit(writer: Writer, path: Path) -> None:
    writer.submit(lambda _, ledger: ledger.record_predictions([prediction(1)], NOW)).result(WAIT)
    assert committed(path) == 1


def test_work_of_one_transaction_that_fails_undoes_itself_alone(writer: Writer, path: Path) -> None:
    def failing(_: sqlite3.Connection, ledger: Ledger) -> None:
        ledger.record_predictions([prediction(2)], NOW)
        raise FullError

    start = Event()
    blocked(writer, start)
    good = writer.submit(lambda _, ledger: ledger.record_predictions([prediction(1)], NOW))
    bad = writer.submit(failing)
    rows = writer.submit(lambda _, ledger: ledger.rows)
    start.set()
    good.result(WAIT)
    with pytest.raises(FullError):
        bad.result(WAIT)
    assert (rows.result(WAIT), committed(path)) == (1, 1)


def test_work_that_nobody_waits_for_any_more_is_not_done_and_does_not_end_the_writer(
    writer: Writer, path: Path
) -> None:
    start = Event()
    running = blocked(writer, start)
    given_up = writer.submit(lambda _, ledger: ledger.record_predictions([prediction(1)], NOW))
    assert given_up.cancel()
    start.set()
    assert running.result(WAIT)
    writer.submit(lambda _, ledger: ledger.record_predictions([prediction(2)], NOW)).result(WAIT)
    assert committed(path) == 1


def _submit(writer: Writer, times: int) -> None:
    for _ in range(times):
        writer.submit(lambda _, __: None)


def test_the_queue_is_bounded(writer: Writer) -> None:
    start = Event()
    blocked(writer, start)
    with pytest.raises(FullError):
        _submit(writer, 2000)
    start.set()


def test_closing_finishes_what_was_asked_for(path: Path) -> None:
    db = open_database(path)
    writer = Writer(db, Ledger(db, Limits()))
    for number in range(200):
        writer.submit(lambda _, ledger, n=number: ledger.record_predictions([prediction(n)], NOW))  # type: ignore[misc]
    writer.close(WAIT)
    assert committed(path) == 200
