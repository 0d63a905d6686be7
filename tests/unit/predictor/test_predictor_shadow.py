"""What a shadow is shown, how it compares two answers, and what it tells of its own."""

import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from seatrial.contract.metrics import AGREE, DISAGREE, ERROR, OK, SHADOW, SHED
from seatrial.contract.schema import Feature, Kind
from seatrial_runtime.predictor.batcher import Batcher, Limits, OverdueError, QueueFullError
from seatrial_runtime.predictor.invalid import InvalidInputError
from seatrial_runtime.predictor.metrics import Metrics
from seatrial_runtime.predictor.model import PredictionError
from seatrial_runtime.predictor.protocol import Answer, Answered, Stamp
from seatrial_runtime.predictor.rows import Rows, Schema
from seatrial_runtime.predictor.shadow import Shadow, agrees
from seatrial_runtime.predictor.shadow_answers import ShadowAnswer
from seatrial_runtime.predictor.shadow_message import Control, Shadowed, read_shadowed, writer_of
from seatrial_runtime.predictor.worker import Worker

FEATURES = (Feature("a", Kind.NUMBER, minimum=0, maximum=10), Feature("b", Kind.STRING, nullable=True))


@pytest.mark.parametrize(
    ("own", "other", "same"),
    [
        ("High", "High", True),
        ("High", "Low", False),
        ("1", 1, False),
        (100.0, 100.9, True),
        (100.0, 102.0, False),
        (-100.0, 100.0, False),
        (0.0, 0.0, True),
        (0.0, 0.1, False),
        (1.0, True, False),
        (1.0, "1.0", False),
        (1.0, None, False),
    ],
)
def test_classes_agree_by_name_and_numbers_within_a_hundredth(own: Any, other: Any, same: bool) -> None:
    assert agrees(own, other) is same


ROWS: dict[str, Any] = {"a": [1, 2, 3], "b": ["x", None, "z"]}
IDS = ["01" * 16, "02" * 16, "03" * 16]
WHO = {"revision": "0123456789", "version": "7"}
SAID = {"ids": IDS, **WHO}


def answered() -> Answered:
    answer = Answer(["x", "y", "z"], [0.9, 0.8, 0.7], [[0.9, 0.1]] * 3)
    return Answered(Rows((ROWS["a"], ROWS["b"]), 3), answer, Stamp(IDS, "2025-01-01T00:00:00.000Z"), 100)


def test_what_is_written_is_read_back() -> None:
    shadowed = read_shadowed(writer_of(("a", "b"), WHO)(answered()), 1000)
    assert shadowed == Shadowed(ROWS, ["x", "y", "z"], Control("0123456789", IDS))
    assert Schema(FEATURES).from_columns(shadowed.request, 3) == answered().rows


def test_without_a_collector_nothing_but_request_and_answer_is_written() -> None:
    written = writer_of(("a", "b"), None)(answered())
    assert json.loads(written) == {"request": ROWS, "answer": ["x", "y", "z"]}
    assert read_shadowed(written, 1000).control is None


def test_what_a_newer_predictor_may_write_is_passed_over() -> None:
    newer = json.loads(writer_of(("a", "b"), WHO)(answered())) | {"sent": "2030-01-01", "ids of ids": [[1], {}]}
    assert read_shadowed(json.dumps(newer).encode(), 1000) == read_shadowed(
        writer_of(("a", "b"), WHO)(answered()), 1000
    )


def test_a_request_of_many_rows_is_within_what_a_shadow_reads_of_its_schema() -> None:
    count, feature = 10_000, FEATURES[:1]
    whole = Answered(Rows(([1] * count,), count), Answer(["x"] * count), Stamp(IDS[:1] * count, ""), 100)
    assert len(read_shadowed(writer_of(("a",), WHO)(whole), Schema(feature).most_values).answer) == count


@pytest.mark.parametrize(
    "message", [[], {}, {"request": {}, "answer": []}, {"request": [], "answer": [1]}, {"answer": [1]}]
)
def test_what_is_no_such_message_is_refused(message: Any) -> None:
    with pytest.raises(InvalidInputError):
        read_shadowed(json.dumps(message).encode(), 1000)


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"ids": IDS[:2]}, "ids", "a list of 3 ids"),
        ({"ids": None}, "ids", "ids is null; expected a list of 3 ids"),
        ({"ids": [*IDS[:2], "7"]}, "ids", "32 hexadecimal digits"),
        ({"ids": [*IDS[:2], 7]}, "ids", "32 hexadecimal digits"),
        ({"revision": "a/b"}, "revision", "revision is 'a/b'; expected 1 to 63 letters"),
        ({"revision": None}, "revision", "revision is null"),
    ],
)
def test_ids_that_the_collector_would_refuse_are_refused_by_their_field(
    changes: dict[str, Any], field: str, says: str
) -> None:
    message = json.loads(writer_of(("a", "b"), WHO)(answered())) | changes
    with pytest.raises(InvalidInputError, match=says) as refused:
        read_shadowed(json.dumps(message).encode(), 1000)
    assert refused.value.field == field


def unheard(answer: ShadowAnswer) -> None:
    raise AssertionError(answer)


class FakeBatcher:
    """Answers, or raises."""

    def __init__(self, result: Answer | Exception) -> None:
        self.result = result
        self.asked: list[tuple[Rows, str]] = []

    async def submit(self, rows: Rows, traffic: str) -> Answer:
        self.asked.append((rows, traffic))
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


