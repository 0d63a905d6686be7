"""What is left of a stage's alpha, the chance of a false Fail that its checks share."""

from collections.abc import Sequence
from math import exp, isfinite

from seatrial.judge.verdict import Finding, Verdict


def alpha_left(findings: Sequence[Finding], alpha: float) -> float:
    """Return the chance that is left of failing a candidate which keeps every limit: at most this, given what was seen.

    A check with the share α of the stage's `alpha` fails at an e-value above 1/α. From an e-value of E on, a candidate
    that keeps the limit gets there with chance E·α at most (Ville's inequality, from now on), so all of them together
    with chance Σ E·α. That is the stage's conditional error (Müller & Schäfer 2001). It begins at alpha, falls while
    the evidence speaks for the candidate, rises while it speaks against it, and is 1 once a check fails.

    A finding without evidence has seen nothing, so its share is as it was.
    """
    if any(finding.verdict is Verdict.FAIL for finding in findings):
        return 1.0
    left = alpha + sum(_gained(finding) for finding in findings if isfinite(finding.evidence))
    return min(max(left, 0.0), 1.0)


def _gained(finding: Finding) -> float:
    """Return E·α - α."""
    return exp(min(finding.evidence - finding.threshold, 0.0)) - exp(-finding.threshold)
