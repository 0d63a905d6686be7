"""A training from end to end on a store in memory: it passes, and each gate stops it."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from seatrial.contract.canonical import canonical_json, digest_of
from seatrial.contract.training import Candidate, Gates
from seatrial.store.channels import read_channel
from seatrial.store.versions import publish
from seatrial_runtime.loading import load_version
from seatrial_runtime.publish.write import Draft, write_version
from seatrial_runtime.trainer.errors import DataError, RequestError
from seatrial_runtime.trainer.search import Searched, choose
from tests.unit.trainer.builders import FEATURES, HOME, NOW, TARGET, TREE, World, ask, deployments, fitted

LINEAR = "sklearn.linear_model.LogisticRegression"
FOREST = "sklearn.ensemble.RandomForestClassifier"
RANKED = (("best of the folds", 0.99, 0.80), ("first", 0.90, 0.85), ("second", 0.95, 0.85))  # folds, validation


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def weak(frame: pd.DataFrame) -> Pipeline:
    return fitted(frame, max_depth=1)


def test_given_nothing_serves_a_first_version_is_published_and_its_channel_made(world: World) -> None:
    answer = world.train(ask(channel="latest", gates=Gates(minimum=0.8)))
    assert (answer.outcome, answer.version, world.channel()) == ("Passed", "1", "1")
    manifest = world.manifest("1")
    assert [gate.name for gate in manifest.gates] == ["baseline", "minimum"]
    assert manifest.lineage.trigger == "drift"
    assert "channel latest points to it" in answer.message


def test_given_a_weaker_version_serves_the_next_takes_its_channel(world: World) -> None:
    world.serve("7", weak(world.dataset), channel="latest")
    answer = world.train(ask(serving_version="7", channel="latest"))
    assert (answer.outcome, answer.version, world.channel()) == ("Passed", "8", "8")
    manifest = world.manifest("8")
    assert (manifest.lineage.parent, manifest.lineage.job) == ("7", "risk-train-1")
    assert manifest.output.recommendations == {"High": "Require approval"}
    assert manifest.data is not None
    assert (manifest.data.rows, dict(manifest.data.split)) == (600, {"train": 420, "validation": 90, "test": 90})
    assert manifest.data.sha256 == digest_of(world.store.get("risk/data/train.parquet", maximum=1 << 30).body)
    assert manifest.metrics["test"]["accuracy"] > manifest.metrics["serving"]["accuracy"]
    assert set(manifest.metrics) == {"crossValidation", "validation", "test", "baseline", "serving"}
    pointer = read_channel(world.store, HOME, "latest")
    assert pointer is not None
    assert (pointer.pointer.by, pointer.pointer.reason) == ("training job risk-train-1", "drift: PSI 0.31 of team")


def test_the_published_model_loads_and_is_as_good_as_its_manifest_says(world: World, tmp_path: Path) -> None:
    world.train(ask())
    folder = tmp_path / "loaded"
    folder.mkdir()
    loaded = load_version(world.store, HOME, "1", None, folder)
    fresh = deployments(2000, seed=9)
    accuracy = (loaded.estimator.predict(fresh[FEATURES]) == fresh[TARGET]).mean()
    assert accuracy == pytest.approx(loaded.manifest.metrics["test"]["accuracy"], abs=0.06)
    assert loaded.reference is not None
    assert loaded.reference.rows == 510


@pytest.mark.parametrize("gate", ["minimum", "serving", "baseline", "latency"])
def test_a_failed_gate_publishes_the_version_as_rejected_and_moves_nothing(tmp_path: Path, gate: str) -> None:
    world = World(tmp_path, deployments(600, noise=0.5) if gate == "baseline" else deployments())
    strong = fitted(deployments(5000, seed=3), max_depth=8)
    world.serve("7", strong if gate == "serving" else weak(world.dataset), channel="latest")
    gates = {
        "minimum": Gates(minimum=0.99),
        "serving": Gates(),
        "baseline": Gates(margin=1.0),
        "latency": Gates(latency_p99=0.0005),
    }
    candidate = Candidate("sklearn.dummy.DummyClassifier" if gate == "baseline" else TREE, {})
    depth = Candidate(TREE, {"max_depth": (2 if gate == "serving" else 5,)})
    chosen = (candidate,) if gate == "baseline" else (depth,)
    answer = world.train(ask(serving_version="7", channel="latest", gates=gates[gate], candidates=chosen))
    assert (answer.outcome, answer.version, world.channel()) == ("Rejected", "8", "7")
    manifest = world.manifest("8")
    assert [found.name for found in manifest.gates if not found.passed] == [gate]
    assert answer.message.startswith(f"{gate}: ")
    assert not manifest.passed
    assert any('"action":"rejected"' in record and gate in record for record in world.audit())


def test_a_margin_lets_a_slightly_worse_model_pass(world: World) -> None:
    world.serve("7", fitted(deployments(5000, seed=3), max_depth=8))
    shallow = (Candidate(TREE, {"max_depth": (2,)}),)
    request = ask(serving_version="7", candidates=shallow)
    assert world.train(request).outcome == "Rejected"
    wide = replace(request, job="risk-train-2", gates=Gates(margin=0.3))
    assert world.train(wide).outcome == "Passed"


@pytest.mark.parametrize("fault", ["absent", "tampered", "broken", "another"])
def test_a_serving_version_that_cannot_be_measured_rejects(world: World, fault: str) -> None:
    manifest = world.serve("7", weak(world.dataset), channel="latest")
    key = HOME.file("7", manifest.artifact, manifest.files[manifest.artifact].sha256)
    if fault == "tampered":
        world.store.put(key, b"x" * manifest.files[manifest.artifact].size)
    elif fault == "broken":
        world.store.delete(key)
    version = "6" if fault == "absent" else "7"
    digest = digest_of(b"what serves") if fault == "another" else ""
    answer = world.train(ask(serving_version=version, serving_digest=digest, channel="latest"))
    assert (answer.outcome, world.channel()) == ("Rejected", "7")
    assert f"serving: version {version}, which serves, could not be measured" in answer.message


def test_a_serving_version_with_numbers_as_classes_is_measured_as_the_others(tmp_path: Path) -> None:
    frame = deployments()
    frame[TARGET] = (frame[TARGET] == "High").astype(int)
    world = World(tmp_path, frame)
    folder = tmp_path / "numbers"
    folder.mkdir()
    draft = Draft(
        model=HOME.model,
        version="7",
        created=NOW.isoformat(),
        estimator=fitted(frame, max_depth=5),
        rows=frame.drop(columns=TARGET),
        target=TARGET,
    )
    publish(world.store, HOME, write_version(draft, folder), folder, by="alice", now=NOW)
    world.train(ask(serving_version="7", gates=Gates(margin=0.1)))
    assert world.manifest("7").output.classes == world.manifest("8").output.classes == ("0", "1")
    assert world.manifest("8").metrics["serving"]["accuracy"] > 0.8


def test_labelled_answers_are_trained_on_with_the_dataset(world: World) -> None:
    """A class of teams that the dataset never saw: without the feedback nothing can be known of it."""
    fresh = deployments(400, seed=5).assign(team="Microservices", risk="High")
    world.label(fresh)
    world.label(fresh.head(3).assign(risk="Unheard of"), part="odd", first=1000)
    world.train(ask(include_feedback=True))
    manifest = world.manifest("1")
    assert manifest.data is not None
    assert manifest.data.rows == 1000
    team = next(feature for feature in manifest.features if feature.name == "team")
    assert "Microservices" in team.categories
    parts = {key: world.store.get(key, maximum=1 << 30).body for key in world.store.list(HOME.logs("labels"))}
    dataset = digest_of(world.store.get("risk/data/train.parquet", maximum=1 << 30).body)
    labels = {key: digest_of(body) for key, body in parts.items()}
    assert manifest.data.sha256 == digest_of(canonical_json({"dataset": dataset, "labels": labels}))


def test_feedback_is_asked_for_or_left_alone(world: World) -> None:
    world.label(deployments(400, seed=5))
    world.train(ask())
    data = world.manifest("1").data
    assert data is not None
    assert data.rows == 600


def test_the_best_on_validation_is_chosen_over_all_candidates(world: World) -> None:
    stump, tree = Candidate(TREE, {"max_depth": (1,)}), Candidate(FOREST, {"n_estimators": (20,)})
    world.train(ask(candidates=(stump, tree, Candidate("sklearn.dummy.DummyClassifier", {}))))
    manifest = world.manifest("1")
    assert manifest.estimator == FOREST
    assert manifest.parameters["n_estimators"] == "20"


def test_what_is_best_on_validation_is_chosen_whatever_the_folds_said() -> None:
    folds, first, second = (Searched(path, {}, cv, validation, None) for path, cv, validation in RANKED)
    assert choose([folds, first, second]) is first  # of equal ones the first
    assert choose([second, folds]) is second


def test_the_grid_is_searched(world: World) -> None:
    world.train(ask(candidates=(Candidate(TREE, {"max_depth": (1, 6), "criterion": ("gini", "entropy")}),)))
    assert world.manifest("1").parameters["max_depth"] == "6"


@pytest.mark.parametrize("paths", [(TREE, LINEAR), (FOREST,)])
def test_the_same_request_and_data_give_the_same_bytes(tmp_path: Path, paths: tuple[str, ...]) -> None:
    """Whatever the order of the dataset's rows."""
    candidates = tuple(Candidate(path, {"n_estimators": (10,)} if path == FOREST else {}) for path in paths)
    manifests = []
    for name, frame in (("one", deployments()), ("other", deployments().sample(frac=1, random_state=3))):
        (tmp_path / name).mkdir()
        world = World(tmp_path / name, frame)
        world.train(ask(candidates=candidates))
        manifests.append(world.manifest("1"))
    one, other = manifests
    assert one.files["model.skops"] == other.files["model.skops"]
    assert one.metrics == other.metrics
    assert one.files["reference.json"] == other.files["reference.json"]


