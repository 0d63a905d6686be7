"""The figures of a cell: how often each ending came, when, and at what cost, with what is known of the chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from statistics import fmean, median

from scipy.stats import beta

from tests.benchmarks.judgement.outcome import Ending, Outcome

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Figures:
    """What one judge did in one cell.

    Counts of runs; medians of minutes, of rollbacks also the mean, NaN where no run ended so; median and mean of the
    harm that the candidate did to callers until it was rolled back, or until it was promoted or the judge's patience
    was over.
    """

    runs: int
    rolled_back: int
    promoted: int
    minute_rolled_back: float
    mean_minute: float
    minute_promoted: float
    harm: float
    mean_harm: float

    @property
    def held(self) -> int:
        """How many were neither promoted nor rolled back."""
        return self.runs - self.rolled_back - self.promoted

    def percent(self, count: int) -> float:
        """Return a count of runs in percent of them."""
        return 100 * count / self.runs

    @property
    def most_rolled_back(self) -> float:
        """The upper bound on the share rolled back, in percent, at 95 % (Clopper & Pearson 1934, one-sided)."""
        return 100 * upper_bound(self.rolled_back, self.runs)


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """Return the figures of the runs of a cell."""
    back = [one for one in outcomes if one.ending is Ending.ROLLED_BACK]
    promoted = [one for one in outcomes if one.ending is Ending.PROMOTED]
    return Figures(
        runs=len(outcomes),
        rolled_back=len(back),
        promoted=len(promoted),
        minute_rolled_back=_median([one.minute for one in back]),
        mean_minute=fmean(one.minute for one in back) if back else nan,
        minute_promoted=_median([one.minute for one in promoted]),
        harm=median(one.harm for one in outcomes),
        mean_harm=fmean(one.harm for one in outcomes),
    )


def upper_bound(count: int, runs: int) -> float:
    """Return the largest share under which a count of `count` or fewer in `runs` still has a chance of 5 %."""
    return 1.0 if count >= runs else float(beta.ppf(CONFIDENCE, count + 1, runs - count))


def _median(values: Sequence[float]) -> float:
    return median(values) if values else nan
