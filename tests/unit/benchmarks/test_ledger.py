"""The benchmark's evidence is what the operator would read from the same counters."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest

from seatrial.api.status import Stage
from seatrial.contract import metrics
from seatrial.core.evidence import read_evidence
from seatrial.core.observed import Query
from seatrial.core.questions import DURATION, REQUESTS, questions
from seatrial.ports import Series
from tests import given
from tests.benchmarks.judgement.bursts import Counts
from tests.benchmarks.judgement.ledger import Ledger, points
from tests.benchmarks.judgement.seatrial import specification
from tests.benchmarks.judgement.steps import DEFAULT, TICK_SECONDS
from tests.benchmarks.judgement.traffic import Answers, Traffic
from tests.benchmarks.judgement.worlds import HEALTHY

EDGES = [*(str(edge) for edge in metrics.DURATION_EDGES), "+Inf"]
SPEC = specification(DEFAULT, shadow=False)
STATUS = given.on_trial(Stage.CANARY, of=SPEC).status


@pytest.mark.parametrize("rate", [6, 60, 600])
@pytest.mark.parametrize("ticks", [3, 12, 60, 500])
def test_the_ledger_tells_what_the_operator_reads_from_prometheus(rate: int, ticks: int) -> None:
    traffic = Traffic(HEALTHY, DEFAULT, rate, (1, 2))
    candidate, stable = traffic.candidate(0, 0, slice(ticks)), traffic.stable(0, slice(ticks))
    ledger = Ledger(given.NOW, traffic.history, ticks)
    ledger.add(candidate, stable, candidate.buckets, np.ones(ticks, np.bool_))
    now = given.NOW + timedelta(seconds=ticks * TICK_SECONDS)
    asked = questions(given.KEY, SPEC, STATUS, now, "namespace")
    answers = {name: _answer(asked[name], candidate, stable) for name in (REQUESTS, DURATION)}
    read, told = read_evidence(SPEC, STATUS, answers, asked[REQUESTS].seconds), ledger.evidence(asked)
    assert (told.since, told.step, told.requests) == (read.since, read.step, read.requests)
    assert told.latency == read.latency


def _answer(query: Query, candidate: Answers, stable: Answers) -> Sequence[Series]:
    """Answer as Prometheus would, where each side is one pod that was there long before."""
    sides = {given.ref("2", SPEC).revision: candidate, given.ref("1", SPEC).revision: stable}
    if metrics.DURATION in query.promql:
        return [
            _series(query, revision, {"le": edge}, answers.buckets[:, : place + 1].sum(axis=1))
            for revision, answers in sides.items()
            for place, edge in enumerate(EDGES)
        ]
    return [
        _series(query, revision, {metrics.OUTCOME: outcome}, grown)
        for revision, answers in sides.items()
        for outcome, grown in (
            (metrics.OK, answers.requests - answers.errors),
            (metrics.ERROR, answers.errors),
        )
    ]


def _series(query: Query, revision: str, labels: dict[str, str], grown: Counts) -> Series:
    counter = [0, *np.cumsum(grown).tolist()]
    seen = [(at.timestamp(), float(counter[min(_tick(at), len(grown))])) for at in points(query)]
    return Series({metrics.REVISION: revision, metrics.TRAFFIC: metrics.LIVE, **labels}, seen)


def _tick(time: datetime) -> int:
    return max(0, int((time - given.NOW).total_seconds() // TICK_SECONDS))
