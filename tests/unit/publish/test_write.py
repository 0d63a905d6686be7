"""The files of a version: complete, described by their manifest, and the same bytes each time."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import Birch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from seatrial.contract.canonical import digest_of_file
from seatrial.contract.manifest import Data, Gate, Manifest, parse_manifest
from seatrial.contract.reference import parse_reference
from seatrial_runtime.publish.describe import DescriptionError
from seatrial_runtime.publish.write import Draft, write_version
from seatrial_runtime.trust import load_model


def table(rows: int = 60) -> pd.DataFrame:
    numbers = np.arange(rows)
    return pd.DataFrame({"size": numbers % 7, "age": numbers * 0.5})


def draft(estimator: object = None, **changes: object) -> Draft:
    rows = table()
    fitted = estimator or RandomForestClassifier(5, random_state=0).fit(rows, np.where(rows["size"] > 3, "High", "Low"))
    plain = Draft(
        model="risk", version="7", created="2026-01-01T00:00:00Z", estimator=fitted, rows=rows, target="risk_level"
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def write(folder: Path, given: Draft | None = None, form: str = "skops") -> Manifest:
    folder.mkdir()
    return write_version(given or draft(), folder, form)


def test_the_manifest_names_every_file_with_its_digest_and_size(tmp_path: Path) -> None:
    manifest = write(tmp_path / "v")
    found = {path.name: (digest_of_file(path), path.stat().st_size) for path in (tmp_path / "v").iterdir()}
    assert {name: (file.sha256, file.size) for name, file in manifest.files.items()} == found
    assert set(found) == {"model.skops", "reference.json", "metrics.json", "card.md"}
    assert parse_manifest(manifest.encode()) == manifest


def test_the_manifest_says_what_the_model_is(tmp_path: Path) -> None:
    manifest = write(tmp_path / "v", draft(recommendations={"High": "ask"}, seed=42))
    assert manifest.estimator == "sklearn.ensemble.RandomForestClassifier"
    assert manifest.parameters["n_estimators"] == "5"
    assert [feature.name for feature in manifest.features] == ["size", "age"]
    assert (manifest.output.name, manifest.output.classes) == ("risk_level", ("High", "Low"))
    assert manifest.output.recommendations == {"High": "ask"}
    assert {"python", "platform", "scikit-learn", "numpy", "skops"} <= set(manifest.packages)
    assert manifest.seed == 42


def test_of_a_pipeline_the_last_step_is_named(tmp_path: Path) -> None:
    rows = table()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5)).fit(rows, rows["size"] > 3)
    manifest = write(tmp_path / "v", draft(model))
    assert manifest.estimator == "sklearn.linear_model.LogisticRegression"
    assert manifest.parameters["C"] == "0.5"
    assert manifest.output.classes == ("False", "True")


def test_the_reference_holds_the_features_and_the_models_own_answers(tmp_path: Path) -> None:
    write(tmp_path / "v")
    reference = parse_reference((tmp_path / "v/reference.json").read_bytes())
    assert reference.rows == 60
    assert list(reference.features) == ["(prediction)", "age", "size"]
    assert sum(reference.features["(prediction)"].counts) == 60


def test_the_model_in_the_file_answers_as_the_one_in_memory(tmp_path: Path) -> None:
    given = draft()
    for form in ("skops", "joblib"):
        write(tmp_path / form, given, form)
        loaded = load_model(tmp_path / form / f"model.{form}", form, allow_pickle=form == "joblib")
        np.testing.assert_array_equal(loaded.predict_proba(table()), given.estimator.predict_proba(table()))


SCRIPT = """
import sys
from pathlib import Path
from tests.unit.publish.test_write import write
print(write(Path(sys.argv[1])).digest)
"""


def test_the_same_draft_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    """Addresses, hash seeds and the time of day differ between processes."""
    digests = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path / seed)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ".", "PATH": ""},
            cwd=Path(__file__).parents[3],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert digests[0] == digests[1]
    assert digests[0].startswith("sha256:")


def test_a_file_of_the_wanted_format_is_published_as_it_is(tmp_path: Path) -> None:
    write(tmp_path / "first")
    source = tmp_path / "first/model.skops"
    source.write_bytes(source.read_bytes() + b"signed by somebody")
    write(tmp_path / "again", draft(source=source))
    assert (tmp_path / "again/model.skops").read_bytes() == source.read_bytes()


def test_a_file_of_another_format_is_written_anew(tmp_path: Path) -> None:
    source = tmp_path / "model.joblib"
    joblib.dump(draft().estimator, source)
    manifest = write(tmp_path / "v", draft(source=source))
    assert (manifest.artifact, manifest.format) == ("model.skops", "skops")
    load_model(tmp_path / "v/model.skops", "skops")


def test_a_format_that_nobody_reads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match="format is 'onnx'; expected one of skops, joblib"):
        write(tmp_path / "v", form="onnx")


def test_a_model_that_skops_cannot_write_says_what_to_do(tmp_path: Path) -> None:
    rows = table()
    model = make_pipeline(Birch(n_clusters=None), LogisticRegression()).fit(rows, rows["size"] > 3)
    with pytest.raises(DescriptionError, match=r"skops cannot write this model: .*; only skops files are served"):
        write(tmp_path / "v", draft(model))


def test_the_card_says_what_matters(tmp_path: Path) -> None:
    gates = (Gate("minimum", False, "accuracy 0.7, at least 0.85"),)
    data = Data("train.csv", "sha256:" + "0" * 64, 60, {"train": 50, "test": 10})
    write(tmp_path / "v", draft(gates=gates, data=data, metrics={"test": {"accuracy": 0.7}}))
    card = (tmp_path / "v/card.md").read_text()
    for said in (
        "# risk 7",
        "`sklearn.ensemble.RandomForestClassifier`",
        "`risk_level`: High, Low",
        "**rejected**",
        "**failed** minimum: accuracy 0.7, at least 0.85",
        "60 rows of `train.csv`: 10 test, 50 train",
        "| test | accuracy | 0.7 |",
        "| size | integer | no |",
        "## Limits",
        "- scikit-learn ",
    ):
        assert said in card


def test_the_card_warns_of_metrics_on_training_data_alone(tmp_path: Path) -> None:
    write(tmp_path / "v", draft(metrics={"training": {"accuracy": 1.0}}))
    write(tmp_path / "w", draft(metrics={"training": {"accuracy": 1.0}, "test": {"accuracy": 0.9}}))
    warning = "Nothing was measured on rows that it had not seen"
    assert warning in (tmp_path / "v/card.md").read_text()
    assert warning not in (tmp_path / "w/card.md").read_text()
