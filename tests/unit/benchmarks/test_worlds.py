"""The worlds are what their names say, and the same whoever walks through them."""

import numpy as np
import pytest

from seatrial.contract.metrics import DURATION_EDGES
from tests.benchmarks.judgement.bursts import Counts, errors
from tests.benchmarks.judgement.outcome import SLOW_BUCKET, Ending, Path, outcome
from tests.benchmarks.judgement.steps import DEFAULT, TICKS_A_MINUTE
from tests.benchmarks.judgement.traffic import Traffic, shares_by_bucket
from tests.benchmarks.judgement.worlds import (
    BASELINE,
    BESIDE,
    DAY,
    INCIDENT_ERRORS,
    INCIDENT_MINUTES,
    WORLDS,
    Weather,
    World,
)

BY_NAME = {world.name: world for world in (*WORLDS, *BESIDE)}
NOON = Weather(time_of_day=0.0, incident=10.0)
MINUTES = np.arange(40.0)
MANY = 60_000  # requests a minute
WHOLE = slice(0, 40 * TICKS_A_MINUTE)


def share(part: Counts, whole: Counts) -> float:
    return float(part.sum() / whole.sum())


@pytest.mark.parametrize(("name", "ratio"), [("healthy", 1.0), ("errors ×3", 3.0), ("errors ×10", 10.0)])
def test_the_candidate_fails_as_often_as_its_world_says(name: str, ratio: float) -> None:
    traffic = Traffic(BY_NAME[name], DEFAULT, MANY, (1,))
    candidate, stable = traffic.candidate(3, 0, WHOLE), traffic.stable(3, WHOLE)
    assert share(candidate.errors, candidate.requests) == pytest.approx(ratio * BASELINE, rel=0.03)
    assert share(stable.errors, stable.requests) == pytest.approx(BASELINE, rel=0.03)


def test_the_candidate_gets_the_share_of_its_step_and_a_baseline_as_much() -> None:
    traffic = Traffic(BY_NAME["healthy"], DEFAULT, MANY, (1,))
    for step, weight in enumerate(DEFAULT.weights):
        candidate, stable = traffic.candidate(step, 0, WHOLE), traffic.stable(step, WHOLE)
        both = candidate.requests.sum() + stable.requests.sum()
        assert candidate.requests.sum() / both == pytest.approx(weight / 100, rel=0.03)
        assert traffic.baseline(step, 0, WHOLE).requests.sum() == pytest.approx(candidate.requests.sum(), rel=0.03)


def test_an_incident_hits_both_for_five_minutes() -> None:
    world = BY_NAME["shared incident"]
    for rates in (world.stable_errors(MINUTES, NOON), world.candidate_errors(MINUTES, NOON)):
        assert rates[10:15] == pytest.approx(INCIDENT_ERRORS)
        assert rates[[9, 15]] == pytest.approx(BASELINE)


def test_a_leak_grows_by_half_a_point_in_ten_minutes() -> None:
    rates = BY_NAME["slow leak"].candidate_errors(MINUTES, NOON)
    assert rates[[0, 10, 30]] == pytest.approx([0.01, 0.015, 0.025])


def test_a_day_changes_traffic_fourfold_and_errors_threefold() -> None:
    world, day = BY_NAME["daily cycle"], np.arange(DAY)
    traffic, rates = world.traffic(day, NOON), world.stable_errors(day, NOON)
    assert traffic.max() / traffic.min() == pytest.approx(4.0, rel=0.01)
    assert rates.max() / rates.min() == pytest.approx(3.0, rel=0.01)
    assert world.candidate_errors(day, NOON) == pytest.approx(rates)


def test_prometheus_is_away_for_as_long_as_its_world_says() -> None:
    traffic = Traffic(BY_NAME["Prometheus away"], DEFAULT, 60, (1,))
    away = ~traffic.scraped(slice(0, 60 * TICKS_A_MINUTE))
    assert away.sum() == pytest.approx(6 * TICKS_A_MINUTE, abs=1)
    assert traffic.is_dark(int(np.argmax(away)) + 1)


def test_new_pods_are_slow_in_the_first_two_minutes_of_their_step_only() -> None:
    traffic = Traffic(BY_NAME["cold start"], DEFAULT, MANY, (1,))
    began = 20 * TICKS_A_MINUTE
    served = traffic.candidate(2, began, slice(began, began + 4 * TICKS_A_MINUTE))
    slow = served.buckets[:, SLOW_BUCKET:].sum(axis=1) / served.requests
    assert slow[: 2 * TICKS_A_MINUTE].mean() > 10 * slow[2 * TICKS_A_MINUTE :].mean()


