"""A loaded estimator, which was checked against its manifest, as a function from rows to answers."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from seatrial.contract.manifest import Manifest
from seatrial.contract.schema import Task
from seatrial_runtime.predictor.matrix import Matrix, arrays, frames
from seatrial_runtime.predictor.protocol import Answer
from seatrial_runtime.predictor.rows import Rows

Predict = Callable[[Rows], Answer]

# Their `predict` is, by scikit-learn's own code, the class of the largest probability: one call serves for both.
_BY_PROBABILITY = frozenset(
    {
        "DecisionTreeClassifier",
        "ExtraTreeClassifier",
        "RandomForestClassifier",
        "ExtraTreesClassifier",
    }
)


class PredictionError(RuntimeError):
    """The model failed on rows that its schema allows; the message says how."""


def prediction_of(estimator: Any, manifest: Manifest) -> Predict:
    """Return the function by which the estimator answers.

    It raises PredictionError whatever the estimator does, and is used by one thread at a time.
    """
    _run_alone(estimator)
    matrix = _matrix(estimator, manifest)
    match manifest.output.task:
        case Task.CLASSIFICATION:
            answer = _classifier(estimator, manifest)
        case Task.REGRESSION:
            answer = _regressor(estimator)

    def predict(rows: Rows) -> Answer:
        try:
            return answer(matrix(rows), rows.count)
        except PredictionError:
            raise
        except Exception as error:
            raise PredictionError(f"{type(error).__name__}: {error}") from error

    return predict


def _run_alone(estimator: Any) -> None:
    """Let no part of the estimator start threads or processes: for a batch of rows that costs more than it gives."""
    jobs = [name for name in getattr(estimator, "get_params", dict)() if name == "n_jobs" or name.endswith("__n_jobs")]
    if jobs:
        estimator.set_params(**dict.fromkeys(jobs, None))


def _matrix(estimator: Any, manifest: Manifest) -> Matrix:
    named = hasattr(estimator, "feature_names_in_")
    return frames(manifest.features) if named else arrays(manifest.features)


def _classifier(estimator: Any, manifest: Manifest) -> Callable[[Any, int], Answer]:
    classes = manifest.output.classes
    position = {name: i for i, name in enumerate(np.asarray(estimator.classes_).tolist())}
    by_probability = _final_class(estimator) in _BY_PROBABILITY

    def chosen_by_model(matrix: Any, count: int) -> list[int]:
        return [position[name] for name in _vector(estimator.predict(matrix), count).tolist()]

    def bare(matrix: Any, count: int) -> Answer:
        return Answer([classes[i] for i in chosen_by_model(matrix, count)])

    def full(matrix: Any, count: int) -> Answer:
        shares = _shares(estimator.predict_proba(matrix), count, len(classes))
        chosen = shares.argmax(axis=1).tolist() if by_probability else chosen_by_model(matrix, count)
        probabilities = shares.tolist()
        confidences = [row[i] for row, i in zip(probabilities, chosen, strict=True)]
        return Answer([classes[i] for i in chosen], confidences, probabilities)

    return full if hasattr(estimator, "predict_proba") else bare


def _regressor(estimator: Any) -> Callable[[Any, int], Answer]:
    def answer(matrix: Any, count: int) -> Answer:
        values: list[float] = _vector(estimator.predict(matrix), count).astype(np.float64).tolist()
        if not all(map(math.isfinite, values)):
            raise PredictionError("the model predicted a number that is not finite")
        return Answer(values)

    return answer


def _final_class(estimator: Any) -> str:
    """Return the class that decides: of a pipeline, its last step's. Only scikit-learn's own are named."""
    while type(estimator).__name__ == "Pipeline" and type(estimator).__module__ == "sklearn.pipeline":
        estimator = estimator.steps[-1][1]
    own = type(estimator).__module__.startswith("sklearn.")
    return type(estimator).__name__ if own else ""


def _vector(values: Any, count: int) -> npt.NDArray[Any]:
    array = np.asarray(values)
    if array.shape != (count,):
        raise PredictionError(f"the model predicted an array of shape {array.shape}; expected ({count},)")
    return array


def _shares(values: Any, count: int, classes: int) -> npt.NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (count, classes) or not np.isfinite(array).all():
        raise PredictionError(
            f"the model's probabilities are {array.shape}, or not finite; expected ({count}, {classes}) finite ones"
        )
    return array
