"""How right a model's answers are on rows whose truth is known."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seatrial.contract.schema import Output, Task, class_name
from seatrial_runtime.publish.describe import DescriptionError

_NAMED = 5  # values or classes that a message names


def measure(task: Task, truth: "pd.Series[Any]", answers: NDArray[Any]) -> dict[str, float]:
    """Return a classification's accuracy (fraction of 1), or a regression's r2 and mean absolute error.

    Rows without a truth do not count; without any there is nothing to say. A constant truth has no r2.
    """
    known = truth.notna().to_numpy()
    if not known.any():
        return {}
    if task is Task.CLASSIFICATION:
        pairs = zip(truth[known], answers[known], strict=True)
        return {"accuracy": float(np.mean([class_name(true) == class_name(said) for true, said in pairs]))}
    return _regression(truth[known].to_numpy(np.float64), answers[known].astype(np.float64))


def check_truth(output: Output, truth: "pd.Series[Any]") -> None:
    """Raise DescriptionError where no value of a classifier's target is one of its classes, compared by name."""
    if output.task is not Task.CLASSIFICATION:
        return
    found = Counter(map(class_name, truth.dropna()))
    if found and found.keys().isdisjoint(output.classes):
        values = [name for name, _ in found.most_common()]
        raise DescriptionError(
            f"column {output.name} holds {_few(values)}, none of which is a class of the model; "
            f"expected {_few(output.classes)}"
        )


def most_frequent(truth: "pd.Series[Any]") -> tuple[str, float]:
    """Return the most frequent class, and the accuracy of always answering it; at least one row must have a truth."""
    found = Counter(map(class_name, truth.dropna()))
    name, count = found.most_common(1)[0]
    return name, count / found.total()


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(map(repr, names[:_NAMED])) + more


def _regression(truth: NDArray[np.float64], answers: NDArray[np.float64]) -> dict[str, float]:
    measured = {"mae": float(np.mean(np.abs(truth - answers)))}
    spread = float(np.sum((truth - truth.mean()) ** 2))
    if spread > 0:
        measured["r2"] = 1.0 - float(np.sum((truth - answers) ** 2)) / spread
    return measured
