"""With hindsight: the earliest moment at which anybody who asked Prometheus could have failed a version.

The operator's own questions are asked again, with a `now` that goes through the stage in small steps, and judged by
its own judge. Prometheus answers a question about a moment of the past from the samples that it had then.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from seatrial.adapters.prometheus import Prometheus
from seatrial.api.spec import Spec
from seatrial.api.status import Status
from seatrial.core.compared import judged_since
from seatrial.core.evidence import read_evidence
from seatrial.core.judging import judge
from seatrial.core.questions import questions
from seatrial.judge.verdict import Verdict
from seatrial.ports import Key
from tests.given import observed

STEP = timedelta(seconds=0.1)
NAMESPACE_LABEL = "namespace"


async def sufficient_since(prometheus: Prometheus, key: Key, spec: Spec, status: Status, until: float) -> float | None:
    """Return the first moment (Unix seconds) of a stage at which the evidence said Fail, None where none did.

    `status` is one of the stage that goes on, `until` (Unix seconds) the moment at which it is known to have ended.
    """
    now = judged_since(status)
    while now is not None and now.timestamp() <= until:
        now += STEP
        if await _fails(prometheus, key, spec, status, now):
            return now.timestamp()
    return None


async def _fails(prometheus: Prometheus, key: Key, spec: Spec, status: Status, now: datetime) -> bool:
    asked = questions(key, spec, status, now.astimezone(UTC), NAMESPACE_LABEL)
    answers = {
        name: await prometheus.range(query.promql, query.start, query.end, timedelta(seconds=query.seconds))
        for name, query in asked.items()
    }
    evidence = read_evidence(spec, status, answers)
    world = replace(observed(of=spec), key=key, status=status, evidence=evidence)
    return any(finding.verdict is Verdict.FAIL for finding in judge(world, spec))
