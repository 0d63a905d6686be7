"""The latency check: its verdicts, its sentences, and what the shape of the latencies does to it."""

from dataclasses import replace
from itertools import pairwise
from math import inf

import pytest

from seatrial.judge.counts import LatencyInterval
from seatrial.judge.latency import judge_latency
from seatrial.judge.latency_edges import edges_to_judge
from seatrial.judge.verdict import Finding, Verdict
from tests.unit.judge.traffic import LATENCY_LIMITS as LIMITS

# Seconds. Buckets: to 10 ms, to 14 ms, to 20 ms, to 28 ms, slower.
EDGES = (0.010, 0.014, 0.020, 0.028)
USUAL = (500, 300, 140, 50, 10)


def judge(*minutes: tuple[tuple[int, ...], tuple[int, ...]]) -> Finding:
    return judge_latency("latency", EDGES, [LatencyInterval(c, s) for c, s in minutes], LIMITS)


def times(buckets: tuple[int, ...], factor: int) -> tuple[int, ...]:
    return tuple(count * factor for count in buckets)


def test_equal_latencies_pass_at_every_edge() -> None:
    found = judge(*[(USUAL, times(USUAL, 3))] * 3)
    assert found.line() == (
        "latency: Pass · slower than 20 ms: candidate 180/3,000 (6.0 %) vs stable 540/9,000 (6.0 %) · 1.0× · "
        "less than 2× beyond 20 ms: evidence over 1,000,000:1, needs 20:1"
    )


def test_a_slow_candidate_fails_at_the_edge_that_tells_most() -> None:
    slow = (200, 200, 300, 200, 100)
    found = judge(*[(slow, times(USUAL, 3))] * 3)
    assert found.line() == (
        "latency: Fail · slower than 28 ms: candidate 300/3,000 (10.0 %) vs stable 90/9,000 (1.0 %) · 10.0× · "
        "evidence 462:1, needs 200:1"
    )


def test_one_or_two_slow_minutes_end_no_trial() -> None:
    """Not even where nearly every request was slow in them."""
    stuck = (0, 0, 0, 0, 1000)
    calm = (USUAL, times(USUAL, 3))
    assert judge((stuck, calm[1]), (stuck, calm[1])).verdict is Verdict.INCONCLUSIVE
    assert judge(*[calm] * 8, (stuck, calm[1])).verdict is not Verdict.FAIL
    assert judge(*[(stuck, calm[1])] * 3).verdict is Verdict.FAIL


def test_a_heavy_tail_alone_is_found() -> None:
    """The median is the same: only the slowest two in a hundred became five."""
    tailed = (500, 290, 110, 50, 50)
    assert judge(*[(tailed, times(USUAL, 3))] * 6).verdict is Verdict.FAIL


def test_a_slowdown_by_half_a_bucket_in_the_body_alone_passes_no_gate() -> None:
    shifted = (300, 300, 240, 120, 40)
    assert judge(*[(shifted, times(USUAL, 3))] * 6).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("candidate", "verdict"),
    [
        ((0, 900, 0, 0, 0), Verdict.PASS),  # no one is slower than 14 ms on either side
        ((0, 899, 1, 0, 0), Verdict.PASS),
        ((900, 0, 0, 0, 0), Verdict.PASS),
        ((0, 700, 0, 200, 0), Verdict.FAIL),
        ((0, 0, 0, 0, 900), Verdict.FAIL),
        ((0, 896, 4, 0, 0), Verdict.PASS),  # a hiccup of four where stable had none
    ],
)
def test_where_stable_has_no_slow_requests_at_all(candidate: tuple[int, ...], verdict: Verdict) -> None:
    assert judge(*[(candidate, (0, 9000, 0, 0, 0))] * 4).verdict is verdict


def test_a_slow_hour_that_came_when_the_candidate_had_its_traffic_is_nobodys_fault() -> None:
    """Next to none of stable's requests were slow in all, because nearly all of them came before."""
    calm = ((0, 100, 0, 0, 0), (0, 20_000, 0, 0, 0))
    hour = ((0, 800, 0, 200, 0), (0, 800, 0, 200, 0))
    assert judge(*[calm] * 10, *[hour] * 3).verdict is not Verdict.FAIL


def test_all_in_the_first_bucket() -> None:
    fast = (900, 0, 0, 0, 0)
    assert judge(*[(fast, fast)] * 3).verdict is Verdict.PASS
    assert judge(*[((0, 900, 0, 0, 0), fast)] * 3).verdict is Verdict.FAIL


