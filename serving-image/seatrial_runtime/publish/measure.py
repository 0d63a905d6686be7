"""How right a model's answers are on rows whose truth is known."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seatrial.contract.schema import Task, class_name


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


def _regression(truth: NDArray[np.float64], answers: NDArray[np.float64]) -> dict[str, float]:
    measured = {"mae": float(np.mean(np.abs(truth - answers)))}
    spread = float(np.sum((truth - truth.mean()) ** 2))
    if spread > 0:
        measured["r2"] = 1.0 - float(np.sum((truth - answers) ** 2)) / spread
    return measured
