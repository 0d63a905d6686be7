"""The errors check: its verdicts and its sentences."""

from collections.abc import Sequence
from dataclasses import replace
from math import exp, inf
from random import Random

import pytest

from seatrial.judge.counts import Counts, Interval, pool
from seatrial.judge.errors import judge_errors
from seatrial.judge.limits import RatioLimits
from seatrial.judge.reference import judge_against_reference
from seatrial.judge.verdict import Finding, Verdict

LIMITS = RatioLimits(maximum_ratio=1.2, pass_ratio=2.0, minimum_samples=500, alpha=0.005)


def minutes(*counts: tuple[int, int, int, int]) -> list[Interval]:
    """Intervals of (candidate bad, candidate total, stable bad, stable total)."""
    return [Interval(Counts(n1, e1), Counts(n0, e0)) for e1, n1, e0, n0 in counts]


SENTENCES = [
    (
        minutes((10, 345, 6, 678), (10, 345, 7, 678), (10, 345, 7, 678), (10, 345, 7, 678)),
        "Inconclusive · candidate 40/1,380 (2.9 %) vs stable 27/2,712 (1.0 %) · 2.9× · "
        "against it: evidence 114:1, needs 200:1 · less than 2×: evidence 1:32, needs 20:1",
    ),
    (
        minutes((10, 345, 6, 678), (11, 345, 7, 678), (11, 345, 7, 678), (11, 345, 7, 678)),
        "Fail · candidate 43/1,380 (3.1 %) vs stable 27/2,712 (1.0 %) · 3.1× · evidence 460:1, needs 200:1",
    ),
    (
        minutes((40, 4000, 38, 4000)),
        "Pass · candidate 40/4,000 (1.0 %) vs stable 38/4,000 (0.9 %) · 1.1× · less than 2×: evidence 30:1, needs 20:1",
    ),
    (
        minutes((0, 600, 0, 11_400)),
        "Pass · candidate 0/600 (0.0 %) vs stable 0/11,400 (0.0 %) · less than 1 %: evidence 229:1, needs 20:1",
    ),
    (
        minutes((0, 300, 0, 5700)),
        "Inconclusive · candidate 0/300 (0.0 %) vs stable 0/5,700 (0.0 %) · "
        "against it: evidence 1:1, needs 200:1 · 300 of 500 requests",
    ),
    (
        minutes((3, 600, 0, 5700)),
        "Inconclusive · candidate 3/600 (0.5 %) vs stable 0/5,700 (0.0 %) · none at stable · "
        "against it: evidence 4:1, needs 200:1 · less than 1 %: evidence 1:1, needs 20:1",
    ),
    ([], "Inconclusive · no requests yet"),
    (minutes((0, 0, 0, 0)), "Inconclusive · no requests yet"),
    (minutes((0, 0, 5, 2712)), "Inconclusive · candidate got no requests: stable got 2,712"),
    (
        minutes((300, 300, 0, 0)),
        "Inconclusive · stable got no requests to compare with: candidate got 300",
    ),
]


@pytest.mark.parametrize(("seen", "line"), SENTENCES)
def test_a_finding_explains_itself(seen: list[Interval], line: str) -> None:
    assert judge_errors("errors", seen, LIMITS).line() == f"errors: {line}"


def test_no_data_is_no_evidence() -> None:
    assert judge_errors("errors", minutes((0, 0, 5, 2712)), LIMITS).evidence == -inf


def test_a_candidate_without_errors_passes_after_about_350_requests() -> None:
    limits = replace(LIMITS, minimum_samples=0)
    passed = next(
        n for n in range(1000) if judge_errors("e", minutes((0, n, 0, 9 * n)), limits).verdict is Verdict.PASS
    )
    assert 300 <= passed <= 370


def test_the_objective_overrules_no_fail() -> None:
    """0.5 % is below the objective of 1 %, and a hundred times stable's rate."""
    found = judge_errors("errors", minutes(*[(50, 10_000, 1, 20_000)] * 4), LIMITS)
    assert found.verdict is Verdict.FAIL


