"""What one look of Seatrial's judge costs: the time of `core.judging.judge` on evidence as it grows."""

import time
from dataclasses import replace
from datetime import timedelta

import numpy as np

from seatrial.api.status import Stage
from seatrial.core.judging import judge
from seatrial.core.questions import questions
from tests import given
from tests.benchmarks.judgement.ledger import Ledger
from tests.benchmarks.judgement.seatrial import specification
from tests.benchmarks.judgement.steps import DEFAULT, TICK_SECONDS, TICKS_A_MINUTE
from tests.benchmarks.judgement.traffic import Traffic
from tests.benchmarks.judgement.worlds import HEALTHY

MINUTES = (5, 20, 60)
RATE, REPEATS = 600, 20


def costs() -> dict[int, tuple[int, float]]:
    """Return, by minutes of evidence, how many intervals it has and the milliseconds of a look at it."""
    return {minutes: _cost(minutes) for minutes in MINUTES}


def _cost(minutes: int) -> tuple[int, float]:
    spec, ticks = specification(DEFAULT, shadow=False), minutes * TICKS_A_MINUTE
    traffic = Traffic(HEALTHY, DEFAULT, RATE, (0, minutes))
    candidate, stable = traffic.candidate(1, 0, slice(ticks)), traffic.stable(1, slice(ticks))
    ledger = Ledger(given.NOW, traffic.history, ticks)
    ledger.add(candidate, stable, candidate.buckets, np.ones(ticks, np.bool_))
    observed = given.on_trial(Stage.CANARY, step=1, of=spec)
    now = given.NOW + timedelta(seconds=ticks * TICK_SECONDS)
    asked = questions(given.KEY, spec, observed.status, now, given.DEFAULTS.namespace_label)
    evidence = ledger.evidence(asked)
    observed = replace(observed, evidence=evidence)
    began = time.perf_counter()
    for _ in range(REPEATS):
        judge(observed, spec)
    return len(evidence.requests), 1000 * (time.perf_counter() - began) / REPEATS
