"""Running the schedule on all cores: the same figures for the same seed, however the work is split."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from zlib import crc32

from tests.benchmarks.judgement.figures import Figures, figures
from tests.benchmarks.judgement.judges import BY_NAME
from tests.benchmarks.judgement.outcome import Outcome, outcome
from tests.benchmarks.judgement.schedule import Cell
from tests.benchmarks.judgement.steps import Steps
from tests.benchmarks.judgement.traffic import Traffic
from tests.benchmarks.judgement.worlds import World

AT_ONCE = 20  # runs that a process does before it takes others


@dataclass(frozen=True, slots=True)
class Place:
    """Where figures belong: names of steps, world and judge, and requests a minute."""

    steps: str
    world: str
    rate: int
    judge: str


@dataclass(frozen=True, slots=True)
class _Task:
    world: World
    steps: Steps
    rate: int
    judges: tuple[str, ...]
    first: int
    runs: int
    seed: int


Results = Mapping[Place, Figures]


def run(cells: Sequence[Cell], seed: int, progress: Callable[[str], object] = lambda _line: None) -> Results:
    """Return the figures of every judge in every cell; `progress` is told how far it is."""
    seen: dict[Place, list[Outcome]] = defaultdict(list)
    tasks = list(_tasks(cells, seed))
    with ProcessPoolExecutor(max_workers=cpu_count()) as pool:
        for done, found in enumerate(pool.map(_lead, tasks)):
            progress(f"\r{tasks[done].world.name}, {tasks[done].rate:,} a minute: {100 * done // len(tasks)} %\033[K")
            for place, outcomes in found.items():
                seen[place] += outcomes
    return {place: figures(outcomes) for place, outcomes in seen.items()}


def _tasks(cells: Iterable[Cell], seed: int) -> Iterator[_Task]:
    for cell in cells:
        names = tuple(judge.name for judge in cell.judges)
        for first in range(0, cell.runs, AT_ONCE):
            count = min(AT_ONCE, cell.runs - first)
            yield _Task(cell.world, cell.steps, cell.rate, names, first, count, seed)


def _lead(task: _Task) -> dict[Place, list[Outcome]]:
    """Lead candidates through some of a cell's worlds; every judge sees the same ones."""
    found: dict[Place, list[Outcome]] = defaultdict(list)
    for number in range(task.first, task.first + task.runs):
        chances = (task.seed, crc32(task.world.name.encode()), task.rate, number)
        traffic = Traffic(task.world, task.steps, task.rate, chances)
        for name in task.judges:
            place = Place(task.steps.name, task.world.name, task.rate, name)
            found[place].append(outcome(traffic, BY_NAME[name].lead(traffic)))
    return found
