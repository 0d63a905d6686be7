"""The model versions of the running example, each as the training job that made it would have left it.

1       a decision tree: good
2       a forest: a little better, and of the same mind as 1 nearly always
3       its job had the columns files_changed and previous_failures swapped: fine by its own figures, wrong in use
broken  its job's extract left out a team, and its encoder refuses what it never saw: an error for that team's rows
slow    a forest of far more trees: the answers of version 2, at several times the price
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from tests.demo.world import CATEGORICAL, FEATURES, TARGET

SEED = 42
FORGOTTEN_TEAM = "Mobile"
TREES, SLOW_TREES = 30, 1000
SWAPPED = {"files_changed": "previous_failures", "previous_failures": "files_changed"}


@dataclass(frozen=True, slots=True)
class Split:
    """70 %, 15 % and 15 % of the rows, each with the same shares of the target's classes."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A fitted pipeline, the split as its job saw it, and the accuracies (fractions of 1) that the job claims, by
    set: validation, test."""

    pipeline: Pipeline
    split: Split
    accuracy: Mapping[str, float]


def split_rows(rows: pd.DataFrame, seed: int = SEED) -> Split:
    """Split rows at random, stratified by the target."""
    train, rest = train_test_split(rows, train_size=0.70, stratify=rows[TARGET], random_state=seed)
    validation, test = train_test_split(rest, test_size=0.5, stratify=rest[TARGET], random_state=seed)
    return Split(train, validation, test)


def pipeline_of(estimator: ClassifierMixin, unknown: str = "ignore") -> Pipeline:
    """Return an unfitted pipeline: texts one-hot (`unknown`: what becomes of unseen ones), numbers as they are."""
    encoder = OneHotEncoder(handle_unknown=unknown, sparse_output=False)
    columns = ColumnTransformer([("categories", encoder, list(CATEGORICAL))], remainder="passthrough")
    return Pipeline([("encode", columns), ("classify", estimator)])


def tree() -> DecisionTreeClassifier:
    """Return version 1's estimator: leaves are split best first, so a block of one mind stays one leaf."""
    return DecisionTreeClassifier(max_depth=8, max_leaf_nodes=32, random_state=SEED)


def forest(trees: int = TREES) -> RandomForestClassifier:
    """Return version 2's estimator: trees of few leaves, each free to split on any column."""
    return RandomForestClassifier(n_estimators=trees, max_leaf_nodes=44, max_features=None, random_state=SEED)


def fit(pipeline: Pipeline, rows: pd.DataFrame) -> ModelVersion:
    """Fit on 70 % of the rows and measure on the rest."""
    split = split_rows(rows)
    pipeline.fit(split.train[list(FEATURES)], split.train[TARGET])
    measured = {"validation": accuracy(pipeline, split.validation), "test": accuracy(pipeline, split.test)}
    return ModelVersion(pipeline, split, measured)


def accuracy(pipeline: Pipeline, rows: pd.DataFrame) -> float:
    """Return the share of rows that the pipeline gets right."""
    return float((pipeline.predict(rows[list(FEATURES)]) == rows[TARGET]).mean())


def _first(rows: pd.DataFrame) -> ModelVersion:
    return fit(pipeline_of(tree()), rows)


def _improved(rows: pd.DataFrame) -> ModelVersion:
    return fit(pipeline_of(forest()), rows)


def _swapped(rows: pd.DataFrame) -> ModelVersion:
    return fit(pipeline_of(forest()), rows.rename(columns=SWAPPED)[list(rows.columns)])


def _broken(rows: pd.DataFrame) -> ModelVersion:
    return fit(pipeline_of(forest(), unknown="error"), rows[rows["team"] != FORGOTTEN_TEAM])


def _slow(rows: pd.DataFrame) -> ModelVersion:
    return fit(pipeline_of(forest(SLOW_TREES)), rows)


# What makes each version out of the past's rows.
VERSIONS: Mapping[str, Callable[[pd.DataFrame], ModelVersion]] = {
    "1": _first,
    "2": _improved,
    "3": _swapped,
    "broken": _broken,
    "slow": _slow,
}
