"""From evidence to a Finding: the one rule by which every check passes, fails or waits, and its sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log

from seatrial.judge.counts import Counts
from seatrial.judge.verdict import Finding, Verdict, fail_threshold
from seatrial.judge.wording import evidence

# To pass is a smaller claim than to fail: a wrong Pass is caught by the next look, a wrong Fail ends the trial.
PASS_THRESHOLD = log(20)


@dataclass(frozen=True, slots=True)
class Claim:
    """Something good that may be shown of the candidate: what, and its log e-value."""

    what: str
    evidence: float


@dataclass(frozen=True, slots=True)
class Samples:
    """How many of what a Pass rests on, and how many it must rest on."""

    seen: int
    needed: int
    unit: str


def conclude(
    check: str, subject: str, toward_fail: float, alpha: float, claims: Sequence[Claim], samples: Samples
) -> Finding:
    """Return the finding for the evidence toward Fail and for the claims of which one is enough for a Pass."""
    threshold = fail_threshold(alpha)
    claim = max(claims, key=lambda one: one.evidence)
    verdict = _decide(toward_fail, threshold, claim.evidence, samples)
    sentence = f"{subject} · {_reason(verdict, toward_fail, threshold, claim, samples)}"
    return Finding(check, verdict, sentence, toward_fail, threshold)


def most_per_interval(alpha: float, intervals: int, part: float = 1.0) -> float:
    """Return the most that one interval may add to a log e-value if a Fail is to rest on `intervals` of them.

    `part` is how much of a whole one it is: where a stage is young a moment is cut into several. Cut down from above,
    an interval's e-value stays one, so the test stays valid; what single accidents could do otherwise no count of
    requests would tell. Mixing over the alternatives costs about 1, over the starts ln 2.
    """
    return part * (fail_threshold(alpha) + 1 + log(2)) / intervals


def nothing_to_judge(check: str, why: str, alpha: float) -> Finding:
    """Return the finding where data are missing: Inconclusive, and why."""
    return Finding(check, Verdict.INCONCLUSIVE, why, -inf, fail_threshold(alpha))


def missing_side(candidate: Counts, stable: Counts, unit: str) -> str | None:
    """Return which side has none of what is counted in `unit`, None where both have some."""
    match bool(candidate.total), bool(stable.total):
        case False, False:
            return f"no {unit} yet"
        case False, True:
            return f"candidate got no {unit}: stable got {stable.total:,}"
        case True, False:
            return f"stable got no {unit} to compare with: candidate got {candidate.total:,}"
    return None


def _decide(toward_fail: float, threshold: float, toward_pass: float, samples: Samples) -> Verdict:
    """A Fail needs no minimum of samples: its evidence is all it needs.

    A Pass waits while the evidence toward Fail is as strong as a Pass's own must be: the two claims leave a gap
    between them in which both can come true.
    """
    if toward_fail > threshold:
        return Verdict.FAIL
    shown = toward_pass > PASS_THRESHOLD > toward_fail
    return Verdict.PASS if shown and samples.seen >= samples.needed else Verdict.INCONCLUSIVE


def _reason(verdict: Verdict, toward_fail: float, threshold: float, claim: Claim, samples: Samples) -> str:
    match verdict:
        case Verdict.FAIL:
            return evidence(toward_fail, threshold)
        case Verdict.PASS:
            return f"{claim.what}: {evidence(claim.evidence, PASS_THRESHOLD)}"
        case Verdict.INCONCLUSIVE:
            return f"against it: {evidence(toward_fail, threshold)} · {_waits_for(claim, samples)}"


def _waits_for(claim: Claim, samples: Samples) -> str:
    if samples.seen < samples.needed:
        return f"{samples.seen:,} of {samples.needed:,} {samples.unit}"
    return f"{claim.what}: {evidence(claim.evidence, PASS_THRESHOLD)}"
