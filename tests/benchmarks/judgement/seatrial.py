"""Seatrial's own judge: the operator's code, looking at what Prometheus would have counted.

Nothing of it is written again here. `core.questions` says at which points the counters are read, `core.judging` judges
them, `core.rollout` moves the trial and `core.plan` sets the weight, as in a pass of the operator. What is not there:
Kubernetes (pods are available at once and a weight is in effect at the next pass), scrapes that are late, probation.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.api.status import Stage, Status
from seatrial.core.judging import judge
from seatrial.core.moves import Outcome as Ended
from seatrial.core.observed import Evidence, Unknown
from seatrial.core.plan import with_weight
from seatrial.core.questions import questions
from seatrial.core.rollout import advance
from seatrial.judge.counts import Pairs
from tests import given
from tests.benchmarks.judgement import bursts
from tests.benchmarks.judgement.ledger import Ledger
from tests.benchmarks.judgement.outcome import Ending, Path
from tests.benchmarks.judgement.steps import TICK_SECONDS, TICKS_A_MINUTE, Steps
from tests.benchmarks.judgement.traffic import COLD_TICKS, Answers, Traffic
from tests.benchmarks.judgement.worlds import ACCURACY

# A look is as fine as the evidence; after an hour it comes with every thirtieth of the time so far.
USUAL_LOOK, HOUR, PARTS = 30 // TICK_SECONDS, 60 * TICKS_A_MINUTE, 30
AWAY = Unknown(Reason.METRICS_UNAVAILABLE, "Prometheus does not answer")
ENDINGS = {Ended.PROMOTED: Ending.PROMOTED, Ended.ROLLED_BACK: Ending.ROLLED_BACK}


LABELLED = 0.1  # of all requests
BY_LABELS: dict[str, Any] = {
    "checks": [
        {"name": "errors", "errors": {}},
        {"name": "latency", "latency": {}},
        {"name": "accuracy", "accuracy": {"maximumLoss": "0.02"}},
    ],
}


def specification(steps: Steps, *, shadow: bool, labels: bool = False) -> Spec:
    """Return a ModelDeployment's spec with every default but these steps, with or without a shadow stage and labels.

    Where labels tell, answers may differ.
    """
    rollout: dict[str, Any] = {"canary": {"steps": [{"weight": weight} for weight in steps.weights]}}
    if not shadow:
        rollout["shadow"] = {"enabled": False}
    elif labels:
        rollout["shadow"] = {"maximumDisagreement": "0.5"}
    return given.spec(rollout=rollout | (BY_LABELS if labels else {}))


@dataclass(frozen=True, slots=True)
class Seatrial:
    """A trial with the operator's defaults, in canary alone (as the peers') or after a shadow stage.

    With `labels` the truth of every tenth request is known as soon as it was answered, and accuracy is checked.
    """

    name: str
    shadow: bool = False
    labels: bool = False

    def lead(self, traffic: Traffic) -> Path:
        """Return how the trial goes."""
        spec = specification(traffic.steps, shadow=self.shadow, labels=self.labels)
        return _Trial(traffic, spec, labels=self.labels).path()


class _Trial:
    """One trial as it goes on: what the operator observes, and the ticks at which the canary's steps began."""

    def __init__(self, traffic: Traffic, spec: Spec, *, labels: bool) -> None:
        self._traffic, self._spec, self._labels = traffic, spec, labels
        self._longest = int(spec.rollout.progress_deadline.total_seconds()) // TICK_SECONDS
        stage = Stage.CANARY if spec.rollout.shadow is None else Stage.SHADOW
        self._observed = given.on_trial(stage, of=spec, evidence=AWAY)
        self._tick = 0
        self._steps = [0] if stage is Stage.CANARY else []
        self._ledger = self._new_ledger()
        self._chance = traffic.chance()

    def path(self) -> Path:
        """Return how it goes, up to the progress deadline."""
        while self._tick < self._longest:
            self._serve(min(ticks_to_next_look(self._ledger.ticks), self._longest - self._tick))
            self._look()
            if self._observed.status.trial is None:
                ended = Ended(self._observed.status.history[-1].outcome)
                return Path(tuple(self._steps), self._tick, ENDINGS[ended])
        return Path(tuple(self._steps), self._tick, Ending.HELD)

    @property
    def _now(self) -> datetime:
        return given.NOW + timedelta(seconds=self._tick * TICK_SECONDS)

    def _new_ledger(self) -> Ledger:
        return Ledger(self._now, self._traffic.history, self._longest - self._tick)

    def _serve(self, count: int) -> None:
        """Let time pass, and count what both versions answer in it."""
        ticks = slice(self._tick, self._tick + count)
        self._tick = ticks.stop
        if self._steps:
            self._serve_canary(ticks)
        else:
            self._serve_shadow(ticks)

    def _serve_canary(self, ticks: slice) -> None:
        step, began = len(self._steps) - 1, self._steps[-1]
        candidate, stable = self._traffic.candidate(step, began, ticks), self._traffic.stable(step, ticks)
        warm = candidate.buckets.copy()
        cold = min(max(began + COLD_TICKS - ticks.start, 0), len(warm))
        warm[:cold] -= self._traffic.newcomers(step, slice(ticks.start, ticks.start + cold))
        self._ledger.add(candidate, stable, warm, self._traffic.scraped(ticks))
        if self._labels:
            self._ledger.label(self._labelled(candidate, stable))

    def _labelled(self, candidate: Answers, stable: Answers) -> bursts.Counts:
        labels = self._chance.binomial(np.stack((candidate.requests, stable.requests)), LABELLED)
        wrong = [[1 - self._traffic.world.accuracy], [1 - ACCURACY]]
        return np.stack((labels, self._chance.binomial(labels, wrong)), axis=2)

    def _serve_shadow(self, ticks: slice) -> None:
        """The candidate's pods are all new; only what stable could answer is compared."""
        candidate, stable = self._traffic.copied(ticks)
        warm = candidate.buckets.copy()
        warm[: max(COLD_TICKS - ticks.start, 0)] = 0
        self._ledger.add(candidate, stable, warm, self._traffic.scraped(ticks))
        failed = int(candidate.errors.sum())
        answered = max(0, int(stable.requests.sum() - stable.errors.sum()) - failed)
        disagree = int(self._chance.binomial(answered, self._traffic.world.disagreement))
        self._ledger.compare(answered - disagree, disagree, failed)
        if self._labels:
            self._ledger.pair(self._paired(answered))

    def _paired(self, answered: int) -> Pairs:
        """Where the answers are two, those that differ are right at one of the sides."""
        labels = self._chance.binomial(answered, LABELLED)
        return Pairs(*self._chance.multinomial(labels, self._traffic.world.pairs).tolist())

    def _look(self) -> None:
        """Do passes as long as something follows from the one before."""
        while True:
            before = self._observed.status
            self._observed = replace(self._observed, evidence=self._evidence(before))
            findings = judge(self._observed, self._spec)
            status = advance(self._observed, self._spec, before, findings, self._now)
            status = with_weight(self._observed, self._spec, status, self._now)
            self._observed = replace(self._observed, status=status)
            if _place(status) == _place(before):
                return
            self._follow(before, status)

    def _evidence(self, status: Status) -> Evidence | Unknown:
        if self._traffic.is_dark(self._tick):
            return AWAY
        asked = questions(given.KEY, self._spec, status, self._now, given.DEFAULTS.namespace_label)
        return self._ledger.evidence(asked) if asked else Evidence(since=self._now)

    def _follow(self, before: Status, status: Status) -> None:
        """Begin to count anew with a stage, and remember when a step's weight took effect."""
        trial, steps = status.trial, self._traffic.steps.weights
        if status.stage is not before.stage:
            self._ledger = self._new_ledger()
        if trial is not None and trial.step_since is not None and len(self._steps) <= trial.step < len(steps):
            self._steps.append(self._tick)


def ticks_to_next_look(lasted: int) -> int:
    """Return the ticks between two looks at a stage that has lasted for some."""
    return USUAL_LOOK if lasted < HOUR else lasted // PARTS


def _place(status: Status) -> tuple[object, ...]:
    trial = status.trial
    return () if trial is None else (trial.stage, trial.step, trial.step_since, status.weight)
