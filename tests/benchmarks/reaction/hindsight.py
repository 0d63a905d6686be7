"""With hindsight: the earliest moment at which anybody who asked Prometheus could have failed a version.

The operator's own questions are asked again, with a `now` that goes through the stage in small steps, and judged by
its own judge, on the samples that Prometheus had by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from seatrial.api.spec import Spec
from seatrial.api.status import Status
from seatrial.controller.from_metrics import evidence_of, users_of
from seatrial.core.compared import judged_since
from seatrial.core.judging import judge
from seatrial.judge.verdict import Verdict
from seatrial.ports import ANSWER_BYTES, Key, Metrics, Series
from tests.given import DEFAULTS, observed

STEP = timedelta(seconds=0.1)


async def sufficient_since(metrics: Metrics, key: Key, spec: Spec, status: Status, until: float) -> float | None:
    """Return the first moment (Unix seconds) of a stage at which the evidence said Fail, None where none did.

    `status` is one of the stage that goes on, `until` (Unix seconds) the moment at which it is known to have ended.
    """
    now = judged_since(status)
    while now is not None and now.timestamp() <= until:
        now += STEP
        if await _fails(metrics, key, spec, status, now):
            return now.timestamp()
    return None


async def _fails(metrics: Metrics, key: Key, spec: Spec, status: Status, now: datetime) -> bool:
    then = AsOf(metrics, now)
    evidence = await evidence_of(then, users_of(then), key, spec, status, now, DEFAULTS)
    world = replace(observed(of=spec), key=key, status=status, evidence=evidence)
    return any(finding.verdict is Verdict.FAIL for finding in judge(world, spec))


@dataclass(frozen=True, slots=True)
class AsOf:
    """ports.Metrics as it was at a moment of the past: what was asked then about later was answered by what was so."""

    metrics: Metrics
    now: datetime

    async def instant(self, query: str) -> Sequence[Series]:
        """Evaluate a query at that moment."""
        return await self.metrics.range(query, self.now, self.now, STEP)

    async def range(
        self, query: str, start: datetime, end: datetime, step: timedelta, *, most: int = ANSWER_BYTES
    ) -> Sequence[Series]:
        """Evaluate a query at each step of a range, of which the end may be later than that moment."""
        count = round((end - start) / step)
        times = [start + step * number for number in range(count + 1)]
        past, later = [at for at in times if at <= self.now], [at for at in times if at > self.now]
        known = (
            {_identity(one): one for one in await self.metrics.range(query, start, past[-1], step, most=most)}
            if past
            else {}
        )
        for last in await self.instant(query) if later else ():
            before = known.get(_identity(last), Series(last.labels, ()))
            value = last.points[-1][1]
            points = (*before.points, *((at.timestamp(), value) for at in later))
            known[_identity(last)] = Series(last.labels, points)
        return list(known.values())


def _identity(series: Series) -> frozenset[tuple[str, str]]:
    return frozenset(series.labels.items())
