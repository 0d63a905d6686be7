"""The arithmetic of traffic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.core.traffic import pods_beside, pods_for_share, weights

replicas, percent = st.integers(1, 1000), st.integers(1, 99)


@pytest.mark.parametrize(
    ("count", "weight", "needed"),
    [(1, 1, 1), (10, 1, 1), (10, 10, 1), (10, 11, 2), (10, 50, 5), (3, 50, 2), (4, 99, 4), (200, 25, 50)],
)
def test_with_a_route_the_candidate_has_pods_for_its_share_of_the_load(count: int, weight: int, needed: int) -> None:
    assert pods_for_share(count, weight) == needed


@pytest.mark.parametrize(
    ("count", "weight", "needed"),
    [(1, 1, 1), (9, 10, 1), (9, 25, 3), (10, 33, 5), (4, 50, 4), (1, 50, 1)],
)
def test_without_a_route_the_candidates_pods_are_its_share(count: int, weight: int, needed: int) -> None:
    assert pods_beside(count, weight) == needed


@given(replicas, st.integers(1, 50))
def test_a_candidate_never_needs_more_pods_than_stable_has(count: int, weight: int) -> None:
    assert 1 <= pods_for_share(count, weight) <= count
    assert 1 <= pods_beside(count, weight) <= count


@given(replicas, percent, percent)
def test_more_weight_never_needs_fewer_pods(count: int, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert pods_for_share(count, low) <= pods_for_share(count, high)
    assert pods_beside(count, low) <= pods_beside(count, high)


@given(replicas, st.integers(1, 50))
def test_without_a_route_the_share_is_the_nearest_that_whole_pods_allow(count: int, weight: int) -> None:
    """So it is never below the step by more than half a pod."""

    def distance(pods: int) -> float:
        return abs(pods - count * weight / (100 - weight))

    needed = pods_beside(count, weight)
    assert distance(needed) <= min(distance(pods) for pods in range(1, count + 1)) + 1e-9
    assert needed >= count * weight / (100 - weight) - 0.5


@pytest.mark.parametrize(
    ("candidate", "weight", "shares"),
    [
        (None, 0, {"stable": 100}),
        ("candidate", 0, {"stable": 100}),
        ("candidate", 1, {"stable": 99, "candidate": 1}),
        ("candidate", 99, {"stable": 1, "candidate": 99}),
        ("stable", 50, {"stable": 100}),  # never half of it for one Service
    ],
)
def test_weights_of_what_gets_traffic(candidate: str | None, weight: int, shares: dict[str, int]) -> None:
    assert weights("stable", candidate, weight) == shares


def test_idle_revisions_are_in_the_route_without_weight() -> None:
    assert weights("stable", "candidate", 10, ["stable", "candidate", "old"]) == {
        "stable": 90,
        "candidate": 10,
        "old": 0,
    }
