"""The small parts: log lines, workers, backlogs, the lifecycle."""

import asyncio
import gc
import io
import json
import logging
import threading
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from seatrial_runtime.log import JsonLines, Sparing
from seatrial_runtime.predictor.backlog import Backlog
from seatrial_runtime.predictor.lifecycle import Lifecycle
from seatrial_runtime.predictor.server import leave_word
from seatrial_runtime.predictor.worker import Worker


def logged(message: str, *arguments: object, error: Exception | None = None, **fields: object) -> dict[str, object]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines({"namespace": "ml", "name": "risk"}))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    logger.error(message, *arguments, exc_info=error, extra={"fields": fields})
    (line,) = stream.getvalue().splitlines()
    found: dict[str, object] = json.loads(line)
    return found


def test_an_event_is_one_json_line_whatever_is_in_it() -> None:
    line = logged("bad value %s", '"\n{"level": "info"}\u2028', rows=3)
    assert line["message"] == 'bad value "\n{"level": "info"}\u2028'
    assert (line["level"], line["namespace"], line["name"], line["rows"]) == ("error", "ml", "risk", 3)


def test_an_exception_stays_on_the_line() -> None:
    line = logged("failed", error=ValueError("two\nlines"))
    assert line["error"] == "ValueError: two\nlines"
    assert "trace" in line


def test_a_huge_message_is_cut() -> None:
    assert len(str(logged("x" * 100_000)["message"])) == 2000


def test_a_flood_of_events_is_one_line_an_interval() -> None:
    sparing = Sparing(10.0)
    assert [sparing.admits(now) for now in (100.0, 101.0, 109.9, 110.0, 111.0, 120.5)] == [0, None, None, 2, None, 1]


async def test_a_worker_returns_and_raises_what_its_function_does() -> None:
    worker = Worker("test")
    assert await worker.call(threading.get_ident) != threading.get_ident()
    with pytest.raises(KeyError):
        await worker.call(lambda: dict[str, int]()["x"])
    assert await worker.call_if(False, threading.get_ident) == threading.get_ident()
    assert await worker.call_if(True, threading.get_ident) != threading.get_ident()


class Heavy:
    """Something that was read, and is told from what else there is."""


async def test_nothing_of_what_was_refused_stays_in_memory() -> None:
    """Not even until the next collection of cycles: refused bodies may be large, and come faster than that."""
    worker, refused = Worker("test"), list[weakref.ref[Heavy]]()

    def refuse() -> None:
        heavy = Heavy()
        refused.append(weakref.ref(heavy))
        raise ValueError("no")

    gc.disable()
    try:
        with suppress(ValueError):
            await worker.call(refuse)
        await worker.call(int)
        assert [one() for one in refused] == [None]
    finally:
        gc.enable()


async def test_a_worker_survives_a_task_that_fails_and_a_caller_that_is_gone() -> None:
    worker, gate = Worker("test"), threading.Event()
    worker.submit(lambda: 1 / 0)  # type: ignore[arg-type]
    call = asyncio.create_task(worker.call(gate.wait))
    await asyncio.sleep(0)
    call.cancel()
    gate.set()
    assert await worker.call(lambda: 3) == 3


@dataclass(frozen=True)
class Item:
    """Something to be told."""

    name: str
    count: int = 1
    size: int = 1


async def test_a_backlog_is_bounded_and_keeps_its_order() -> None:
    backlog: Backlog[Item] = Backlog(3, 10, 100)
    a, b, c, d, e, f, g = map(Item, "abcdefg", (4, 6, 1, 1, 1, 1, 1), (1, 99, 1, 1, 1, 1, 1))
    assert [backlog.offer(item) for item in (a, b, c)] == [True, True, False]
    assert await backlog.take() == a
    assert [backlog.offer(item) for item in (d, c)] == [True, False], "a hundred bytes wait"
    assert await backlog.take() == b
    assert [backlog.offer(item) for item in (e, f, g)] == [True, True, False], "three items wait"
    assert [await backlog.take() for _ in range(3)] == [d, e, f]
    assert (backlog.rows, backlog.size, backlog.pop()) == (0, 0, None)
    waiting = asyncio.create_task(backlog.take())
    await asyncio.sleep(0)
    backlog.offer(g)
    assert await waiting == g


def test_a_life_goes_one_way() -> None:
    life = Lifecycle(lambda: 0.0)
    assert (life.ready, life.draining, life.reason) == (False, False, "starting")
    life.progress("downloading")
    assert life.reason == "downloading"
    life.become_ready()
    life.progress("downloading")
    assert (life.ready, life.reason) == (True, "ready")
    life.drain()
    life.become_ready()
    assert (life.ready, life.draining, life.reason) == (False, True, "draining")


def test_quiet_is_the_time_since_the_last_answer() -> None:
    now = [100.0]
    life = Lifecycle(lambda: now[0])
    now[0] = 103.0
    assert life.quiet_for() == 3.0
    life.begin()
    life.begin()
    life.end()
    now[0] = 109.0
    assert life.quiet_for() == 0.0
    life.end()
    now[0] = 110.0
    assert life.quiet_for() == 1.0


def test_the_last_word_is_left_only_where_there_is_a_place_for_it(tmp_path: Path) -> None:
    place = tmp_path / "termination-log"
    leave_word("nobody asked", place)
    assert not place.exists()
    place.write_bytes(b"x" * 9000)
    leave_word("refused: é" * 1000, place)
    assert place.read_bytes() == ("refused: é" * 1000).encode()[:4096]
