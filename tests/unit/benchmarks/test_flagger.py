"""Flagger's rule turns where its source says."""

from itertools import cycle
from math import nan

import pytest

from tests.benchmarks.judgement.flagger import UNKNOWN, Flagger, Metrics
from tests.benchmarks.judgement.outcome import Ending, Path
from tests.benchmarks.judgement.steps import DEFAULT, TICKS_A_MINUTE
from tests.benchmarks.judgement.traffic import Traffic
from tests.benchmarks.judgement.worlds import HEALTHY, World

STRICT = Flagger("strict", 0.99)
COMPARING = Flagger("comparing", 0.95, longest_ratio=1.2)
GOOD = Metrics(success=1.0, p99=0.1, stable_p99=0.1)


@pytest.mark.parametrize(
    ("minute", "passes"),
    [
        (Metrics(0.99, 0.1, 0.1), True),
        (Metrics(0.9899, 0.1, 0.1), False),
        (Metrics(1.0, 0.5, 0.1), True),
        (Metrics(1.0, 0.501, 0.1), False),
        (Metrics(1.0, 0.1, nan), True),
        (Metrics(1.0, nan, 0.1), False),
        (Metrics(nan, nan, 0.1), False),
        (UNKNOWN, False),
    ],
    ids=[
        *("at the minimum", "below it", "as slow as allowed", "slower"),
        *("none at stable", "no latencies", "no requests", "nobody answers"),
    ],
)
def test_a_check_fails_below_its_minimum_above_its_maximum_and_without_a_value(minute: Metrics, passes: bool) -> None:
    assert STRICT.passes(minute) is passes


def test_a_comparison_fails_where_the_candidate_is_slower_by_more_than_its_ratio() -> None:
    assert COMPARING.passes(Metrics(1.0, 0.12, 0.1))
    assert not COMPARING.passes(Metrics(1.0, 0.121, 0.1))
    assert not COMPARING.passes(Metrics(1.0, 0.12, nan))


def test_five_failed_checks_roll_back_at_the_interval_after() -> None:
    failing = Traffic(World("broken", ratio=100.0), DEFAULT, 6_000, (1,))
    assert STRICT.lead(failing) == Path((0,), 6 * TICKS_A_MINUTE, Ending.ROLLED_BACK)


def test_a_passing_canary_goes_up_a_step_every_ten_minutes() -> None:
    each = DEFAULT.ticks
    path = Flagger("lenient", 0.5).lead(Traffic(HEALTHY, DEFAULT, 6_000, (1,)))
    assert path == Path((0, each, 2 * each, 3 * each), 4 * each, Ending.PROMOTED)


def test_passed_checks_make_no_failed_one_good_again(monkeypatch: pytest.MonkeyPatch) -> None:
    every_other = cycle([False, True])
    monkeypatch.setattr(Flagger, "passes", lambda _self, _minute: next(every_other))
    path = STRICT.lead(Traffic(HEALTHY, DEFAULT, 6_000, (1,)))
    assert (path.ending, path.ended) == (Ending.ROLLED_BACK, 10 * TICKS_A_MINUTE)
