"""Pairs: each is counted once, when its prediction, the shadow's answer and a label have come."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.contract.metrics import BOTH_RIGHT, BOTH_WRONG, CANDIDATE_RIGHT, PAIR_RESULTS, STABLE_RIGHT
from seatrial.contract.schema import Output, Task
from seatrial_runtime.collector.configuration import Limits
from seatrial_runtime.collector.database import MAXIMUM_SERIES, open_database
from seatrial_runtime.collector.ledger import Ledger
from seatrial_runtime.collector.messages import Label, Prediction, ShadowAnswer
from seatrial_runtime.collector.parts import KINDS, close_part, plan_part, read_part
from seatrial_runtime.collector.room import FullError
from seatrial_runtime.collector.totals import Pairs, read_totals
from tests.unit.collector.builders import HOME, NOW, RISK, SECOND, label, name_of, prediction, shadow_answer

HOUR = 3600 * SECOND
Event = Prediction | ShadowAnswer | Label


class World:
    """A ledger in memory with its connection."""

    def __init__(self, limits: Limits | None = None, path: Path | None = None) -> None:
        self.db, self._limits = open_database(path), limits or Limits()
        self.restart()

    def restart(self) -> None:
        """Forget what a process forgets."""
        self.ledger = Ledger(self.db, self._limits)

    def take(self, *events: Event, now: int = NOW) -> None:
        for event in events:
            match event:
                case Prediction():
                    self.ledger.record_predictions([event], now)
                case ShadowAnswer():
                    self.ledger.pairing.record([event], now)
                case Label():
                    self.ledger.record_labels([event], now)

    def store_everything(self) -> list[str]:
        """Store what is to be stored; return the ids, kind after kind."""
        names = []
        for kind in KINDS:
            while part := plan_part(self.db, HOME, kind, 1000):
                names += [row.id for row in read_part(self.db, part)]
                close_part(self.db, part)
        return names

    @property
    def pairs(self) -> Sequence[Pairs]:
        return read_totals(self.db).pairs

    @property
    def counted(self) -> dict[str, int]:
        """The counts of the only pair of revisions, but for zeros."""
        (pairs,) = self.pairs
        return {result: count for result, count in pairs.counts.items() if count}


@pytest.mark.parametrize(
    ("stable", "candidate", "truth", "result"),
    [
        ("High", "High", "High", BOTH_RIGHT),
        ("High", "Low", "High", STABLE_RIGHT),
        ("High", "Low", "Low", CANDIDATE_RIGHT),
        ("High", "High", "Low", BOTH_WRONG),
        ("High", "Low", "Medium", BOTH_WRONG),
    ],
)
def test_a_pair_is_counted_by_who_was_right(stable: str, candidate: str, truth: str, result: str) -> None:
    world = World()
    world.take(prediction(1, stable), shadow_answer(1, candidate), label(1, truth))
    assert world.counted == {result: 1}


def test_a_pair_is_the_candidates_and_names_who_answered() -> None:
    world = World()
    world.take(prediction(1), shadow_answer(1), label(1))
    assert world.pairs == (Pairs("r2", "2", "r1", {**dict.fromkeys(PAIR_RESULTS, 0), BOTH_RIGHT: 1}),)


def test_all_results_are_there_at_zero_from_the_first_shadow_answer_on() -> None:
    world = World()
    assert not world.pairs
    world.take(shadow_answer(1))
    assert world.pairs == (Pairs("r2", "2", "r1", dict.fromkeys(PAIR_RESULTS, 0)),)


def test_candidates_and_those_they_are_compared_with_are_counted_apart() -> None:
    world = World()
    world.take(*(prediction(n) for n in range(3)), *(label(n) for n in range(3)))
    world.take(shadow_answer(0), shadow_answer(1, revision="r3"), shadow_answer(2, control="r0"))
    whose = {(pairs.revision, pairs.control): pairs.counts[BOTH_RIGHT] for pairs in world.pairs}
    assert whose == {("r2", "r1"): 1, ("r3", "r1"): 1, ("r2", "r0"): 1}


def test_the_first_shadow_answer_of_a_row_counts() -> None:
    world = World()
    world.take(shadow_answer(1, "Low"), shadow_answer(1, "High"), prediction(1), label(1))
    assert world.counted == {STABLE_RIGHT: 1}


def test_a_label_that_is_refused_makes_no_pair() -> None:
    world = World()
    world.take(prediction(1), prediction(9))
    world.ledger.learn_output("1", RISK)
    world.take(shadow_answer(1), label(1, "no such class"))
    assert world.counted == {}
    world.take(label(1, "Low"), label(1, "High"))
    assert world.counted == {BOTH_WRONG: 1}


def test_of_a_number_no_label_says_that_it_is_simply_right_so_there_are_no_pairs() -> None:
    world = World()
    price = replace(prediction(1), prediction=b"3.5")
    world.take(price)
    world.ledger.learn_output("1", Output("price", Task.REGRESSION))
    world.take(shadow_answer(1, "3.5"), Label(price.id, 3.5))
    assert world.counted == {}


def test_a_shadow_answer_is_nothing_that_was_served() -> None:
    world = World()
    world.take(prediction(1), shadow_answer(1, "Low"), shadow_answer(2), label(1))
    assert world.store_everything() == [name_of(1).hex()] * 2, "the prediction, and its label"
    totals = read_totals(world.db)
    assert [(series.revision, series.collected, series.labelled) for series in totals.series] == [("r1", 1, 1)]


def test_shadow_answers_leave_after_the_predictions_time_to_live() -> None:
    world = World()
    world.take(shadow_answer(1), shadow_answer(2))
    assert world.ledger.sweep(NOW + 24 * HOUR) == 0
    assert world.ledger.sweep(NOW + 24 * HOUR + SECOND) == 2
    assert world.ledger.pairing.rows == 0
    world.take(prediction(1), label(1))
    assert world.counted == {}


def test_a_shadow_answer_leaves_with_its_pair() -> None:
    world = World()
    world.take(prediction(1), shadow_answer(1), label(1))
    assert world.ledger.pairing.rows == 0


def test_the_oldest_shadow_answers_make_room() -> None:
    world = World(Limits(maximum_rows=3))
    world.take(*(shadow_answer(n) for n in range(5)))
    assert world.ledger.pairing.rows == 3
    world.take(*(prediction(n) for n in (1, 2, 4)), *(label(n) for n in (1, 2, 4)))
    assert world.counted == {BOTH_RIGHT: 2}


def test_shadow_answers_are_refused_where_the_file_is_full() -> None:
    world = World(Limits(maximum_bytes=1 << 20))
    wide = [replace(prediction(n), features=b'{"text":"%s"}' % (b"x" * 4096)) for n in range(300)]
    world.ledger.record_predictions(wide, NOW)
    with pytest.raises(FullError):
        world.take(shadow_answer(1))


def test_pairs_of_revisions_are_bounded_and_the_newest_are_kept() -> None:
    world = World()
    world.take(*(shadow_answer(n, revision=f"r{n}") for n in range(MAXIMUM_SERIES + 5)))
    kept = [f"r{n}" for n in range(MAXIMUM_SERIES + 4, 4, -1)]
    assert [pairs.revision for pairs in world.pairs] == kept
    world.ledger.sweep(NOW)
    assert world.db.execute("SELECT count(*) FROM pairs").fetchone() == (MAXIMUM_SERIES,)
    world.take(prediction(0), label(0), prediction(104), label(104))  # nothing is counted of the first any more
    assert [pairs.revision for pairs in world.pairs if pairs.counts[BOTH_RIGHT]] == ["r104"]


def test_a_candidate_that_comes_back_after_very_many_others_is_counted_anew() -> None:
    world = World()
    world.take(*(shadow_answer(n, revision=f"r{n}") for n in range(MAXIMUM_SERIES + 1)))
    world.ledger.sweep(NOW)
    world.take(shadow_answer(1000, revision="r0"), prediction(1000), label(1000))
    assert [pairs.revision for pairs in world.pairs if pairs.counts[BOTH_RIGHT]] == ["r0"]


def test_what_is_rolled_back_is_as_though_it_had_never_come() -> None:
    world = World()
    world.db.execute("BEGIN")
    world.take(shadow_answer(1))
    world.db.execute("ROLLBACK")
    world.ledger.forget_caches()
    assert (world.ledger.pairing.rows, len(world.pairs)) == (0, 0)
    world.take(shadow_answer(1, "Low"), prediction(1), label(1))
    assert world.counted == {STABLE_RIGHT: 1}


def test_a_file_of_a_collector_that_knew_no_pairs_is_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "collector.sqlite"
    earlier = World(path=path)
    earlier.take(prediction(1), prediction(2), label(1))
    later = {"predictions": ("unpaired", "drawn"), "series": ("drawn_correct", "drawn_wrong")}
    for table, column in [(table, column) for table, columns in later.items() for column in columns]:
        earlier.db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in ("shadow_answers", "pairs"):
        earlier.db.execute(f"DROP TABLE {table}")
    earlier.db.close()
    world = World(path=path)
    world.take(shadow_answer(1), shadow_answer(2), label(2, "Low"))
    assert world.counted == {BOTH_WRONG: 1}, "what was labelled before is in no pair"
    (series,) = read_totals(world.db).series
    assert (series.labelled, series.drawn_correct, series.drawn_wrong) == (2, 0, 1), "what it counts, it counts anew"
    world.db.close()


# Properties: whatever the order of arrival, what comes twice, and when the process is killed.

_numbers = st.integers(0, 3)
_classes = st.sampled_from(["Low", "Medium", "High"])
_restarts = st.just("restart")


@st.composite
def _arrivals(draw: st.DrawFn) -> list[Event | str]:
    """Draw events in any order: of a number always the same prediction and shadow answer, each as often as it likes."""
    answers = st.fixed_dictionaries({n: st.tuples(_classes, _classes) for n in range(4)})
    of = draw(answers)
    event = st.one_of(
        _numbers.map(lambda n: prediction(n, of[n][0])),
        _numbers.map(lambda n: shadow_answer(n, of[n][1])),
        st.builds(label, _numbers, _classes),
        _restarts,
    )
    return draw(st.lists(event, max_size=25))


def _expected(events: Sequence[Event | str]) -> Counter[str]:
    """Count by the definition: the first label of each number that has all three."""
    first: dict[tuple[str, bytes], Event] = {}
    for event in events:
        if not isinstance(event, str):
            first.setdefault((type(event).__name__, event.id), event)
    counted: Counter[str] = Counter()
    for number in range(4):
        served, shadow, truth = (first.get((kind, name_of(number))) for kind in ("Prediction", "ShadowAnswer", "Label"))
        if isinstance(served, Prediction) and isinstance(shadow, ShadowAnswer) and isinstance(truth, Label):
            right = served.prediction == b'"%s"' % str(truth.value).encode(), shadow.prediction == truth.value
            counted[_NAMES[right]] += 1
    return counted


_NAMES = {
    (True, True): BOTH_RIGHT,
    (True, False): STABLE_RIGHT,
    (False, True): CANDIDATE_RIGHT,
    (False, False): BOTH_WRONG,
}


@settings(max_examples=200)
@given(_arrivals())
def test_a_pair_is_counted_once_in_any_order_however_often_and_across_restarts(events: list[Event | str]) -> None:
    world = World()
    for event in events:
        if isinstance(event, str):
            world.restart()
        else:
            world.take(event)
    counted = Counter[str]()
    for pairs in world.pairs:
        counted.update(pairs.counts)
    assert +counted == _expected(events)
