"""Scores by scikit-learn's scorer names: greater is always better, errors and losses count as negative numbers."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import check_scoring, get_scorer_names

from seatrial.contract.manifest import Manifest
from seatrial.contract.schema import Task, class_name
from seatrial_runtime.trainer.errors import RequestError
from seatrial_runtime.trainer.schema import Rows

# Measured on the test rows beside the metric that was asked for.
_ALWAYS = {Task.CLASSIFICATION: ("accuracy", "f1_macro"), Task.REGRESSION: ("r2", "neg_root_mean_squared_error")}
_LATENCY_WARM, _LATENCY_ROWS = 20, 300

Scores = Mapping[str, float]


class UnscoredError(Exception):
    """A model cannot be measured on these rows; the message says why."""


def check_metric(metric: str) -> str:
    """Return the name of a scorer; raises RequestError with the names that there are."""
    if metric not in get_scorer_names():
        raise RequestError(f"metric is {metric!r}; expected one of {', '.join(get_scorer_names())}")
    return metric


def metrics_of(metric: str, task: Task) -> tuple[str, ...]:
    """Return the metrics to measure on the test rows, the asked one first, each once."""
    return tuple(dict.fromkeys((metric, *_ALWAYS[task])))


def score(model: Any, rows: Rows, metrics: tuple[str, ...]) -> Scores:
    """Return a model's scores on rows; raises UnscoredError."""
    try:
        found = check_scoring(model, scoring=list(metrics))(model, rows.features, rows.target)
    except Exception as error:  # whatever a model or a scorer raises
        raise UnscoredError(f"{type(error).__name__}: {error}") from error
    scores = {name: float(value) for name, value in found.items()}
    for name, value in scores.items():
        if not np.isfinite(value):
            raise UnscoredError(f"{name} is {value}")
    return scores


def score_version(estimator: Any, manifest: Manifest, rows: Rows, metrics: tuple[str, ...]) -> Scores:
    """Return the scores of a published version, given its own features and its own classes; raises UnscoredError."""
    names = [feature.name for feature in manifest.features]
    missing = [name for name in names if name not in rows.features.columns]
    if missing:
        raise UnscoredError(f"it needs the feature {missing[0]!r}, which the dataset does not have")
    own = {class_name(value): value for value in getattr(estimator, "classes_", ())}
    return score(estimator, Rows(rows.features[names], rows.target.map(lambda name: own.get(name, name))), metrics)


def baseline(train: Rows, task: Task) -> Any:
    """Return the model that always gives the most frequent class, or the mean, of the rows it is given."""
    model = DummyClassifier(strategy="most_frequent") if task is Task.CLASSIFICATION else DummyRegressor()
    return model.fit(train.features, train.target)


def latency_p99(model: Any, rows: Rows, seconds: Callable[[], float]) -> float:
    """Return the 99th percentile of the time, in seconds, that a model takes for one row; `seconds` is a clock."""
    single = [rows.features.iloc[[i % len(rows)]] for i in range(_LATENCY_WARM + _LATENCY_ROWS)]
    taken = []
    for row in single:
        begun = seconds()
        model.predict(row)
        taken.append(seconds() - begun)
    return float(np.quantile(taken[_LATENCY_WARM:], 0.99))