def test_a_regression_is_trained_by_its_own_metric(tmp_path: Path) -> None:
    frame = deployments()
    frame[TARGET] = frame["size"] * 2.0 + 10 * (frame["team"] == "Search")
    world = World(tmp_path, frame)
    linear = (Candidate("sklearn.linear_model.Ridge", {"alpha": (0.1, 1)}),)
    answer = world.train(ask(candidates=linear, metric="neg_mean_absolute_error", gates=Gates(minimum=-2.0)))
    assert answer.outcome == "Passed"
    assert world.manifest("1").output.task.value == "regression"
    assert world.manifest("1").metrics["test"]["r2"] > 0.99


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"metric": "accurracy"}, "metric is 'accurracy'; expected one of accuracy, "),
        ({"cross_validation": 1}, "crossValidation is 1; expected 2 to 20"),
        ({"candidates": (Candidate(TREE, {"max_depth": ("deep",)}),)}, "DecisionTreeClassifier cannot be trained"),
        ({"dataset": "s3://models/nowhere.csv"}, "there is no dataset s3://models/nowhere.csv"),
        ({"dataset": "http://models/x.csv"}, "is no address in S3"),
        ({"target": "level"}, "no column 'level'"),
    ],
)
def test_what_cannot_be_done_publishes_nothing(world: World, changes: dict[str, object], says: str) -> None:
    with pytest.raises((RequestError, DataError), match=says):
        world.train(ask(**changes))
    assert world.versions() == []


