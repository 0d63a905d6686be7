"""Audit records are added, each once."""

from datetime import UTC, datetime

from seatrial.contract.layout import ModelHome
from seatrial.contract.records import Audit
from seatrial.store.audit import append
from tests.fakes.objects import MemoryStore

HOME = ModelHome("models", "", "risk")
EARLY, LATE = (datetime(2026, 1, day, tzinfo=UTC).isoformat() for day in (2, 10))


def record(when: str, version: str = "1") -> Audit:
    return Audit(when, "ann", "pushed", version, "sha256:" + "0" * 64)


def test_records_are_listed_by_time() -> None:
    store = MemoryStore()
    later, sooner = append(store, HOME, record(LATE)), append(store, HOME, record(EARLY))
    assert list(store.list(HOME.root)) == [sooner, later]


def test_records_of_one_moment_stand_side_by_side() -> None:
    store = MemoryStore()
    assert append(store, HOME, record(EARLY, "1")) != append(store, HOME, record(EARLY, "2"))
    assert len(list(store.list(HOME.root))) == 2


def test_a_record_added_twice_is_there_once() -> None:
    store = MemoryStore()
    assert append(store, HOME, record(EARLY)) == append(store, HOME, record(EARLY))
    assert len(list(store.list(HOME.root))) == 1
