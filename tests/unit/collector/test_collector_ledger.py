"""Predictions and labels in SQLite: the join, its counts, and what leaves."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.contract.feedback import Refusal
from seatrial_runtime.collector.configuration import Limits
from seatrial_runtime.collector.database import MAXIMUM_SERIES, open_database
from seatrial_runtime.collector.ledger import Ledger
from seatrial_runtime.collector.messages import Label, Prediction
from seatrial_runtime.collector.parts import KINDS, close_part, plan_part
from seatrial_runtime.collector.room import FullError
from seatrial_runtime.collector.totals import Totals, read_totals
from tests.unit.collector.builders import HOME, NOW, RISK, SECOND, label, name_of, prediction

HOUR = 3600 * SECOND


class World:
    """A ledger in memory with its connection."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.db = open_database(None)
        self.ledger = Ledger(self.db, limits or Limits())

    @property
    def totals(self) -> Totals:
        return read_totals(self.db)

    def store_everything(self) -> None:
        for kind in KINDS:
            while part := plan_part(self.db, HOME, kind, 1000):
                close_part(self.db, part)

    def rows(self) -> list[tuple[object, ...]]:
        query = (
            "SELECT p.id, revision, version, prediction, label FROM predictions p JOIN series s ON series = s.id"
            " ORDER BY p.id"
        )
        return self.db.execute(query).fetchall()


def test_a_label_is_counted_once_for_the_revision_that_made_the_prediction() -> None:
    world = World()
    world.ledger.record_predictions(
        [prediction(1, revision="r1"), prediction(2, "Low", revision="r2", version="2")], NOW
    )
    assert world.ledger.record_labels([label(1), label(2), label(1, "Low")], NOW) == [None, None, Refusal.DUPLICATE]
    second, first = world.totals.series
    assert (first.revision, first.version, first.correct, first.wrong, first.waiting) == ("r1", "1", 1, 0, 0)
    assert (second.revision, second.version, second.correct, second.wrong, second.waiting) == ("r2", "2", 0, 1, 0)
    assert world.totals.refused == {"duplicate": 1}


def test_a_batch_that_is_sent_again_changes_nothing() -> None:
    world = World()
    for _ in range(2):
        world.ledger.record_predictions([prediction(1), prediction(2)], NOW)
    (series,) = world.totals.series
    assert (series.collected, world.ledger.rows) == (2, 2)


def test_a_label_may_come_before_its_prediction() -> None:
    world = World()
    assert world.ledger.record_labels([label(1)], NOW) == [None]
    assert world.totals.refused == {}
    world.ledger.record_predictions([prediction(1)], NOW + 59 * SECOND)
    (series,) = world.totals.series
    assert (series.labelled, series.correct, world.ledger.early) == (1, 1, 0)


def test_an_early_label_is_refused_when_its_prediction_does_not_come_in_time() -> None:
    world = World()
    world.ledger.record_labels([label(1)], NOW)
    world.ledger.sweep(NOW + 60 * SECOND)
    assert world.totals.refused == {}
    world.ledger.sweep(NOW + 61 * SECOND)
    assert world.totals.refused == {"unmatched": 1}
    world.ledger.record_predictions([prediction(1)], NOW + 62 * SECOND)
    assert world.totals.series[0].labelled == 0


@pytest.mark.parametrize("made", [NOW - 25 * HOUR, NOW + HOUR], ids=["too old", "from the future"])
def test_a_label_for_an_id_that_cannot_come_any_more_is_refused_at_once(made: int) -> None:
    world = World()
    assert world.ledger.record_labels([Label(name_of(1, made), "High")], NOW) == [Refusal.UNMATCHED]
    assert world.totals.refused == {"unmatched": 1}


def test_early_labels_are_bounded() -> None:
    world = World(Limits(maximum_early=2))
    assert world.ledger.record_labels([label(n) for n in range(3)], NOW) == [None, None, Refusal.UNMATCHED]


def test_a_class_that_the_manifest_does_not_have_is_refused_once_the_manifest_is_known() -> None:
    world = World()
    world.ledger.record_predictions([prediction(1), prediction(2)], NOW)
    assert world.ledger.versions_without_output(5) == ["1"]
    world.ledger.learn_output("1", RISK)
    assert world.ledger.versions_without_output(5) == []
    assert world.ledger.record_labels([label(1, "high"), label(1)], NOW) == [Refusal.MALFORMED, None]
    world.ledger.record_predictions([prediction(3, revision="r9")], NOW)
    assert world.ledger.versions_without_output(5) == []


def test_predictions_leave_when_their_time_is_over_and_they_are_stored() -> None:
    world = World()
    world.ledger.record_predictions([prediction(1), prediction(2)], NOW)
    world.ledger.record_labels([label(1)], NOW)
    assert world.ledger.sweep(NOW + 25 * HOUR) == 0, "nothing that is not in the store may leave"
    world.store_everything()
    assert world.ledger.sweep(NOW + 23 * HOUR) == 0
    assert world.ledger.sweep(NOW + 25 * HOUR) == 2
    (series,) = world.totals.series
    assert (series.collected, series.labelled, series.expired, series.waiting, world.ledger.rows) == (2, 1, 1, 0, 0)