def test_a_slower_candidate_is_beyond_stables_tail_more_often() -> None:
    assert shares_by_bucket(1.0)[SLOW_BUCKET:].sum() <= 0.05
    assert shares_by_bucket(1.3)[SLOW_BUCKET:].sum() > 2 * shares_by_bucket(1.0)[SLOW_BUCKET:].sum()


def test_what_stalls_takes_about_a_second() -> None:
    beyond = np.array(DURATION_EDGES) >= 0.5
    assert shares_by_bucket(stalls=0.05)[1:][beyond].sum() == pytest.approx(0.05, rel=0.1)


def test_an_accident_fails_all_that_the_candidate_answers_in_twenty_seconds() -> None:
    traffic = Traffic(BY_NAME["accident"], DEFAULT, MANY, (1,))
    candidate = traffic.candidate(3, 0, WHOLE)
    assert (candidate.errors > candidate.requests / 2).sum() == 2
    assert share(traffic.stable(3, WHOLE).errors, traffic.stable(3, WHOLE).requests) < 2 * BASELINE


def test_an_earlier_incident_is_in_stables_past_alone() -> None:
    traffic = Traffic(BY_NAME["earlier incident"], DEFAULT, MANY, (1,))
    often = traffic.history.errors / traffic.history.requests
    assert (often > INCIDENT_ERRORS / 2).sum() == pytest.approx(INCIDENT_MINUTES, abs=1)
    assert share(traffic.stable(3, WHOLE).errors, traffic.stable(3, WHOLE).requests) < 2 * BASELINE


def test_bursts_keep_the_rate_and_scatter_ten_times_as_much() -> None:
    requests = np.full((20_000, 1), 500)
    failed = errors(np.random.default_rng(1), requests, np.full(20_000, BASELINE), burst=10)
    assert failed.mean() / 500 == pytest.approx(BASELINE, rel=0.05)
    assert failed.var() / failed.mean() == pytest.approx(10, rel=0.15)
    assert (failed <= requests).all()


def test_a_burst_goes_on_with_the_next_requests_where_they_are_few() -> None:
    requests = np.ones((20_000, 1), np.int64)
    failed = errors(np.random.default_rng(1), requests, np.full(20_000, BASELINE), burst=10)[:, 0]
    begins = np.flatnonzero(np.diff(failed, prepend=0) == 1)
    assert failed.max() == 1
    assert failed.mean() == pytest.approx(BASELINE, rel=0.5)
    assert failed.sum() / len(begins) == pytest.approx(10, rel=0.3)


def test_judges_with_other_shares_see_the_same_requests() -> None:
    """What the candidate answers at 1 % is among what it answers at 50 %, and stable answers the rest."""
    traffic = Traffic(BY_NAME["errors ×3"], DEFAULT, 600, (1,))
    least, most = (traffic.candidate(step, 0, WHOLE) for step in (0, 3))
    assert (least.requests <= most.requests).all()
    assert (least.errors <= most.errors).all()
    totals = {
        int(traffic.candidate(s, 0, WHOLE).requests.sum() + traffic.stable(s, WHOLE).requests.sum()) for s in range(4)
    }
    assert len(totals) == 1


def test_a_world_is_its_seeds() -> None:
    one, same, other = (Traffic(BY_NAME["healthy"], DEFAULT, 600, seed) for seed in ((1, 2), (1, 2), (1, 3)))
    far = slice(0, 60 * TICKS_A_MINUTE)
    same.candidate(3, 0, far)  # drawn at once or bit by bit
    for ticks in (WHOLE, far):
        assert (one.candidate(1, 0, ticks).errors == same.candidate(1, 0, ticks).errors).all()
    assert (one.candidate(1, 0, far).requests != other.candidate(1, 0, far).requests).any()


@pytest.mark.parametrize(
    ("name", "share_bad"), [("errors ×3", 0.03), ("latency ×1.3", 0.088), ("accuracy -5 points", 0.15)]
)
def test_the_harm_is_what_the_candidate_did_to_callers(name: str, share_bad: float) -> None:
    traffic, each = Traffic(BY_NAME[name], DEFAULT, MANY, (1,)), DEFAULT.ticks
    found = outcome(traffic, Path((0, each), 2 * each, Ending.ROLLED_BACK))
    assert found.harm == pytest.approx(share_bad * MANY * 10 * (0.01 + 0.05), rel=0.05)
    assert found.minute == 20


def test_a_candidate_that_never_served_did_no_harm() -> None:
    traffic = Traffic(World("any", ratio=3.0), DEFAULT, 600, (1,))
    assert outcome(traffic, Path((), 60, Ending.ROLLED_BACK)).harm == 0
