"""Who is the shadow, what it is told, and how two answers are compared."""

import asyncio
import json
import threading
from typing import Any

import pytest
from aiohttp import web

from seatrial.contract.metrics import AGREE, DISAGREE, ERROR, OK, SHADOW, SHED
from seatrial.contract.schema import Feature, Kind
from seatrial_runtime.predictor.batcher import Batcher, Limits, OverdueError, QueueFullError
from seatrial_runtime.predictor.invalid import InvalidInputError
from seatrial_runtime.predictor.metrics import DROP_REASONS, QUEUE_FULL, TIMEOUT, UNREACHABLE, Counts, Metrics
from seatrial_runtime.predictor.mirror import Mirror, written
from seatrial_runtime.predictor.model import PredictionError
from seatrial_runtime.predictor.peers import Peers, resolve
from seatrial_runtime.predictor.protocol import Answer
from seatrial_runtime.predictor.rows import Rows, Schema
from seatrial_runtime.predictor.shadow import Shadow, agrees, read_shadowed
from seatrial_runtime.predictor.worker import Worker
from tests.unit.predictor.given_clock import short_seconds, until
from tests.unit.predictor.given_server import a_server

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


def test_what_is_written_is_read_back() -> None:
    rows = Rows(([1.5, 2], ["x", None]), 2)
    body = written(("a", "b"), rows, Answer(["High", "Low"], [0.9, 0.8], [[0.9, 0.1], [0.2, 0.8]]))
    request, theirs = read_shadowed(body, 1000)
    assert Schema(FEATURES).from_columns(request, len(theirs)) == rows
    assert theirs == ["High", "Low"]


@pytest.mark.parametrize(
    "message", [[], {}, {"request": {}, "answer": []}, {"request": [], "answer": [1]}, {"answer": [1]}]
)
def test_what_is_no_such_message_is_refused(message: Any) -> None:
    with pytest.raises(InvalidInputError):
        read_shadowed(json.dumps(message).encode(), 1000)


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
    result: Answer | Exception, columns: dict[str, Any], theirs: list[Any], drawn: int = 0
) -> tuple[bool, Metrics]:
    metrics = Metrics()
    batcher: Any = FakeBatcher(result)

    def draw(count: int) -> int:
        assert count == len(theirs)
        return drawn

    shadow = Shadow(Schema(FEATURES), batcher, metrics, Worker("parsing"), draw)
    taken = await shadow.receive(json.dumps({"request": columns, "answer": theirs}).encode())
    assert all(traffic == SHADOW for _, traffic in batcher.asked)
    return taken, metrics


ROWS = {"a": [1, 2, 3], "b": ["x", None, "z"]}


@pytest.mark.parametrize(("drawn", "agree", "disagree"), [(0, 1, 0), (1, 0, 1), (2, 1, 0)])
async def test_a_request_is_compared_once_in_the_row_that_was_drawn(drawn: int, agree: int, disagree: int) -> None:
    taken, metrics = await received(Answer(["x", "y", "z"]), ROWS, ["x", "z", "z"], drawn)
    assert taken
    assert metrics.comparisons.by_value == {AGREE: agree, DISAGREE: disagree, ERROR: 0}
    assert metrics.requests[SHADOW].by_value[OK] == 1
    assert sum(metrics.durations[SHADOW].counts) == 1


@pytest.mark.parametrize("error", [PredictionError("no"), OverdueError("late")])
async def test_a_model_that_fails_where_the_other_answered_errs_once(error: Exception) -> None:
    taken, metrics = await received(error, ROWS, ["x", "y", "z"])
    assert taken
    assert metrics.comparisons.by_value == {AGREE: 0, DISAGREE: 0, ERROR: 1}
    assert metrics.requests[SHADOW].by_value[ERROR] == 1


@pytest.mark.parametrize("columns", [ROWS | {"a": [1, 2, 99]}, ROWS | {"c": [1, 2, 3]}, {"a": [1, 2, 3]}])
async def test_a_schema_that_refuses_what_the_other_answered_errs(columns: dict[str, Any]) -> None:
    _, metrics = await received(Answer(["x"] * 3), columns, ["x", "y", "z"])
    assert metrics.comparisons.by_value == {AGREE: 0, DISAGREE: 0, ERROR: 1}
    assert metrics.requests[SHADOW].by_value[ERROR] == 1


