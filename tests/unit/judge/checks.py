"""Every check, with what it sees of candidates, and how good these are: far better than its limit, at it, far worse."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from seatrial.judge.accuracy import judge_paired_accuracy, judge_unpaired_accuracy
from seatrial.judge.disagreement import judge_disagreement
from seatrial.judge.errors import judge_errors
from seatrial.judge.latency import judge_latency
from seatrial.judge.limits import RatioLimits
from seatrial.judge.predictions import judge_predictions
from seatrial.judge.query import Bound, QueryLimit, judge_query
from seatrial.judge.verdict import Finding
from tests.unit.judge import worlds
from tests.unit.judge.traffic import looks_until_fail
from tests.unit.judge.worlds import World

CLASSES = ("low", "medium", "high")

Judge = Callable[[Sequence[Any]], Finding]


@dataclass(frozen=True, slots=True)
class Check:
    """A check, what it sees of candidates of a given quality, and the qualities that are of interest."""

    minutes: Callable[[World, Generator, float], Iterator[Any]]
    judge: Judge
    better: float
    limit: float
    worse: float
    runs: int

    def failed(self, world: World, quality: float, runs: int) -> int:
        """Return how many of so many candidates of this quality fail."""
        rng = np.random.default_rng(29)
        looks = (looks_until_fail(self.minutes(world, rng, quality), self.judge) for _ in range(runs))
        return sum(found is not None for found in looks)


def checks(alpha: float) -> Mapping[str, Check]:
    """Return all checks, each at this alpha."""
    limits = RatioLimits(maximum_ratio=1.25, pass_ratio=2.0, minimum_samples=100, alpha=alpha)
    limit = QueryLimit(Bound.MAXIMUM_RATIO, 1.2)
    judges: Mapping[str, Judge] = {
        "errors": lambda seen: judge_errors("errors", seen, limits),
        "latency": lambda seen: judge_latency("latency", worlds.EDGES, seen, limits),
        "disagreement": lambda seen: judge_disagreement("answers", seen, 0.1, 100, alpha),
        "paired accuracy": lambda seen: judge_paired_accuracy("accuracy", seen, 0.02, 100, alpha),
        "unpaired accuracy": lambda seen: judge_unpaired_accuracy("accuracy", seen, 0.02, 100, alpha),
        "query": lambda seen: judge_query("refunds", seen, limit, 5, alpha),
        "predictions": lambda seen: judge_predictions("predictions", CLASSES, seen, limits),
    }
    return {
        "errors": Check(worlds.errors, judges["errors"], 0.2, 1.25, 5.0, 500),
        "latency": Check(worlds.latencies, judges["latency"], 0.3, 1.25, 2.2, 200),
        "disagreement": Check(worlds.comparisons, judges["disagreement"], 0.02, 0.1, 0.5, 500),
        "paired accuracy": Check(worlds.pairs, judges["paired accuracy"], -0.1, 0.02, 0.25, 500),
        "unpaired accuracy": Check(worlds.labels, judges["unpaired accuracy"], -0.04, 0.02, 0.4, 300),
        "query": Check(worlds.readings, judges["query"], 0.6, 1.2, 2.4, 300),
        "predictions": Check(worlds.predictions, judges["predictions"], 1.0, 1.25, 5.0, 200),
    }
