"""What findings say, and how they add up to a stage's verdict."""

from math import exp, inf, log

import pytest

from seatrial.judge.conclusion import Claim, Samples, conclude, nothing_to_judge
from seatrial.judge.verdict import Finding, Verdict, combine, fail_threshold

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
ENOUGH = Samples(seen=500, needed=500, unit="requests")


def finding(verdict: Verdict) -> Finding:
    return Finding("errors", verdict, "why", 0.0, 5.0)


@pytest.mark.parametrize(
    ("verdicts", "stage"),
    [
        ((), OPEN),
        ((PASS,), PASS),
        ((PASS, PASS), PASS),
        ((PASS, OPEN), OPEN),
        ((OPEN,), OPEN),
        ((FAIL,), FAIL),
        ((PASS, FAIL), FAIL),
        ((OPEN, FAIL, PASS), FAIL),
    ],
)
def test_one_fail_fails_and_only_all_together_pass(verdicts: tuple[Verdict, ...], stage: Verdict) -> None:
    assert combine([finding(verdict) for verdict in verdicts]) is stage


def test_a_finding_reads_as_one_line() -> None:
    assert finding(FAIL).line() == "errors: Fail · why"


@pytest.mark.parametrize(
    ("toward_fail", "toward_pass", "seen", "verdict"),
    [
        (log(201), -1.0, 500, FAIL),
        (log(201), log(1000), 500, FAIL),  # what is good about it excuses nothing
        (log(201), -1.0, 1, FAIL),  # a Fail needs no minimum of samples
        (log(199), -1.0, 500, OPEN),
        (-1.0, log(21), 500, PASS),
        (-1.0, log(21), 499, OPEN),
        (-1.0, log(19), 500, OPEN),
        (log(19), log(21), 500, PASS),
        (log(21), log(1000), 500, OPEN),  # a Pass waits while there is as much against it
    ],
)
def test_the_rule(toward_fail: float, toward_pass: float, seen: int, verdict: Verdict) -> None:
    samples = Samples(seen, 500, "requests")
    assert conclude("errors", "x", toward_fail, 1 / 200, [Claim("fine", toward_pass)], samples).verdict is verdict


def test_any_one_claim_passes_and_is_named() -> None:
    claims = [Claim("less than 2×", 0.0), Claim("less than 1 %", log(30.5))]
    passed = conclude("errors", "candidate 0/350", 0.0, 0.01, claims, ENOUGH)
    assert passed.line() == "errors: Pass · candidate 0/350 · less than 1 %: evidence 30:1, needs 20:1"


def test_an_inconclusive_finding_says_what_it_waits_for() -> None:
    claims = [Claim("less than 2×", log(50))]
    early = conclude("errors", "x", log(3.5), 0.01, claims, Samples(120, 500, "requests"))
    assert early.sentence == "x · against it: evidence 3:1, needs 100:1 · 120 of 500 requests"
    unsure = conclude("errors", "x", log(1 / 4), 0.01, [Claim("less than 2×", log(5.5))], ENOUGH)
    assert unsure.sentence == "x · against it: evidence 1:4, needs 100:1 · less than 2×: evidence 5:1, needs 20:1"


def test_a_finding_carries_its_evidence_and_its_threshold() -> None:
    found = conclude("errors", "x", 1.5, 0.005, [Claim("fine", 0.0)], ENOUGH)
    assert found.evidence == 1.5
    assert exp(found.threshold) == pytest.approx(200)


def test_without_data_there_is_no_evidence() -> None:
    found = nothing_to_judge("errors", "no requests yet", 0.01)
    assert found == Finding("errors", OPEN, "no requests yet", -inf, fail_threshold(0.01))


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 2.0, float("nan")])
def test_an_alpha_that_is_no_chance_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha is"):
        nothing_to_judge("errors", "no requests yet", alpha)
