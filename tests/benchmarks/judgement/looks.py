"""When Seatrial's judge is asked: every half minute, as its evidence is sampled, unless nothing could come of it.

The operator looks every two seconds, and nearly always sees what it saw before. A look costs milliseconds, so left out
here are those before the end of a step at which no check can fail: an interval adds at most `most_per_interval` to the
evidence toward Fail, so that low evidence takes several to reach its threshold. (The burstiness by which latency's
evidence is divided may fall meanwhile, so for it this is no proof; a test compares with all looks.)
"""

from collections.abc import Sequence
from math import ceil, exp, floor, isinf

from seatrial.judge import errors, latency
from seatrial.judge.conclusion import most_per_interval
from seatrial.judge.verdict import Finding
from tests.benchmarks.judgement.steps import TICK_SECONDS

USUAL = 30  # seconds
PATIENCE = 4  # points of the evidence between two looks where they are farther apart than that, after an hour
INTERVALS_TO_FAIL = {"errors": errors.INTERVALS_TO_FAIL, "latency": latency.INTERVALS_TO_FAIL}


def ticks_to_next_look(findings: Sequence[Finding], apart: float, left: int) -> int:
    """Return how many ticks to wait after `findings` on evidence whose points are `apart` seconds from each other.

    `left` are the ticks until the step may end, 0 or less where only a Pass is waited for.
    """
    if apart > USUAL:
        return ceil(PATIENCE * apart / TICK_SECONDS)
    usual = USUAL // TICK_SECONDS
    if left <= 0:
        return usual
    quiet = min((_intervals_until_fail(finding) for finding in findings), default=1)
    return min(quiet * usual, left)


def _intervals_until_fail(finding: Finding) -> int:
    """Return the number of whole intervals after which the finding could be a Fail: the last one is still growing."""
    if finding.check not in INTERVALS_TO_FAIL or isinf(finding.evidence):
        return 1
    most = most_per_interval(exp(-finding.threshold), INTERVALS_TO_FAIL[finding.check])
    return max(1, floor((finding.threshold - finding.evidence) / most))