def test_beyond_the_last_edge_nothing_can_be_compared() -> None:
    slow = (10, 10, 10, 10, 960)
    found = judge(*[(slow, slow)] * 3)
    assert found.line() == (
        "latency: Inconclusive · most of stable's requests are slower than the last bucket edge, 28 ms"
    )


@pytest.mark.parametrize(
    ("candidate", "stable", "sentence"),
    [
        ((0,) * 5, (0,) * 5, "no requests yet"),
        ((0,) * 5, USUAL, "candidate got no requests: stable got 1,000"),
        (USUAL, (0,) * 5, "stable got no requests to compare with: candidate got 1,000"),
    ],
)
def test_no_data_is_inconclusive_and_says_so(
    candidate: tuple[int, ...], stable: tuple[int, ...], sentence: str
) -> None:
    found = judge((candidate, stable))
    assert (found.verdict, found.sentence, found.evidence) == (Verdict.INCONCLUSIVE, sentence, -inf)


def test_no_interval_at_all() -> None:
    assert judge().sentence == "no requests yet"


def test_too_few_samples_wait() -> None:
    found = judge(((200, 120, 56, 20, 4), times(USUAL, 3)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.sentence.endswith("400 of 500 requests")


def test_before_a_small_step_a_pass_shows_less() -> None:
    minute = LatencyInterval((20, 12, 6, 2, 0), times(USUAL, 3))
    assert judge_latency("latency", EDGES, [minute], LIMITS).verdict is Verdict.INCONCLUSIVE
    relaxed = replace(LIMITS, exposure=0.05)
    assert judge_latency("latency", EDGES, [minute], relaxed).verdict is Verdict.PASS


def test_what_is_slow_in_bursts_asks_for_more_than_what_is_slow_evenly() -> None:
    """The same number of slow requests in the same eight intervals."""
    evenly = [((25, 26, 26, 17, 6), times(USUAL, 3))] * 8
    stalled, calm = ((0, 0, 26, 50, 24), times(USUAL, 3)), ((33, 35, 26, 6, 0), times(USUAL, 3))
    assert judge(*evenly).verdict is Verdict.FAIL
    found = judge(calm, stalled, calm, calm, calm, stalled, calm, calm)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert " · bursts: evidence counts 1/" in found.sentence


def test_a_candidate_that_stalls_beside_a_stable_that_never_does() -> None:
    """No ratio tells bursts from slowness where stable has none: the candidate's own scatter does."""
    fast, stall = (900, 0, 0, 0, 0), (880, 0, 0, 0, 20)
    assert judge(*[(stall, times(fast, 3))] * 8).verdict is Verdict.FAIL
    calm = ((900, 0, 0, 0, 0), times(fast, 3))
    stalled = ((850, 0, 0, 0, 50), times(fast, 3))
    assert judge(*[stalled, calm, calm, calm] * 3).verdict is not Verdict.FAIL


def test_a_pass_is_as_near_with_bursts_as_without() -> None:
    """Doubt in what is bad does not make what is good less sure."""
    calm, burst = ((50, 30, 14, 5, 1), times(USUAL, 3)), ((20, 20, 20, 25, 15), times(USUAL, 3))
    found = judge(*[calm] * 7, burst, *[calm] * 8)
    assert found.verdict is Verdict.PASS
    assert "bursts" not in found.sentence


@pytest.mark.parametrize("edges", [(), (0.0, 1.0), (2.0, 1.0), (1.0, 1.0)])
def test_edges_must_ascend(edges: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="edges are"):
        judge_latency("latency", edges, [], LIMITS)


def test_buckets_must_fit_the_edges() -> None:
    with pytest.raises(ValueError, match="2 buckets for 4 edges"):
        judge_latency("latency", EDGES, [LatencyInterval((1, 2), (1, 2))], LIMITS)


def test_however_much_traffic_there_is_what_is_tolerated_fails_nobody() -> None:
    """A candidate beyond every edge as often as the limit and a slowdown of 5 % allow together."""
    stable = (400_000, 300_000, 200_000, 80_000, 20_000)
    judged = edges_to_judge(EDGES, [LatencyInterval(stable, stable)])
    assert all(edge.allowance > 1.1 for edge in judged)

    def verdict(times_the_limit: float) -> Verdict:
        most = [round(times_the_limit * LIMITS.maximum_ratio * edge.allowance * edge.stable.bad) for edge in judged]
        slow = tuple(near - far for near, far in pairwise([1_000_000, round(1.25 * 600_000), *most, 0]))
        return judge(*[(slow, stable)] * 12).verdict

    assert verdict(1.0) is not Verdict.FAIL
    assert verdict(1.2) is Verdict.FAIL
