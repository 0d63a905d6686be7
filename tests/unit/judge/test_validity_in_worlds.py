"""Every check in every world: a candidate at its limit, looked at after every interval, is failed with chance alpha."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator

from seatrial.judge.accuracy import judge_paired_accuracy, judge_unpaired_accuracy
from seatrial.judge.disagreement import judge_disagreement
from seatrial.judge.dispersion import dispersion
from seatrial.judge.errors import judge_errors
from seatrial.judge.latency import judge_latency
from seatrial.judge.limits import RatioLimits
from seatrial.judge.predictions import judge_predictions
from seatrial.judge.query import Bound, QueryLimit, judge_query
from seatrial.judge.verdict import Finding
from tests.unit.judge import worlds
from tests.unit.judge.traffic import looks_until_fail, no_more_than
from tests.unit.judge.worlds import BURSTS, WORLDS, World

ALPHA = 0.01
LIMITS = RatioLimits(maximum_ratio=1.25, pass_ratio=2.0, minimum_samples=100, alpha=ALPHA)
CLASSES = ("low", "medium", "high")
EDGES = (0.010, 0.014, 0.020, 0.028)


@dataclass(frozen=True, slots=True)
class Check:
    """A check, what it sees of candidates of a given quality, and the qualities that are of interest."""

    minutes: Callable[[World, Generator, float], Iterator[Any]]
    judge: Callable[[Sequence[Any]], Finding]
    better: float
    limit: float
    worse: float
    runs: int

    def failed(self, world: World, quality: float, runs: int) -> int:
        """Return how many of so many candidates of this quality fail."""
        rng = np.random.default_rng(29)
        looks = (looks_until_fail(self.minutes(world, rng, quality), self.judge) for _ in range(runs))
        return sum(found is not None for found in looks)


CHECKS = {
    "errors": Check(worlds.errors, lambda seen: judge_errors("errors", seen, LIMITS), 0.2, 1.25, 5.0, 200),
    "latency": Check(worlds.latencies, lambda seen: judge_latency("latency", EDGES, seen, LIMITS), 0.3, 1.25, 2.2, 30),
    "disagreement": Check(
        worlds.comparisons,
        lambda seen: judge_disagreement("answers", seen, 0.1, 100, ALPHA),
        0.02,
        0.1,
        0.5,
        500,
    ),
    "paired accuracy": Check(
        worlds.pairs, lambda seen: judge_paired_accuracy("accuracy", seen, 0.02, 100, ALPHA), -0.1, 0.02, 0.25, 500
    ),
    "unpaired accuracy": Check(
        worlds.labels, lambda seen: judge_unpaired_accuracy("accuracy", seen, 0.02, 100, ALPHA), -0.04, 0.02, 0.4, 100
    ),
    "query": Check(
        worlds.readings,
        lambda seen: judge_query("refunds", seen, QueryLimit(Bound.MAXIMUM_RATIO, 1.2), 5, ALPHA),
        0.6,
        1.2,
        2.4,
        300,
    ),
    "predictions": Check(
        worlds.predictions, lambda seen: judge_predictions("predictions", CLASSES, seen, LIMITS), 1.0, 1.25, 5.0, 40
    ),
}
every_check = pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)


@every_check
def test_at_its_limit_a_candidate_fails_with_chance_alpha_in_each_world_and_in_all_together(check: Check) -> None:
    failed = {world.name: check.failed(world, check.limit, check.runs) for world in WORLDS}
    assert max(failed.values()) <= no_more_than(ALPHA, check.runs), failed
    assert sum(failed.values()) <= no_more_than(ALPHA, check.runs * len(WORLDS)), failed


@every_check
def test_a_far_better_candidate_fails_nowhere(check: Check) -> None:
    """Were the sides swapped it would fail everywhere."""
    assert [check.failed(world, check.better, 10) for world in WORLDS] == [0] * len(WORLDS)


@every_check
def test_a_far_worse_candidate_fails_wherever_there_are_requests_enough(check: Check) -> None:
    enough = [world for world in WORLDS if world.growth > 1]
    assert [check.failed(world, check.worse, 10) for world in enough] == [10] * len(enough)


@pytest.mark.parametrize("world", BURSTS, ids=str)
def test_bursts_of_errors_fail_a_candidate_as_good_as_stable_with_chance_alpha(world: World) -> None:
    """Divided by what stable scattered before; without, one in twenty would fail."""
    rng, runs = np.random.default_rng(5), 200
    usual = dispersion([world.bad(rng, 450, 0.02) for _ in range(120)])
    bursty = replace(CHECKS["errors"], judge=lambda seen: judge_errors("errors", seen, LIMITS, usual))
    assert bursty.failed(world, 1.0, runs) <= no_more_than(ALPHA, runs)
    assert CHECKS["errors"].failed(world, 1.0, runs) > no_more_than(ALPHA, runs)


@pytest.mark.parametrize("world", BURSTS, ids=str)
def test_callers_who_ask_much_alike_at_once_fail_no_candidate_that_predicts_as_stable_does(world: World) -> None:
    runs = 80
    assert CHECKS["predictions"].failed(world, 1.0, runs) <= no_more_than(ALPHA, runs)
