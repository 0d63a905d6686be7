"""The canary's steps, the same for every judge, and the ticks in which time passes here."""

from dataclasses import dataclass
from itertools import pairwise

TICK_SECONDS = 10  # how often Prometheus scrapes in these worlds
TICKS_A_MINUTE = 60 // TICK_SECONDS


@dataclass(frozen=True, slots=True)
class Steps:
    """The candidate's share of the requests in each step, in percent, and how long a step lasts at least."""

    weights: tuple[int, ...]
    minutes: int = 10

    @property
    def name(self) -> str:
        """The weights as people write them: '1/5/25/50 %'."""
        return "/".join(str(weight) for weight in self.weights) + " %"

    @property
    def ticks(self) -> int:
        """How many ticks a step lasts at least."""
        return self.minutes * TICKS_A_MINUTE

    @property
    def shortest(self) -> int:
        """The fewest minutes in which a version can be promoted."""
        return self.minutes * len(self.weights)

    @property
    def widths(self) -> tuple[float, ...]:
        """The share of all requests that each step adds to the candidate's."""
        return tuple((after - before) / 100 for before, after in pairwise((0, *self.weights)))


DEFAULT = Steps((1, 5, 25, 50))  # spec.rollout's own
WIDE = Steps((5, 10, 25, 50))
