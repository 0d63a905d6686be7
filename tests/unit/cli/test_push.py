"""`seatrial push`: what becomes of a model and its data, and what is refused in one line."""

import json
from pathlib import Path

import pandas as pd
import pytest
from sklearn.preprocessing import FunctionTransformer

from seatrial.contract.canonical import digest_of_file
from seatrial.contract.manifest import Lineage, Manifest
from seatrial.store.channels import read_channel
from seatrial.store.versions import list_versions, read_manifest
from tests.unit.cli.conftest import HOME, Terminal


def push(seatrial: Terminal, files: Path, version: str = "7", *more: str, model: str = "model.skops") -> int:
    paths = ["--model", str(files / model), "--data", str(files / "train.csv"), "--target", "risk_level"]
    return seatrial("push", "risk", version, *paths, *more)


def pushed(seatrial: Terminal, version: str = "7") -> Manifest:
    return read_manifest(seatrial.store, HOME, version)[0]


def refused(seatrial: Terminal, code: int) -> str:
    """Check that a command failed as it must, in one line, and return the line."""
    assert code == 2
    assert seatrial.err.startswith("seatrial: ")
    assert seatrial.err.count("\n") == 1
    return seatrial.err


def test_a_push_makes_a_version(seatrial: Terminal, files: Path) -> None:
    assert push(seatrial, files) == 0
    manifest = pushed(seatrial)
    assert seatrial.out == f"risk 7 pushed: {manifest.digest}\n"
    assert manifest.created == "2026-01-02T03:04:05+00:00"
    assert manifest.output.classes == ("High", "Low")
    assert [feature.name for feature in manifest.features] == ["size"]
    assert manifest.metrics == {"training": {"accuracy": 1.0}}
    assert manifest.lineage == Lineage(trigger="push")
    assert manifest.data is not None
    assert (manifest.data.uri, manifest.data.rows) == ("train.csv", 40)
    assert manifest.data.sha256 == digest_of_file(files / "train.csv")


def test_the_models_own_bytes_are_published(seatrial: Terminal, files: Path) -> None:
    push(seatrial, files)
    assert pushed(seatrial).files["model.skops"].sha256 == digest_of_file(files / "model.skops")


def test_no_path_of_this_machine_is_published(seatrial: Terminal, files: Path) -> None:
    push(seatrial, files)
    assert str(files) not in pushed(seatrial).encode().decode()


def test_a_push_can_move_a_channel(seatrial: Terminal, files: Path) -> None:
    assert push(seatrial, files, "7", "--channel", "latest") == 0
    held = read_channel(seatrial.store, HOME, "latest")
    assert held is not None
    assert (held.pointer.version, held.pointer.digest) == ("7", pushed(seatrial).digest)
    assert (held.pointer.by, held.pointer.reason) == ("ann", "pushed")
    push(seatrial, files, "8", "--channel", "latest")
    assert seatrial.out.endswith("channel latest points at 8\n")


def test_recommendations_and_metrics_are_those_that_were_given(seatrial: Terminal, files: Path) -> None:
    (files / "m.json").write_text('{"test": {"accuracy": 0.89}, "f1": 0.8}')
    given = ["--recommend", "High=ask = wait", "--recommend", "Low=go", "--metrics", str(files / "m.json")]
    assert push(seatrial, files, "7", *given) == 0
    assert pushed(seatrial).output.recommendations == {"High": "ask = wait", "Low": "go"}
    assert pushed(seatrial).metrics == {"test": {"accuracy": 0.89}, "given": {"f1": 0.8}}


def test_the_same_push_again_changes_nothing(seatrial: Terminal, files: Path) -> None:
    push(seatrial, files)
    before = list(seatrial.store.list(""))
    assert push(seatrial, files) == 0
    assert "was there already, the same to the byte" in seatrial.out
    assert list(seatrial.store.list("")) == before


def test_another_push_of_a_version_is_refused(seatrial: Terminal, files: Path) -> None:
    push(seatrial, files)
    line = refused(seatrial, push(seatrial, files, "7", "--recommend", "High=ask"))
    assert "version 7 of risk exists" in line
    assert "push under another version" in line


def test_a_pickle_is_refused_unless_trusted(seatrial: Terminal, files: Path) -> None:
    line = refused(seatrial, push(seatrial, files, model="model.joblib"))
    assert "model.joblib is a pickle (joblib), which can run any code on this machine when it is loaded" in line
    assert "give --trust-pickle if you trust whoever made it" in line
    assert list_versions(seatrial.store, HOME) == []


def test_a_trusted_pickle_is_published_as_skops(seatrial: Terminal, files: Path) -> None:
    assert push(seatrial, files, "7", "--trust-pickle", model="model.joblib") == 0
    assert pushed(seatrial).format == "skops"


def test_a_push_cannot_ask_for_a_version_that_nothing_serves(seatrial: Terminal, files: Path) -> None:
    given = ["--trust-pickle", "--format", "joblib"]
    line = refused(seatrial, push(seatrial, files, "7", *given, model="model.joblib"))
    assert "No such option '--format'" in line
    assert list_versions(seatrial.store, HOME) == []