# The channel: only away from where it pointed when the training began.


class Meddler(World):
    """Moves the channel while the training runs: when it first reads the dataset."""

    def meddle(self, version: str) -> None:
        manifest = self.serve(version, weak(self.dataset))
        get = self.store.get

        def moving(key: str, *, maximum: int) -> object:
            if key.endswith("train.parquet"):
                self.move("latest", manifest, by="bob")
            return get(key, maximum=maximum)

        self.store.get = moving  # type: ignore[method-assign, assignment]


def test_a_channel_that_was_moved_meanwhile_is_left(tmp_path: Path) -> None:
    world = Meddler(tmp_path)
    world.serve("7", weak(world.dataset), channel="latest")
    world.meddle("8")
    answer = world.train(ask(serving_version="7", channel="latest"))
    assert (answer.outcome, answer.version, world.channel()) == ("Passed", "9", "8")
    assert answer.message.endswith("channel latest was left: bob moved it to 8 meanwhile")


def test_a_channel_that_was_only_written_anew_is_moved(world: World) -> None:
    manifest = world.serve("7", weak(world.dataset), channel="latest")
    held = read_channel(world.store, HOME, "latest")
    assert held is not None
    get = world.store.get

    def rewriting(key: str, *, maximum: int) -> object:
        if key.endswith("train.parquet"):
            anew = replace(held.pointer, reason="said again", moved=NOW.isoformat())
            world.store.put(HOME.channel("latest"), anew.encode())
        return get(key, maximum=maximum)

    world.store.get = rewriting  # type: ignore[method-assign, assignment]
    world.train(ask(serving_version=manifest.version, channel="latest"))
    assert world.channel() == "8"


def test_a_channel_that_was_seen_elsewhere_may_be_moved(world: World) -> None:
    """After a rollback the channel still points to the version that failed its trial."""
    world.serve("7", weak(world.dataset))
    world.serve("8", weak(world.dataset), channel="latest")
    world.train(ask(serving_version="7", channel="latest"))
    assert world.channel() == "9"


# A Job that is started again after it published.


def test_a_job_publishes_once_and_finishes_what_is_missing(world: World) -> None:
    world.serve("7", weak(world.dataset), channel="latest")
    first = world.train(ask(serving_version="7"))
    again = world.train(ask(serving_version="7", channel="latest"))
    assert (first.version, again.version, world.versions()) == ("8", "8", ["7", "8"])
    assert (again.outcome, world.channel()) == ("Passed", "8")
    assert world.train(ask(serving_version="7", channel="latest")).outcome == "Passed"


def test_a_job_that_is_started_again_leaves_a_channel_that_somebody_moved(world: World) -> None:
    world.serve("7", weak(world.dataset), channel="latest")
    world.train(ask(serving_version="7"))
    world.move("latest", world.serve("9", weak(world.dataset)), by="bob")
    answer = world.train(ask(serving_version="7", channel="latest"))
    assert (answer.version, world.channel()) == ("8", "9")
    assert "channel latest was left: bob moved it to 9" in answer.message


def test_a_rejected_job_that_is_started_again_is_rejected_again(world: World) -> None:
    world.serve("7", weak(world.dataset), channel="latest")
    request = ask(serving_version="7", channel="latest", gates=Gates(minimum=0.99))
    assert world.train(request).outcome == world.train(request).outcome == "Rejected"
    assert (world.versions(), world.channel()) == (["7", "8"], "7")


def test_the_baseline_always_gives_one_answer(world: World) -> None:
    world.train(ask())
    share = (world.dataset[TARGET] == world.dataset[TARGET].mode()[0]).mean()
    assert world.manifest("1").metrics["baseline"]["accuracy"] == pytest.approx(share, abs=0.01)
