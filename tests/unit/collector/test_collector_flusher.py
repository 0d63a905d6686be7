"""What the flusher does when it is told to end: every row that was taken by then goes to the store, in bounded time."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Timer

import pytest

from seatrial.contract.schema import Output
from seatrial.store.objects import UnreachableError
from seatrial_runtime.collector.configuration import Configuration, Limits
from seatrial_runtime.collector.database import open_database
from seatrial_runtime.collector.flusher import Flusher
from seatrial_runtime.collector.ledger import Ledger
from seatrial_runtime.collector.messages import Kind, Prediction
from seatrial_runtime.collector.parts import KINDS
from seatrial_runtime.collector.writer import Work, Writer
from tests.fakes.objects import MemoryStore
from tests.unit.collector.builders import HOME, NOW, RISK, label, prediction

WAIT = 15.0


@dataclass
class Gate:
    """A place at which a thread waits until it may go on."""

    reached: Event = field(default_factory=Event)
    open: Event = field(default_factory=Event)

    def pass_through(self) -> None:
        self.reached.set()
        self.open.wait(WAIT)


class GatedStore(MemoryStore):
    """A store with a gate before the parts of one kind."""

    def __init__(self, kind: str, gate: Gate) -> None:
        super().__init__()
        self._folder, self._gate = HOME.logs(kind), gate

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        if key.startswith(self._folder):
            self._gate.pass_through()
        return super().put(key, body, if_absent=if_absent, if_match=if_match)


class World:
    """A flusher with its writer, on a file."""

    def __init__(self, folder: Path, store: MemoryStore, read_output: Callable[[str], Output]) -> None:
        path = folder / "collector.sqlite"
        db = open_database(path)
        self.store, self.writer = store, Writer(db, Ledger(db, Limits()))
        configuration = Configuration("ml", "risk", HOME, folder, flush_interval=0.05)
        self.flusher = Flusher(self.writer, open_database(path), lambda: store, configuration, read_output, lambda: NOW)
        self.flusher.start()

    def do(self, work: Work[object]) -> None:
        self.writer.submit(work).result(WAIT)

    def take(self, *predictions: Prediction) -> None:
        self.do(lambda _, ledger: ledger.record_predictions(predictions, NOW))

    def parts(self, kind: str) -> int:
        return len(list(self.store.list(HOME.logs(kind))))


Make = Callable[..., World]


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def make(tmp_path: Path, gate: Gate) -> Iterator[Make]:
    made: list[World] = []

    def make(store: MemoryStore, read_output: Callable[[str], Output] = lambda _: RISK) -> World:
        made.append(World(tmp_path, store, read_output))
        return made[-1]

    yield make
    gate.open.set()
    for world in made:
        world.flusher.close(WAIT)
        world.writer.close(WAIT)


def close_at(world: World, gate: Gate) -> None:
    """Tell the flusher to end while it waits at the gate, and let it through a moment later."""
    opening = Timer(0.2, gate.open.set)
    opening.start()
    world.flusher.close(WAIT)
    opening.join()


def test_rows_that_came_while_a_manifest_was_read_are_flushed_at_the_end(make: Make, gate: Gate) -> None:
    asked: list[str] = []

    def read_output(version: str) -> Output:
        asked.append(version)
        gate.pass_through()
        raise UnreachableError("slow")

    world = make(MemoryStore(), read_output)
    world.take(prediction(1, version="1"), prediction(2, version="2"))
    assert gate.reached.wait(WAIT)
    assert world.parts("predictions") == 1
    world.take(prediction(3))
    close_at(world, gate)
    assert world.parts("predictions") == 2
    assert asked == ["2"], "no other manifest comes before the last flush"


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_came_while_a_part_was_sent_are_flushed_at_the_end(make: Make, gate: Gate, kind: Kind) -> None:
    world = make(GatedStore(kind, gate))

    def labelled(_: object, ledger: Ledger) -> None:
        ledger.record_predictions([prediction(1)], NOW)
        ledger.record_labels([label(1)], NOW)

    world.do(labelled)
    assert gate.reached.wait(WAIT)
    world.take(prediction(2))
    close_at(world, gate)
    assert (world.parts("predictions"), world.parts("labels")) == (2, 1)


def test_the_end_does_not_wait_for_a_store_that_does_not_answer(make: Make, gate: Gate) -> None:
    world = make(GatedStore("predictions", gate))
    world.take(prediction(1))
    assert gate.reached.wait(WAIT)
    begun = time.monotonic()
    world.flusher.close(0.1)
    assert time.monotonic() - begun < WAIT / 3
    assert world.parts("predictions") == 0
