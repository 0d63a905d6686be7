"""Candidates: from an import path and a grid to a pipeline that can be fitted on the dataset's columns."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from seatrial.contract.canonical import Json
from seatrial.contract.schema import Feature, Kind, Task
from seatrial.contract.training import Candidate
from seatrial_runtime.trainer.errors import RequestError

TRUSTED = ("sklearn.",)  # what a predictor loads without anybody's word
MAXIMUM_SETTINGS = 200  # of one candidate's grid
MAXIMUM_CATEGORIES = 100  # columns that a text becomes; rarer texts share one
PREPARE, ESTIMATE = "prepare", "estimate"
_UNSCALED = ("sklearn.tree", "sklearn.ensemble")  # what splits at a threshold does not care for scale


@dataclass(frozen=True, slots=True)
class Contender:
    """A candidate as it can be fitted: an estimator with its seed, and its grid."""

    path: str
    estimator: Any
    grid: Mapping[str, tuple[Json, ...]]

    @property
    def scaled(self) -> bool:
        """Whether its numbers are brought to one scale first."""
        return not any(kind.__module__.startswith(_UNSCALED) for kind in type(self.estimator).__mro__)


def contenders(
    candidates: Sequence[Candidate], seed: int, trusted: Sequence[str] = TRUSTED
) -> tuple[tuple[Contender, ...], Task]:
    """Return the candidates as they can be fitted, and the one task that all of them are for; raises RequestError."""
    if not candidates:
        raise RequestError("candidates is empty; expected at least one estimator")
    found = tuple(_contender(candidate, seed, trusted) for candidate in candidates)
    tasks = {_task(contender) for contender in found}
    if len(tasks) > 1:
        raise RequestError("candidates has classifiers and regressors; expected one kind")
    return found, tasks.pop()


def pipeline(contender: Contender, features: Sequence[Feature]) -> Pipeline:
    """Return an unfitted pipeline that prepares the features and estimates.

    Texts become one column for each of their values (an unknown value has none of them); numbers stay as they are for
    trees and are scaled for all others; what is missing is filled by the median, or is a value of its own for texts.
    """
    made = {
        "numbers": _numbers(contender.scaled, fill=False),
        "gaps": _numbers(contender.scaled, fill=True),
        "flags": "passthrough",
        "texts": _texts(),
    }
    columns = {part: [feature.name for feature in features if _part(feature) == part] for part in made}
    parts = [(part, transformer, columns[part]) for part, transformer in made.items() if columns[part]]
    prepare = ColumnTransformer(parts, sparse_threshold=0)
    return Pipeline([(PREPARE, prepare), (ESTIMATE, contender.estimator)])


def _contender(candidate: Candidate, seed: int, trusted: Sequence[str]) -> Contender:
    kind = _import(candidate.estimator, trusted)
    try:
        estimator = kind()
    except TypeError as error:
        raise RequestError(f"candidate {candidate.estimator} needs arguments ({error}), and cannot be used") from None
    parameters = estimator.get_params()
    for name in candidate.grid:
        if name not in parameters:
            raise RequestError(
                f"candidate {candidate.estimator} has no parameter {name!r}; it has {', '.join(sorted(parameters))}"
            )
    if prod(map(len, candidate.grid.values())) > MAXIMUM_SETTINGS:
        raise RequestError(f"candidate {candidate.estimator} has a grid of more than {MAXIMUM_SETTINGS} settings")
    if "random_state" in parameters:
        estimator.set_params(random_state=seed)
    return Contender(candidate.estimator, estimator, candidate.grid)


def _import(path: str, trusted: Sequence[str]) -> type[BaseEstimator]:
    if not path.startswith(tuple(trusted)):
        raise RequestError(f"candidate {path!r} is not of {', '.join(trusted)}*: only these estimators are trained")
    module, _, name = path.rpartition(".")
    try:
        kind = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        raise RequestError(f"candidate {path!r} cannot be imported: {error}") from None
    if not (isinstance(kind, type) and issubclass(kind, BaseEstimator)):
        raise RequestError(f"candidate {path!r} is no estimator; expected such as sklearn.tree.DecisionTreeClassifier")
    return kind


def _task(contender: Contender) -> Task:
    if is_classifier(contender.estimator):
        return Task.CLASSIFICATION
    if is_regressor(contender.estimator):
        return Task.REGRESSION
    raise RequestError(f"candidate {contender.path} is neither a classifier nor a regressor")


def _part(feature: Feature) -> str:
    """Return the part of the preparation that a feature goes through.

    Booleans apart from numbers: together they would be an array of objects. One that may be missing has three values,
    like a text.
    """
    match feature.kind:
        case Kind.NUMBER | Kind.INTEGER:
            return "gaps" if feature.nullable else "numbers"
        case Kind.BOOLEAN:
            return "texts" if feature.nullable else "flags"
        case Kind.STRING:
            return "texts"


def _numbers(scaled: bool, *, fill: bool) -> Any:
    steps: list[tuple[str, Any]] = []
    if fill:
        steps.append(("fill", SimpleImputer(strategy="median", keep_empty_features=True)))
    if scaled:
        steps.append(("scale", StandardScaler()))
    return Pipeline(steps) if steps else "passthrough"


def _texts() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAXIMUM_CATEGORIES, sparse_output=False)