def test_a_stored_prediction_stays_until_its_label_is_stored_too() -> None:
    world = World()
    world.ledger.record_predictions([prediction(1)], NOW)
    world.store_everything()
    world.ledger.record_labels([label(1)], NOW)
    assert world.ledger.sweep(NOW + 25 * HOUR) == 0
    world.store_everything()
    assert world.ledger.sweep(NOW + 25 * HOUR) == 1


def test_the_oldest_stored_predictions_make_room_and_are_counted() -> None:
    world = World(Limits(maximum_rows=3))
    world.ledger.record_predictions([prediction(n) for n in range(3)], NOW)
    world.store_everything()
    world.ledger.record_predictions([prediction(3), prediction(4)], NOW)
    (series,) = world.totals.series
    assert (series.overflowed, series.waiting, world.ledger.rows) == (2, 3, 3)
    assert [row[0] for row in world.rows()] == [name_of(2), name_of(3), name_of(4)]


def test_what_is_not_stored_makes_no_room_so_new_rows_are_refused() -> None:
    world = World(Limits(maximum_rows=3))
    world.ledger.record_predictions([prediction(n) for n in range(3)], NOW)
    with pytest.raises(FullError):
        world.ledger.record_predictions([prediction(3)], NOW)
    assert len(world.rows()) == 3


def test_the_file_is_bounded_in_bytes_however_wide_the_rows_are() -> None:
    world = World(Limits(maximum_bytes=1 << 20))
    wide = [replace(prediction(n), features=b'{"text":"%s"}' % (b"x" * 4096)) for n in range(300)]
    world.ledger.record_predictions(wide, NOW)
    with pytest.raises(FullError):
        world.ledger.record_predictions([prediction(300)], NOW)
    world.store_everything()
    world.ledger.record_predictions([prediction(300)], NOW)
    assert (world.totals.series[0].overflowed, world.ledger.rows) == (300, 1)


def test_old_revisions_leave_with_their_last_row() -> None:
    world = World()
    for number in range(MAXIMUM_SERIES + 5):
        world.ledger.record_predictions([prediction(number, revision=f"r{number}")], NOW)
    world.store_everything()
    world.ledger.sweep(NOW)
    assert world.db.execute("SELECT count(*) FROM series").fetchone() == (MAXIMUM_SERIES + 5,)
    world.ledger.sweep(NOW + 25 * HOUR)
    world.ledger.sweep(NOW + 25 * HOUR)
    assert world.db.execute("SELECT count(*) FROM series").fetchone() == (MAXIMUM_SERIES,)
    assert len(world.totals.series) == MAXIMUM_SERIES


def test_a_ledger_that_is_opened_again_knows_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "collector.sqlite"
    first = open_database(path)
    ledger = Ledger(first, Limits())
    ledger.record_predictions([prediction(1)], NOW)
    ledger.record_labels([label(1), label(2)], NOW)
    before = read_totals(first)
    first.close()
    again = open_database(path)
    ledger = Ledger(again, Limits())
    assert (read_totals(again), ledger.rows, ledger.early) == (before, 1, 1)
    again.close()


# Properties: whatever the order in which predictions and labels arrive, the counts and the joined rows are the same.

_numbers = st.integers(0, 4)
_answers = st.sampled_from(["Low", "High"])
_labels = st.tuples(_numbers, st.sampled_from(["Low", "High", "no such class"]))


@st.composite
def _arrivals(draw: st.DrawFn) -> tuple[list[Prediction | Label], list[Prediction | Label]]:
    """Draw events in two orders; the labels of one id keep theirs, because the first of them counts."""
    predictions = [prediction(n, draw(_answers)) for n in sorted(draw(st.sets(_numbers)))]
    labels = [label(n, value) for n, value in draw(st.lists(_labels, max_size=10))]
    first: list[Prediction | Label] = [*predictions, *labels]
    places = draw(st.permutations(range(len(first))))
    shuffled = [first[i] for i in places]
    queues = {name_of(n): iter([item for item in labels if item.id == name_of(n)]) for n in range(5)}
    return first, [next(queues[e.id]) if isinstance(e, Label) else e for e in shuffled]


def _outcome(events: list[Prediction | Label]) -> tuple[Totals, list[tuple[object, ...]], int]:
    world = World()
    world.ledger.record_predictions([prediction(99)], NOW)
    world.ledger.learn_output("1", RISK)
    for event in events:
        match event:
            case Prediction():
                world.ledger.record_predictions([event], NOW)
            case Label():
                world.ledger.record_labels([event], NOW)
    world.ledger.sweep(NOW + 61 * SECOND)
    return world.totals, world.rows(), world.ledger.early


@settings(max_examples=200)
@given(_arrivals())
def test_the_order_of_arrival_does_not_matter(
    orders: tuple[list[Prediction | Label], list[Prediction | Label]],
) -> None:
    assert _outcome(orders[0]) == _outcome(orders[1])


@settings(max_examples=100)
@given(_arrivals())
def test_every_label_is_counted_once_as_right_wrong_or_refused(
    orders: tuple[list[Prediction | Label], list[Prediction | Label]],
) -> None:
    totals = _outcome(orders[1])[0]
    sent = sum(isinstance(event, Label) for event in orders[1])
    (series,) = totals.series
    assert series.correct + series.wrong == series.labelled
    assert series.labelled + sum(totals.refused.values()) == sent
