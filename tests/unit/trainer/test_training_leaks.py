"""The test rows: nothing is fitted on them, and the model meets each of them once.

The dataset has a text that is another in each row: whatever was fitted on a test row would know that row's text.
"""

from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from seatrial.contract.training import Candidate, Gates
from seatrial_runtime.loading import load_version
from seatrial_runtime.trainer.splitting import Split, split_rows
from tests.unit.trainer.builders import HOME, World, ask, deployments, rows_of

MODULE = __name__


class Spy(DecisionTreeClassifier):  # type: ignore[misc]
    """A tree that remembers which rows each of its fits and predictions saw, by their serial numbers."""

    fits: ClassVar[list[set[float]]] = []
    predictions: ClassVar[list[tuple[int, list[float]]]] = []  # (rows fitted on, rows asked about)

    def fit(self, X: Any, y: Any) -> "Spy":  # noqa: N803
        """Fit, and remember."""
        self.fits.append({float(value) for value in np.asarray(X)[:, 0]})
        self.fitted_ = len(y)
        super().fit(X, y)
        return self

    def predict(self, X: Any) -> Any:  # noqa: N803
        """Predict, and remember."""
        self.predictions.append((self.fitted_, [float(value) for value in np.asarray(X)[:, 0]]))
        return super().predict(X)


@pytest.fixture
def world(tmp_path: Path) -> World:
    frame = deployments(600)
    frame.insert(0, "serial", np.arange(600))
    frame["host"] = [f"host-{number}" for number in range(600)]
    return World(tmp_path, frame)


def split_of(world: World) -> Split:
    request = ask()
    return split_rows(rows_of(world.dataset), request.split, request.split_by, request.seed)


def test_preparation_is_fitted_on_training_and_validation_rows_alone(world: World, tmp_path: Path) -> None:
    linear = (Candidate("sklearn.linear_model.LogisticRegression", {}),)
    world.train(ask(candidates=linear))
    folder = tmp_path / "loaded"
    folder.mkdir()
    prepare = load_version(world.store, HOME, "1", None, folder).estimator.named_steps["prepare"]
    split = split_of(world)
    seen = pd.concat([split.train.features, split.validation.features])
    only_in_test = set(split.test.features["host"]) - set(seen["host"])
    assert len(only_in_test) == 90, "the dataset can show a leak"
    encoder = prepare.named_transformers_["texts"]
    assert set(encoder.categories_[prepare.transformers_[1][2].index("host")]) == set(seen["host"])
    scaler = prepare.named_transformers_["numbers"].named_steps["scale"]
    assert scaler.mean_ == pytest.approx(seen[["serial", "size", "share"]].mean().to_numpy())
    assert scaler.mean_[0] != pytest.approx(world.dataset["serial"].mean())


def test_the_model_meets_each_test_row_once_after_its_last_fit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Spy, "fits", [])
    monkeypatch.setattr(Spy, "predictions", [])
    monkeypatch.setattr("seatrial_runtime.publish.skops_file.dump", lambda _, path: path.write_bytes(b"spy"))
    spies = (Candidate(f"{MODULE}.Spy", {"max_depth": (2, 4)}), Candidate(f"{MODULE}.Spy", {}))
    world.train(ask(candidates=spies, gates=Gates(minimum=0.1, latency_p99=1)), trusted=(MODULE,))
    test = {float(value) for value in split_of(world).test.features["serial"]}
    assert not any(fitted & test for fitted in Spy.fits)
    asked = [(rows, [row for row in seen if row in test]) for rows, seen in Spy.predictions]
    looks = [(rows, seen) for rows, seen in asked if seen]
    assert len(looks) == 1, "one look at the test rows"
    assert looks[0][0] == 510, "by the model that was fitted on training and validation rows"
    assert Counter(looks[0][1]) == Counter(test)


def test_every_fold_is_prepared_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three folds of two settings, one fit on all training rows, one with the validation rows."""
    monkeypatch.setattr(Spy, "fits", [])
    monkeypatch.setattr("seatrial_runtime.publish.skops_file.dump", lambda _, path: path.write_bytes(b"spy"))
    world.train(ask(candidates=(Candidate(f"{MODULE}.Spy", {"max_depth": (2, 4)}),)), trusted=(MODULE,))
    assert [len(rows) for rows in Spy.fits] == [280] * 6 + [420, 510]
