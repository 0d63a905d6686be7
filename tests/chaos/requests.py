"""Which requests may fail: those that a bad version answers, and those that a pod killed without grace had in hand."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

ECHO = 5.0  # seconds in which callers may still meet a pod that was killed: until gateway and kube-proxy know
# Failures that one such pod may cause: what was in hand, and what was sent to it before everybody knew.
MOST_OF_A_KILL = 40


@dataclass(frozen=True, slots=True)
class Failure:
    """A request without a good answer: when (Unix seconds), by which version (`none` by none of them), and why."""

    at: float
    version: str
    why: str


def unexplained(failures: Iterable[Failure], bad: Collection[str], kills: Sequence[float]) -> list[Failure]:
    """Return the failures that nobody may cause; `kills` are moments at which a pod was killed without grace."""
    return [one for one in failures if one.version not in bad and _kill_of(one, kills) is None]


def by_kill(failures: Iterable[Failure], bad: Collection[str], kills: Sequence[float]) -> Mapping[float, int]:
    """Return how many failures each kill caused."""
    counts = dict.fromkeys(kills, 0)
    for one in failures:
        kill = _kill_of(one, kills)
        if one.version not in bad and kill is not None:
            counts[kill] += 1
    return counts


def _kill_of(failure: Failure, kills: Sequence[float]) -> float | None:
    """Return the last kill shortly before a failure."""
    return next((kill for kill in reversed(kills) if kill <= failure.at <= kill + ECHO), None)
