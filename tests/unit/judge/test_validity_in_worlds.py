"""Every check in every world: a candidate at its limit, looked at after every interval, is failed with chance alpha."""

from dataclasses import replace

import numpy as np
import pytest

from seatrial.judge.dispersion import usual_dispersion
from seatrial.judge.errors import judge_errors
from seatrial.judge.limits import RatioLimits
from tests.unit.judge.checks import Check, checks
from tests.unit.judge.traffic import no_more_than
from tests.unit.judge.worlds import BURSTS, WORLDS, World

ALPHA = 0.01
LIMITS = RatioLimits(maximum_ratio=1.25, pass_ratio=2.0, minimum_samples=100, alpha=ALPHA)
CHECKS = checks(ALPHA)
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
def test_bursts_of_errors_fail_a_candidate_at_its_limit_with_chance_alpha(world: World) -> None:
    """Divided by what stable scattered before; without, more would fail than may."""
    rng, runs, limit = np.random.default_rng(5), 400, CHECKS["errors"].limit
    usual = usual_dispersion([world.bad(rng, 450, 0.02) for _ in range(120)])
    bursty = replace(CHECKS["errors"], judge=lambda seen: judge_errors("errors", seen, LIMITS, usual))
    assert bursty.failed(world, limit, runs) <= no_more_than(ALPHA, runs)
    assert CHECKS["errors"].failed(world, limit, runs) > no_more_than(ALPHA, runs)


@pytest.mark.parametrize("world", BURSTS, ids=str)
def test_callers_who_ask_much_alike_at_once_fail_a_candidate_at_its_limit_with_chance_alpha(world: World) -> None:
    runs = 80
    assert CHECKS["predictions"].failed(world, CHECKS["predictions"].limit, runs) <= no_more_than(ALPHA, runs)
