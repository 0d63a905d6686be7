"""At which moments counters are read: in fine steps of late, in coarse ones before, so that an answer stays short.

Every step begins where the stage does, so the boundary of an interval never moves: intervals only merge. The newest
ends at the next boundary, where Prometheus answers with what it saw last, so that the newest requests count at once.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from seatrial.core.observed import Query

Selectors = Sequence[str]  # of series, all of which are meant

# Half a minute is longer than most bursts, which so count as one bad interval; a short stage needs a few intervals.
USUAL_STEP, FEWEST_POINTS = timedelta(seconds=30), 6
SHORTEST_STEP = USUAL_STEP / 16
MAXIMUM_POINTS = 120  # of a series in one answer
RECENT = timedelta(minutes=30)  # longer than it takes to find most of what turned bad
# For how long Prometheus takes a sample for the present value; most scrape more often than that.
LOOKBACK = timedelta(minutes=5)


def since_then(selectors: Selectors, since: datetime, now: datetime, before: timedelta = timedelta(0)) -> Query:
    """Ask for what was counted since the stage began, and for which series there were `before`."""
    step = _fine_step(now - since)
    end = since + math.ceil((now - since) / step) * step
    if now - since + before <= MAXIMUM_POINTS * step:
        return _query(selectors, since - math.ceil(before / step) * step, end, step)
    seam = since + max(0, math.floor((now - since - RECENT) / step)) * step
    return _query(selectors, seam, end, step, _past(selectors, since, seam, before))


def between(selectors: Selectors, start: datetime, end: datetime, step: timedelta = USUAL_STEP) -> Query:
    """Ask for what was counted in a time that is over."""
    step = max(SHORTEST_STEP, min(step, (end - start) / FEWEST_POINTS), (end - start) / MAXIMUM_POINTS)
    return _query(selectors, end - math.ceil((end - start) / step) * step, end, step)


def _fine_step(span: timedelta) -> timedelta:
    """Return the usual step, halved until a short stage has a few of them."""
    halvings = math.ceil(math.log2(FEWEST_POINTS * USUAL_STEP / span))
    return max(SHORTEST_STEP, USUAL_STEP / (1 << max(halvings, 0)))


def _past(selectors: Selectors, since: datetime, seam: datetime, before: timedelta) -> Query:
    """Ask for what was counted until the seam, or a little longer.

    A counter stands at its last value for a whole step, so that a pod that went in the middle of it is seen, and one
    that came and went.
    """
    doublings = math.ceil(math.log2((seam - since + before) / (MAXIMUM_POINTS * USUAL_STEP)))
    step = USUAL_STEP * (1 << max(doublings, 0))
    window = f"[{max(step, LOOKBACK) // timedelta(seconds=1)}s]"
    lasting = [f"last_over_time({selector}{window})" for selector in selectors]
    start, end = since - math.ceil(before / step) * step, since + math.ceil((seam - since) / step) * step
    return _query(lasting, start, end, step)


def _query(selectors: Selectors, start: datetime, end: datetime, step: timedelta, past: Query | None = None) -> Query:
    return Query(" or ".join(selectors), start, end, step.total_seconds(), past=past)