async def received(
    result: Answer | Exception,
    columns: dict[str, Any],
    theirs: list[Any],
    drawn: int = 0,
    said: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[bool, Metrics, list[ShadowAnswer]]:
    metrics, told = Metrics(), list[ShadowAnswer]()
    batcher: Any = FakeBatcher(result)

    def draw(count: int) -> int:
        assert count == len(theirs)
        return drawn

    shadow = Shadow(Schema(FEATURES), batcher, metrics, Worker("parsing"), told.append, draw)
    taken = await shadow.receive(json.dumps({"request": columns, "answer": theirs, **said}).encode())
    assert all(traffic == SHADOW for _, traffic in batcher.asked)
    return taken, metrics, told


@pytest.mark.parametrize(("drawn", "agree", "disagree"), [(0, 1, 0), (1, 0, 1), (2, 1, 0)])
async def test_a_request_is_compared_once_in_the_row_that_was_drawn(drawn: int, agree: int, disagree: int) -> None:
    taken, metrics, _ = await received(Answer(["x", "y", "z"]), ROWS, ["x", "z", "z"], drawn)
    assert taken
    assert metrics.comparisons.by_value == {AGREE: agree, DISAGREE: disagree, ERROR: 0}
    assert metrics.requests[SHADOW].by_value[OK] == 1
    assert sum(metrics.durations[SHADOW].counts) == 1


async def test_the_collector_hears_of_the_row_that_was_drawn_and_of_no_other() -> None:
    _, metrics, told = await received(Answer(["x", "y", "z"]), ROWS, ["x", "z", "z"], 1, said=SAID)
    assert metrics.comparisons.by_value[DISAGREE] == 1
    (answer,) = told
    assert replace(answer, at="") == ShadowAnswer(IDS[1], "", "0123456789", "y")
    assert answer.at.endswith("Z")


async def test_what_an_older_predictor_shows_is_compared_and_told_to_nobody() -> None:
    _, metrics, told = await received(Answer(["x", "y", "z"]), ROWS, ["x", "y", "z"])
    assert metrics.comparisons.by_value[AGREE] == 1
    assert told == []


async def test_of_a_number_no_label_says_that_it_is_simply_right_so_it_is_told_to_nobody() -> None:
    _, metrics, told = await received(Answer([1.0, 2.0, 3.0]), ROWS, [1.0, 2.0, 3.0], said=SAID)
    assert metrics.comparisons.by_value[AGREE] == 1
    assert told == []


@pytest.mark.parametrize("error", [PredictionError("no"), OverdueError("late"), QueueFullError("full")])
async def test_a_model_that_did_not_answer_has_nothing_to_tell(error: Exception) -> None:
    _, _, told = await received(error, ROWS, ["x", "y", "z"], said=SAID)
    assert told == []


@pytest.mark.parametrize("error", [PredictionError("no"), OverdueError("late")])
async def test_a_model_that_fails_where_the_other_answered_errs_once(error: Exception) -> None:
    taken, metrics, _ = await received(error, ROWS, ["x", "y", "z"])
    assert taken
    assert metrics.comparisons.by_value == {AGREE: 0, DISAGREE: 0, ERROR: 1}
    assert metrics.requests[SHADOW].by_value[ERROR] == 1


@pytest.mark.parametrize("columns", [ROWS | {"a": [1, 2, 99]}, ROWS | {"c": [1, 2, 3]}, {"a": [1, 2, 3]}])
async def test_a_schema_that_refuses_what_the_other_answered_errs(columns: dict[str, Any]) -> None:
    _, metrics, _ = await received(Answer(["x"] * 3), columns, ["x", "y", "z"])
    assert metrics.comparisons.by_value == {AGREE: 0, DISAGREE: 0, ERROR: 1}
    assert metrics.requests[SHADOW].by_value[ERROR] == 1


async def test_rows_are_drawn_from_all_of_a_request() -> None:
    metrics, count = Metrics(), 40
    batcher: Any = FakeBatcher(Answer(["x"] * count))
    shadow = Shadow(Schema(FEATURES), batcher, metrics, Worker("parsing"), unheard)
    columns = {"a": [1] * count, "b": ["x"] * count}
    message = json.dumps({"request": columns, "answer": ["x", "y"] * (count // 2)}).encode()
    for _ in range(400):
        await shadow.receive(message)
    counted = metrics.comparisons.by_value
    assert counted[AGREE] + counted[DISAGREE] == 400
    assert 100 < counted[AGREE] < 300  # ten standard deviations about 200


async def test_a_full_queue_compares_nothing() -> None:
    taken, metrics, _ = await received(QueueFullError("full"), ROWS, ["x", "y", "z"])
    assert not taken
    assert sum(metrics.comparisons.by_value.values()) == 0
    assert metrics.requests[SHADOW].by_value[SHED] == 1


async def test_a_shadow_runs_in_the_same_batches_as_live_traffic() -> None:
    seen = list[int]()

    def predict(rows: Rows) -> Answer:
        return Answer(["x"] * rows.count)

    batcher = Batcher(predict, Limits(), Worker("model"), lambda *_: None, seen.append)
    shadow = Shadow(Schema(FEATURES), batcher, Metrics(), Worker("parsing"), unheard)
    body = json.dumps({"request": ROWS, "answer": ["x", "x", "x"]}).encode()
    assert await shadow.receive(body)
    assert seen == [3]
