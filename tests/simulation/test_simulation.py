"""A few worlds in every run of the tests; `python -m tests.simulation --seeds 1000` tries more."""

import pytest

from tests.simulation.scene import simulate


@pytest.mark.parametrize("seed", range(7))
def test_whatever_fails_the_rules_hold_and_everything_comes_to_rest(seed: int) -> None:
    report = simulate(seed)
    assert report.passes > 20
    assert report.trials > 0


@pytest.mark.parametrize("seed", range(2))
def test_where_nothing_fails_no_request_is_lost(seed: int) -> None:
    report = simulate(seed, faults=False)
    assert report.sent > 100_000
    assert report.lost == 0


@pytest.mark.parametrize("faults", [True, False])
def test_what_another_namespaces_pod_says_of_the_model_changes_nothing(faults: bool) -> None:
    assert simulate(3, faults=faults, impostor=True) == simulate(3, faults=faults)


def test_a_seed_is_a_world() -> None:
    assert simulate(2) == simulate(2)
