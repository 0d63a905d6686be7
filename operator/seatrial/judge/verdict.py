"""What a check can say, and how the findings of several checks become one verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log


class Verdict(StrEnum):
    """Pass: shown to be good enough. Fail: shown to be too bad. Inconclusive: neither, or nothing to judge by."""

    PASS = "Pass"  # noqa: S105 (a verdict, no password)
    FAIL = "Fail"
    INCONCLUSIVE = "Inconclusive"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome, which explains itself.

    `evidence` is the natural logarithm of the e-value toward Fail, -inf where there is nothing to judge by;
    `threshold` is what it must exceed for a Fail.
    """

    check: str
    verdict: Verdict
    sentence: str
    evidence: float
    threshold: float

    def line(self) -> str:
        """Return the finding as the one line that users read."""
        return one_line(self.check, self.verdict, self.sentence)


def one_line(check: str, verdict: str, sentence: str) -> str:
    """Return a finding as users read it, in conditions, Events and logs."""
    return f"{check}: {verdict} · {sentence}"


def combine(findings: Sequence[Finding]) -> Verdict:
    """Return the verdict of a stage: one Fail fails it, and only all checks together pass it."""
    verdicts = {finding.verdict for finding in findings}
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    return Verdict.PASS if verdicts == {Verdict.PASS} else Verdict.INCONCLUSIVE


def fail_threshold(alpha: float) -> float:
    """Return ln(1/alpha): by Ville's inequality an e-process of a good candidate ever exceeds it with chance alpha.

    Raises:
        ValueError: where alpha is not between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}: a chance of a false Fail between 0 and 1, such as 0.01")
    return -log(alpha)