def test_the_objective_passes_where_the_ratio_cannot() -> None:
    seen = minutes((2, 3000, 1, 3000))
    assert judge_errors("errors", seen, LIMITS).verdict is Verdict.PASS
    assert judge_errors("errors", seen, replace(LIMITS, objective=0.0005)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("burst", [3, 30, 300])
def test_two_bad_intervals_alone_end_no_trial(burst: int) -> None:
    """However many errors they had: a pod that was killed, a batch that failed at once, across a boundary."""
    calm, bad = (0, 300, 0, 5700), [(burst, 300, 0, 5700)] * 2
    assert judge_errors("errors", minutes(*bad), LIMITS).verdict is not Verdict.FAIL
    assert judge_errors("errors", minutes(*[calm] * 9, *bad), LIMITS).verdict is not Verdict.FAIL


def test_two_bad_intervals_beside_ordinary_errors_end_no_trial() -> None:
    """One in a thousand fails at either version, by chance, and once half a minute of the candidate's requests."""
    rng = Random(1)

    def seen(number: int) -> tuple[int, int, int, int]:
        mine, theirs = (sum(rng.random() < 0.001 for _ in range(150)) for _ in range(2))
        return (150 if number in (12, 13) else mine), 150, theirs, 150

    worlds = [minutes(*map(seen, range(20))) for _ in range(100)]
    failed = [world for world in worlds if judge_errors("errors", world, LIMITS).verdict is Verdict.FAIL]
    assert len(failed) <= 1


@pytest.mark.parametrize(("calm", "needed"), [(0, 3), (120, 4), (480, 4)])
def test_an_outage_is_found_in_its_third_interval_and_one_later_after_hours_without(calm: int, needed: int) -> None:
    before, outage = [(0, 30, 6, 570)] * calm, (30, 30, 6, 570)
    findings = [judge_errors("errors", minutes(*before, *[outage] * n), LIMITS) for n in range(1, needed + 1)]
    assert [found.verdict is Verdict.FAIL for found in findings] == [False] * (needed - 1) + [True]


def test_what_both_sides_suffer_is_nobodys_fault() -> None:
    incident = [(9, 30, 171, 570)] * 10
    assert judge_errors("errors", minutes(*[(0, 30, 6, 570)] * 5, *incident), LIMITS).verdict is not Verdict.FAIL


def test_no_pass_is_given_while_the_evidence_against_it_is_as_strong() -> None:
    """Five times the errors of stable, and within the objective: both claims can be true."""
    found = judge_errors("errors", minutes(*[(5, 3000, 2, 6000)] * 4), LIMITS)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "against it: evidence 184:1, needs 200:1 · less than 1 %: evidence over 1,000,000:1" in found.sentence


def test_a_known_dispersion_asks_for_more() -> None:
    seen = minutes(*[(12, 300, 14, 1356)] * 4)
    assert judge_errors("errors", seen, LIMITS).verdict is Verdict.FAIL
    bursty = judge_errors("errors", seen, LIMITS, dispersion=5.0)
    assert bursty.verdict is Verdict.INCONCLUSIVE
    assert bursty.evidence < judge_errors("errors", seen, LIMITS).evidence / 2


def test_the_threshold_is_this_checks_alpha() -> None:
    assert exp(judge_errors("errors", minutes((1, 9, 1, 9)), LIMITS).threshold) == pytest.approx(200)


def test_before_a_small_step_a_pass_shows_less() -> None:
    """18 requests of the first step's 1 % of 60 a minute; full limits would ask for hours of them."""
    seen = minutes(*[(0, 3, 6, 57)] * 9)
    assert judge_errors("errors", seen, LIMITS).verdict is Verdict.INCONCLUSIVE
    found = judge_errors("errors", seen, replace(LIMITS, exposure=0.05))
    assert found.verdict is Verdict.PASS
    assert "less than 20 %" in found.sentence or "less than 21×" in found.sentence


BEFORE = Counts(50_000, 500)


@pytest.mark.parametrize(
    ("since", "before", "verdict"),
    [
        (Counts(6000, 60), BEFORE, Verdict.PASS),
        (Counts(6000, 600), BEFORE, Verdict.FAIL),
        (Counts(6000, 90), BEFORE, Verdict.INCONCLUSIVE),  # 1.5 times: so does a day's course
        (Counts(20_000, 340), BEFORE, Verdict.INCONCLUSIVE),  # surely more than in a canary would be allowed
        (Counts(100, 1), BEFORE, Verdict.INCONCLUSIVE),
        (Counts(6000, 30), Counts(50_000, 0), Verdict.PASS),  # worse, but within the objective
        (Counts(6000, 0), Counts(50_000, 0), Verdict.PASS),
        (Counts(0, 0), BEFORE, Verdict.INCONCLUSIVE),
        (Counts(6000, 6000), Counts(0, 0), Verdict.INCONCLUSIVE),
    ],
)
def test_in_probation_the_past_is_the_reference(since: Counts, before: Counts, verdict: Verdict) -> None:
    assert probation(evenly(since), before).verdict is verdict


def evenly(counts: Counts, intervals: int = 10) -> list[Counts]:
    """Return the counts in as many intervals, as equal as can be."""
    bad = [counts.bad * (i + 1) // intervals - counts.bad * i // intervals for i in range(intervals)]
    return [Counts(counts.total // intervals, one) for one in bad]


def probation(since: Sequence[Counts], before: Counts = BEFORE) -> Finding:
    return judge_against_reference("errors", since, evenly(before), LIMITS)


@pytest.mark.parametrize("bad", [30, 300, 600])
def test_two_bad_intervals_alone_end_no_probation(bad: int) -> None:
    """Whatever share of them was bad, be they the first or the last: it may be the world's accident."""
    calm, accident = [Counts(600, 6)] * 9, [Counts(600, bad)] * 2
    assert probation([*calm, *accident]).verdict is not Verdict.FAIL
    assert probation(accident).verdict is not Verdict.FAIL
    assert probation([*accident, Counts(600, 0)]).verdict is not Verdict.FAIL


def test_an_outage_in_probation_is_found_in_its_third_interval() -> None:
    assert probation([*[Counts(600, 6)] * 9, *[Counts(600, 600)] * 3]).verdict is Verdict.FAIL


def test_what_scattered_in_probation_before_it_turned_bad_asks_for_more() -> None:
    """It may be a burst as those before, only longer."""
    bursts, calm, worse = [Counts(600, 0), Counts(600, 12)] * 5, [Counts(600, 6)] * 10, [Counts(600, 24)] * 8
    assert probation([*calm, *worse]).verdict is Verdict.FAIL
    assert probation([*bursts, *worse]).verdict is Verdict.INCONCLUSIVE


def test_bursts_in_probation_count_as_few() -> None:
    calm, burst = Counts(600, 6), Counts(600, 90)
    seen = [calm, burst, calm, calm, burst, calm, calm, calm]
    found = probation(seen)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "bursts: evidence counts 1/10" in found.sentence
    assert probation(evenly(pool(seen), 8)).verdict is Verdict.FAIL
    uneven = [Counts(5000, 5), Counts(5000, 5), Counts(5000, 140)]
    assert judge_against_reference("errors", evenly(Counts(6000, 240)), uneven, LIMITS).verdict is Verdict.INCONCLUSIVE
    even = evenly(pool(uneven), 3)
    assert judge_against_reference("errors", evenly(Counts(6000, 240)), even, LIMITS).verdict is Verdict.FAIL


def test_probation_says_what_it_compares() -> None:
    found = probation(evenly(Counts(6000, 600)))
    assert found.line() == (
        "errors: Fail · candidate 600/6,000 (10.0 %) vs stable before 500/50,000 (1.0 %) · 10.0× · "
        "evidence over 1,000,000:1, needs 200:1"
    )


BURSTS = " · bursts: evidence counts 1/10"


@pytest.mark.parametrize(("dispersion", "said"), [(1.0, ""), (1.04, ""), (10.0, BURSTS)])
def test_a_line_says_why_its_evidence_grows_so_slowly(dispersion: float, said: str) -> None:
    seen = [Interval(Counts(400, 4), Counts(400, 4))]
    sentence = judge_errors("errors", seen, LIMITS, dispersion).sentence
    assert sentence.startswith(f"candidate 4/400 (1.0 %) vs stable 4/400 (1.0 %) · 1.0×{said} · ")
