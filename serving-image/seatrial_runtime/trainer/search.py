"""The search: each candidate's grid by cross-validation on the training rows, the winner by the validation rows."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold

from seatrial.contract.schema import Feature, Task
from seatrial_runtime.trainer.candidates import ESTIMATE, Contender, pipeline
from seatrial_runtime.trainer.errors import RequestError
from seatrial_runtime.trainer.schema import Rows, join
from seatrial_runtime.trainer.scoring import UnscoredError, score


@dataclass(frozen=True, slots=True)
class Searched:
    """The best setting of one candidate; `model` is fitted on the training rows."""

    path: str
    parameters: dict[str, Any]
    cross_validation: float  # the mean over the folds
    validation: float
    model: Any


@dataclass(frozen=True, slots=True)
class Plan:
    """How candidates are compared."""

    metric: str
    task: Task
    folds: int
    seed: int


def search(
    found: Sequence[Contender],
    features: Sequence[Feature],
    train: Rows,
    validation: Rows,
    plan: Plan,
    progress: Callable[[Searched], None],
) -> list[Searched]:
    """Return each candidate with its best setting; `progress` hears of each when it is done. Raises RequestError."""
    results = []
    for contender in found:
        results.append(_search_one(contender, features, train, validation, plan))
        progress(results[-1])
    return results


def choose(results: Sequence[Searched]) -> Searched:
    """Return the best on the validation rows; of equal ones the first."""
    return max(results, key=lambda result: result.validation)


def refit(chosen: Searched, train: Rows, validation: Rows) -> Any:
    """Return the chosen setting fitted anew on training and validation rows."""
    rows = join([train, validation])
    with _quiet():
        return clone(chosen.model).fit(rows.features, rows.target)


def _search_one(
    contender: Contender, features: Sequence[Feature], train: Rows, validation: Rows, plan: Plan
) -> Searched:
    grid = {f"{ESTIMATE}__{name}": list(values) for name, values in contender.grid.items()}
    folds = StratifiedKFold if plan.task is Task.CLASSIFICATION else KFold
    cv = folds(plan.folds, shuffle=True, random_state=plan.seed)
    model = pipeline(contender, features)
    trial = GridSearchCV(model, grid, scoring=plan.metric, cv=cv, n_jobs=1, error_score="raise")
    try:
        with _quiet():
            trial.fit(train.features, train.target)
        measured = score(trial.best_estimator_, validation, (plan.metric,))
    except (ValueError, TypeError, UnscoredError) as error:
        raise RequestError(f"candidate {contender.path} cannot be trained: {error}") from error
    best = {name.removeprefix(f"{ESTIMATE}__"): value for name, value in trial.best_params_.items()}
    return Searched(contender.path, best, float(trial.best_score_), measured[plan.metric], trial.best_estimator_)


@contextmanager
def _quiet() -> Iterator[None]:
    """A fit that has not converged is judged by its score, like every other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
