"""The figures of reactions, by hand."""

import pytest

from tests.benchmarks.reaction.figures import Reaction, document, lines, ninetieth


def reaction(seconds: float, errors: int = 0) -> Reaction:
    """A version that was gone so many seconds after the evidence, of which the decision took all but 0.3."""
    return Reaction(100.0, 99.7 + seconds, 99.8 + seconds, 100.0 + seconds, errors)


def test_the_parts_are_from_each_moment_to_the_next() -> None:
    parts = reaction(1.3).parts
    assert {name: round(value, 6) for name, value in parts.items()} == {
        "decided": 1.0,
        "routed": 0.1,
        "gone": 0.2,
        "all": 1.3,
    }


def test_the_median_and_the_ninetieth_are_those_of_all_repeats() -> None:
    found = document([reaction(float(n)) for n in range(1, 12)])
    assert found["median"]["all"] == pytest.approx(6.0)
    assert found["p90"]["all"] == pytest.approx(10.0)
    assert ninetieth([3.0]) == 3.0


@pytest.mark.parametrize(("seconds", "word"), [(1.9, "met"), (2.1, "missed")])
def test_the_table_says_whether_the_target_is_met(seconds: float, word: str) -> None:
    table = list(lines([reaction(seconds, errors=4)] * 3))
    assert word in table[-1]
    assert "4" in table[1]