async def test_rows_are_drawn_from_all_of_a_request() -> None:
    metrics, count = Metrics(), 40
    batcher: Any = FakeBatcher(Answer(["x"] * count))
    shadow = Shadow(Schema(FEATURES), batcher, metrics, Worker("parsing"))
    columns = {"a": [1] * count, "b": ["x"] * count}
    message = json.dumps({"request": columns, "answer": ["x", "y"] * (count // 2)}).encode()
    for _ in range(400):
        await shadow.receive(message)
    counted = metrics.comparisons.by_value
    assert counted[AGREE] + counted[DISAGREE] == 400
    assert 100 < counted[AGREE] < 300  # ten standard deviations about 200


async def test_a_full_queue_compares_nothing() -> None:
    taken, metrics = await received(QueueFullError("full"), ROWS, ["x", "y", "z"])
    assert not taken
    assert sum(metrics.comparisons.by_value.values()) == 0
    assert metrics.requests[SHADOW].by_value[SHED] == 1


class Pod:
    """A shadow's pod on loopback that never answers its first `hung` posts."""

    def __init__(self, hung: int) -> None:
        self.hung, self.begun, self.answered = hung, 0, 0

    async def answer(self, request: web.Request) -> web.Response:
        """Take a post."""
        self.begun += 1
        if self.begun <= self.hung:
            await asyncio.Event().wait()
        self.answered += 1
        return web.Response(status=204)


class Dns:
    """A name whose addresses a test sets; it hangs while `gate` is closed."""

    def __init__(self, *addresses: str) -> None:
        self.addresses, self.asked = frozenset(addresses), threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, host: str, family: int) -> frozenset[str]:
        self.asked.release()
        assert self.gate.wait(10)
        return self.addresses


@pytest.mark.parametrize(
    ("addresses", "is_shadow", "targets"),
    [
        ((), False, set()),
        (("10.0.0.8", "10.0.0.9"), False, {"10.0.0.8", "10.0.0.9"}),
        (("10.0.0.7", "10.0.0.9"), True, set()),
    ],
)
async def test_whose_address_is_behind_the_name_is_the_shadow(
    addresses: tuple[str, ...], is_shadow: bool, targets: set[str]
) -> None:
    peers = Peers("risk-shadow.ml.svc", "10.0.0.7", Dns(*addresses))
    watching = asyncio.create_task(peers.watch())
    await until(lambda: bool(peers.targets) or peers.is_shadow or not addresses)
    assert peers.is_shadow is is_shadow
    assert set(peers.targets) == targets
    watching.cancel()


async def test_a_resolver_that_hangs_makes_the_shadow_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seatrial_runtime.predictor.peers._INTERVAL", 0.001)
    monkeypatch.setattr("seatrial_runtime.predictor.peers._PATIENCE", 0.05)
    dns = Dns("10.0.0.8")
    peers = Peers("risk-shadow.ml.svc", "10.0.0.7", dns)
    watching = asyncio.create_task(peers.watch())
    await until(lambda: peers.targets == ("10.0.0.8",))
    dns.gate.clear()
    await until(lambda: peers.targets == ())
    dns.gate.set()
    await until(lambda: peers.targets == ("10.0.0.8",))
    watching.cancel()


def test_a_name_that_does_not_exist_has_no_addresses() -> None:
    assert resolve("no-such-name.invalid", 2) == frozenset()
    assert resolve("127.0.0.1", 2) == {"127.0.0.1"}
    assert resolve("x" * 300, 2) == frozenset()


async def a_mirror(dropped: Counts, dns: Dns, port: int = 1) -> Mirror:
    peers = Peers("risk-shadow.ml.svc", "10.0.0.7", dns)
    watching = asyncio.create_task(peers.watch())
    await until(lambda: bool(peers.targets) or not dns.addresses)
    watching.cancel()
    return Mirror(("a", "b"), peers, port, dropped, Worker("behind"), lambda targets: targets[0])


async def test_without_a_shadow_nothing_is_kept_or_counted() -> None:
    dropped = Counts((QUEUE_FULL, UNREACHABLE))
    mirror = await a_mirror(dropped, Dns())
    for _ in range(1000):
        mirror.offer(Rows(([1], ["x"]), 1), Answer(["x"]))
    assert dropped.by_value == {QUEUE_FULL: 0, UNREACHABLE: 0}


async def test_what_overflows_is_dropped_and_counted() -> None:
    dropped = Counts((QUEUE_FULL, UNREACHABLE))
    mirror = await a_mirror(dropped, Dns("127.0.0.1"))
    for _ in range(300):
        mirror.offer(Rows(([1], ["x"]), 1), Answer(["x"]))
    assert dropped.by_value[QUEUE_FULL] == 300 - 256
    posting = asyncio.create_task(mirror.run())  # nobody listens at port 1
    await until(lambda: dropped.by_value[UNREACHABLE] == 256)
    posting.cancel()


async def test_posts_that_hang_do_not_end_the_mirroring() -> None:
    dropped, pod = Counts(DROP_REASONS), Pod(hung=4)
    async with a_server(pod.answer) as port:
        mirror = await a_mirror(dropped, Dns("127.0.0.1"), port)
        posting = asyncio.create_task(mirror.run())
        for _ in range(4):
            mirror.offer(Rows(([1], ["x"]), 1), Answer(["x"]))
        await until(lambda: pod.begun == 4)
        with short_seconds():
            await until(lambda: dropped.by_value[TIMEOUT] == 4)
        mirror.offer(Rows(([1], ["x"]), 1), Answer(["x"]))
        await until(lambda: pod.answered == 1)
        posting.cancel()


async def test_a_shadow_runs_in_the_same_batches_as_live_traffic() -> None:
    seen = list[int]()

    def predict(rows: Rows) -> Answer:
        return Answer(["x"] * rows.count)

    batcher = Batcher(predict, Limits(), Worker("model"), lambda *_: None, seen.append)
    shadow = Shadow(Schema(FEATURES), batcher, Metrics(), Worker("parsing"))
    body = json.dumps({"request": ROWS, "answer": ["x", "x", "x"]}).encode()
    assert await shadow.receive(body)
    assert seen == [3]