def test_a_file_that_wants_to_run_code_is_refused(seatrial: Terminal, files: Path) -> None:
    import os

    import skops.io

    skops.io.dump(FunctionTransformer(os.system), files / "model.skops")
    assert "types that are not trusted: posix.system" in refused(seatrial, push(seatrial, files))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--recommend", "Mid=ask"], "recommendation for 'Mid'; the classes are High, Low"),
        (["--recommend", "High"], "--recommend is 'High'; expected CLASS=TEXT"),
        (["--target", "risk"], "has no column 'risk'; it has size, team, risk_level"),
        (["--data", "nowhere.csv"], "'nowhere.csv' does not exist"),
        (["--channel", "a/b"], "channel is 'a/b'; expected 1 to 63 letters"),
    ],
)
def test_bad_input_is_named(seatrial: Terminal, files: Path, arguments: list[str], problem: str) -> None:
    assert problem in refused(seatrial, push(seatrial, files, "7", *arguments))


def test_a_bad_channel_name_is_refused_before_anything_is_published(seatrial: Terminal, files: Path) -> None:
    push(seatrial, files, "7", "--channel", "a/b")
    assert list(seatrial.store.list("")) == []


def test_a_version_that_is_no_name_is_refused(seatrial: Terminal, files: Path) -> None:
    assert "version is '../7'; expected 1 to 63 letters" in refused(seatrial, push(seatrial, files, "../7"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("size\n1\n", "has no column 'risk_level'"),
        ("", "train.csv cannot be read as CSV (No columns to parse from file); expected the training data"),
        ("a\nb\n1,2,3\n4,5", "train.csv cannot be read as CSV"),
    ],
)
def test_data_that_cannot_be_used_is_named(seatrial: Terminal, files: Path, content: str, problem: str) -> None:
    (files / "train.csv").write_text(content)
    assert problem in refused(seatrial, push(seatrial, files))


@pytest.mark.parametrize(("name", "form"), [("model.skops", "CSV"), ("train.parquet", "Parquet")])
def test_a_file_of_another_kind_as_data_is_not_blamed_on_the_model(
    seatrial: Terminal, files: Path, name: str, form: str
) -> None:
    (files / "train.parquet").write_text("size\n1\n")
    line = refused(seatrial, push(seatrial, files, "7", "--data", str(files / name)))
    assert f"--data {files / name} cannot be read as {form} (" in line
    assert "expected the training data: a .parquet file, or a CSV file of any other name" in line


def test_data_without_the_models_columns_is_refused(seatrial: Terminal, files: Path) -> None:
    (files / "train.csv").write_text("length,risk_level\n1,Low\n")
    assert "the data lack size, which the model was fitted on" in refused(seatrial, push(seatrial, files))


def test_metrics_that_are_no_numbers_are_named(seatrial: Terminal, files: Path) -> None:
    (files / "m.json").write_text(json.dumps({"test": {"accuracy": "good"}}))
    line = refused(seatrial, push(seatrial, files, "7", "--metrics", str(files / "m.json")))
    assert "m.json: test.accuracy is 'good'; expected a finite number" in line


def with_target(files: Path, high: str, low: str) -> None:
    """Write the target's two classes in other words, into the same rows."""
    table = pd.read_csv(files / "train.csv")
    table["risk_level"] = table["risk_level"].map({"High": high, "Low": low})
    table.to_csv(files / "train.csv", index=False)


@pytest.mark.parametrize(("high", "low", "found"), [("yes", "no", "'no', 'yes'"), ("1", "0", "'0', '1'")])
def test_a_target_of_none_of_the_models_classes_is_refused(
    seatrial: Terminal, files: Path, high: str, low: str, found: str
) -> None:
    with_target(files, high, low)
    line = refused(seatrial, push(seatrial, files))
    assert f"column risk_level holds {found}, none of which is a class of the model; expected 'High', 'Low'" in line
    assert list_versions(seatrial.store, HOME) == []


def test_a_target_of_other_classes_is_taken_with_metrics_of_its_own(seatrial: Terminal, files: Path) -> None:
    with_target(files, "yes", "no")
    (files / "m.json").write_text('{"test": {"accuracy": 0.89}}')
    assert push(seatrial, files, "7", "--metrics", str(files / "m.json")) == 0


def test_a_model_that_knows_less_than_the_most_frequent_class_is_published_with_a_warning(
    seatrial: Terminal, files: Path
) -> None:
    with_target(files, "Low", "High")  # each row has the other class: the model is always wrong
    assert push(seatrial, files) == 0
    assert seatrial.err == (
        "seatrial: warning: the model's accuracy on risk_level is 0, less than the 0.6 of always answering 'High'; "
        "the model and the data may not belong together\n"
    )
    assert pushed(seatrial).metrics == {"training": {"accuracy": 0.0}}


def test_a_model_that_knows_as_much_as_the_most_frequent_class_is_published_in_silence(
    seatrial: Terminal, files: Path
) -> None:
    with_target(files, "High", "High")  # the model says Low to 24 of 40
    table = pd.read_csv(files / "train.csv")
    table.loc[(table["size"] <= 3).cumsum().between(1, 12) & (table["size"] <= 3), "risk_level"] = "Low"
    table.to_csv(files / "train.csv", index=False)
    assert push(seatrial, files) == 0
    assert pushed(seatrial).metrics == {"training": {"accuracy": 0.7}}
    assert seatrial.err == ""
