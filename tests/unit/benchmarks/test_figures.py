"""What is said of a cell's runs."""

from math import isnan

import pytest

from tests.benchmarks.judgement.figures import figures, upper_bound
from tests.benchmarks.judgement.outcome import Ending, Outcome

BACK, PROMOTED, HELD = Ending.ROLLED_BACK, Ending.PROMOTED, Ending.HELD


def test_figures_count_endings_and_take_medians() -> None:
    seen = [
        Outcome(BACK, 3, 5),
        Outcome(BACK, 7, 6),
        Outcome(BACK, 8, 1),
        Outcome(PROMOTED, 40, 100),
        Outcome(HELD, 360, 3),
    ]
    found = figures(seen)
    assert (found.runs, found.rolled_back, found.promoted, found.held) == (5, 3, 1, 1)
    assert (found.minute_rolled_back, found.mean_minute, found.minute_promoted) == (7, 6, 40)
    assert (found.harm, found.mean_harm) == (5, 23)
    assert found.percent(found.rolled_back) == 60


def test_what_never_ended_so_has_no_minute() -> None:
    assert isnan(figures([Outcome(HELD, 360, 3)]).minute_promoted)


@pytest.mark.parametrize(("count", "bound"), [(0, 0.00299), (1, 0.00474), (5, 0.01048), (1000, 1.0)])
def test_the_bound_is_clopper_and_pearsons(count: int, bound: float) -> None:
    assert upper_bound(count, 1000) == pytest.approx(bound, abs=5e-5)
