"""The one look at the test rows: for the chosen model and for what it is compared with; then the gates."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from seatrial.contract.manifest import Gate
from seatrial.contract.training import Gates
from seatrial_runtime.trainer.errors import TrainingError
from seatrial_runtime.trainer.gates import Evidence, Serving, judge
from seatrial_runtime.trainer.schema import Rows
from seatrial_runtime.trainer.scoring import (
    Scores,
    UnscoredError,
    baseline,
    latency_p99,
    metrics_of,
    score,
    score_version,
)
from seatrial_runtime.trainer.search import Plan, Searched
from seatrial_runtime.trainer.sources import ServingVersion
from seatrial_runtime.trainer.splitting import Split

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trained:
    """The model that the search chose, fitted on `rows`, and the parts of the data."""

    chosen: Searched
    model: Any
    rows: Rows
    split: Split


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the one look at the test rows showed."""

    metrics: dict[str, Scores]
    gates: tuple[Gate, ...]


def look(
    gates: Gates, plan: Plan, trained: Trained, serving: ServingVersion | None, seconds: Callable[[], float]
) -> Outcome:
    """Look at the test rows: once, for the chosen model and for what it is compared with."""
    test, wanted = trained.split.test, metrics_of(plan.metric, plan.task)
    try:
        own = score(trained.model, test, wanted)
        always_same = score(baseline(trained.rows, plan.task), test, wanted)
    except UnscoredError as error:
        raise TrainingError(f"the model cannot be measured on the test rows: {error}") from error
    metrics: dict[str, Scores] = {
        "crossValidation": {plan.metric: trained.chosen.cross_validation},
        "validation": {plan.metric: trained.chosen.validation},
        "test": own,
        "baseline": always_same,
    }
    compared = None if serving is None else _compare(serving, test, wanted, metrics)
    limit = gates.latency_p99
    latency = None if limit is None else latency_p99(trained.model, trained.rows, seconds)
    evidence = Evidence(plan.metric, own[plan.metric], always_same[plan.metric], compared, latency)
    judged = judge(gates, evidence)
    for gate in judged:
        _log.info("gate", extra={"fields": {"gate": gate.name, "passed": gate.passed, "detail": gate.detail}})
    return Outcome(metrics, judged)


def _compare(serving: ServingVersion, test: Rows, wanted: tuple[str, ...], metrics: dict[str, Scores]) -> Serving:
    """Measure the serving version on the same rows, and add its scores to the metrics."""
    if serving.manifest is None or serving.estimator is None:
        return Serving(serving.version, None, serving.reason)
    try:
        scores = score_version(serving.estimator, serving.manifest, test, wanted)
    except UnscoredError as error:
        return Serving(serving.version, None, str(error))
    metrics["serving"] = scores
    return Serving(serving.version, scores[wanted[0]])
