"""What is run: which worlds, at which rates, with which steps, by which judges, how often."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks.judgement.judges import BY_LABELS, OURS, OURS_AFTER_SHADOW, PEERS, Judge
from tests.benchmarks.judgement.steps import DEFAULT, WIDE, Steps
from tests.benchmarks.judgement.worlds import BESIDE, HEALTHY, WORLDS, Harm, World

RATES = (6, 60, 600, 6_000, 60_000)  # requests a minute
USUAL_RATES = (60, 600, 6_000)
LABEL_RATES = (600, 6_000, 60_000)  # a tenth of them labelled
HEALTHY_RUNS, USUAL_RUNS, BAD_RUNS, FEWER_RUNS = 1_000, 200, 100, 20
FEW_REQUESTS, PART = 600, 5  # below so many a minute trials last for hours: a part of the runs
QUICK_RATE = 600  # of what is beside the point in the quick form
QUICK = 50  # how many times fewer in the quick form


@dataclass(frozen=True, slots=True)
class Cell:
    """One world at one rate with these steps, led through `runs` times by each of the judges."""

    world: World
    steps: Steps
    rate: int
    judges: tuple[Judge, ...]
    runs: int


def schedule(*, quick: bool, runs: int | None) -> list[Cell]:
    """Return the cells of the full or the quick form; `runs` sets how often, in each of them."""
    cells = [cell for cell in _full() if not quick or _is_quick(cell)]
    return [_shortened(cell, quick=quick, runs=runs) for cell in cells]


def _full() -> Iterator[Cell]:
    for world in WORLDS:
        judges = (OURS_AFTER_SHADOW, *PEERS) if world.harm is Harm.WRONG else (OURS, *PEERS)
        yield from (Cell(world, DEFAULT, rate, judges, _often(world, rate)) for rate in RATES)
    for world in BESIDE:
        yield from (Cell(world, DEFAULT, rate, (OURS, *PEERS), _often(world, rate)) for rate in USUAL_RATES)
    for world in WORLDS:
        if world is HEALTHY or world.harm in (Harm.ERRORS, Harm.SLOW):
            yield from (Cell(world, DEFAULT, rate, (OURS_AFTER_SHADOW,), FEWER_RUNS) for rate in RATES)
    for world in WORLDS:
        if world is HEALTHY or world.harm is Harm.WRONG:
            yield from (Cell(world, DEFAULT, rate, BY_LABELS, FEWER_RUNS) for rate in LABEL_RATES)
    for world in WORLDS:
        if world.harm is not Harm.WRONG:
            yield from (Cell(world, WIDE, rate, (OURS, *PEERS), FEWER_RUNS) for rate in USUAL_RATES)


def _often(world: World, rate: int) -> int:
    """Return how often a world is led through beside the peers: what is seldom seen needs the most runs."""
    often = BAD_RUNS if world.harm is not None else USUAL_RUNS
    if world is HEALTHY:
        often = HEALTHY_RUNS
    return often if rate >= FEW_REQUESTS else often // PART


def _is_quick(cell: Cell) -> bool:
    beside_peers = cell.steps is DEFAULT and PEERS[0] in cell.judges
    if cell.judges == BY_LABELS:
        return cell.rate == LABEL_RATES[1]
    return cell.rate in USUAL_RATES if beside_peers else cell.rate == QUICK_RATE


def _shortened(cell: Cell, *, quick: bool, runs: int | None) -> Cell:
    often = runs or max(1, cell.runs // QUICK if quick else cell.runs)
    return Cell(cell.world, cell.steps, cell.rate, cell.judges, often)
