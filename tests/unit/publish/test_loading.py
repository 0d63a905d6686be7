"""A version is loaded from the store only if every check before it passed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier

from seatrial.contract.canonical import digest_of
from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import File, Manifest
from seatrial.contract.schema import Feature, Kind, Output, Task
from seatrial.store.objects import NotFoundError, TamperedError, TooLargeError
from seatrial.store.versions import publish
from seatrial_runtime.loading import Loaded, load_version
from seatrial_runtime.publish.write import Draft, write_version
from seatrial_runtime.trust import BrokenModelError, UntrustedModelError
from tests.fakes.objects import MemoryStore

HOME = ModelHome("models", "", "risk")
ROWS = pd.DataFrame({"size": range(20), "age": [i % 3 for i in range(20)]})
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def draft(estimator: object | None = None) -> Draft:
    fitted = estimator or DecisionTreeClassifier(random_state=0).fit(ROWS, ["a", "b"] * 10)
    return Draft(model="risk", version="7", created=NOW.isoformat(), estimator=fitted, rows=ROWS, target="risk_level")


class World:
    """A store with one version in it, and a folder to load it into."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore()
        self._up, self.down = folder / "up", folder / "down"
        self._up.mkdir()
        self.down.mkdir()

    def push(
        self, given: Draft, form: str = "skops", change: Callable[[Manifest], Manifest] = lambda manifest: manifest
    ) -> str:
        manifest = change(write_version(given, self._up, form))
        return publish(self.store, HOME, manifest, self._up, by="ann", now=NOW).digest

    def load(self, digest: str | None = None, *, allow_pickle: bool = False) -> Loaded:
        return load_version(self.store, HOME, "7", digest, self.down, allow_pickle=allow_pickle)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_version_is_loaded_with_its_manifest_and_reference(world: World) -> None:
    given = draft()
    digest = world.push(given)
    loaded = world.load(digest)
    assert loaded.digest == digest == loaded.manifest.digest
    assert loaded.reference is not None
    assert loaded.reference.rows == 20
    np.testing.assert_array_equal(loaded.estimator.predict(ROWS), given.estimator.predict(ROWS))


def test_a_regression_is_loaded(world: World) -> None:
    world.push(draft(LinearRegression().fit(ROWS, range(20))))
    assert world.load().manifest.output.task is Task.REGRESSION


def test_a_version_that_is_not_there_is_missed(world: World) -> None:
    with pytest.raises(NotFoundError, match="no version 7"):
        world.load()


def test_another_digest_than_was_asked_for_is_refused_before_any_file_is_fetched(world: World) -> None:
    world.push(draft())
    with pytest.raises(TamperedError, match="manifest of risk 7: expected sha256:000"):
        world.load("sha256:" + "0" * 64)
    assert list(world.down.iterdir()) == []


def test_a_changed_model_is_never_opened(world: World) -> None:
    world.push(draft())
    key = next(key for key in world.store.list(HOME.folder("7")) if key.endswith("model.skops"))
    body = bytearray(world.store.get(key, maximum=1 << 20).body)
    body[-1] ^= 1
    world.store.put(key, bytes(body))
    with pytest.raises(TamperedError, match=r"file model\.skops of risk 7"):
        world.load()


def test_a_pickle_is_refused_before_it_is_fetched_and_loads_where_it_is_allowed(world: World) -> None:
    world.push(draft(), "joblib")
    with pytest.raises(UntrustedModelError, match=r"version 7 of risk is a pickle .* push the model again as another"):
        world.load()
    assert list(world.down.iterdir()) == []
    assert world.load(allow_pickle=True).manifest.format == "joblib"


FEATURES = (Feature("age", Kind.INTEGER), Feature("size", Kind.INTEGER))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"features": FEATURES[:1]}, "takes 2 features; the manifest names 1"),
        ({"features": FEATURES}, r"fitted on \['size', 'age'\]; the manifest names \['age', 'size'\]"),
        ({"output": Output("y", Task.CLASSIFICATION, ("b", "a"))}, r"classes are \('a', 'b'\); the manifest names"),
        ({"artifact": "card.md"}, r"card\.md is no readable skops file"),
    ],
)
def test_a_manifest_that_describes_another_model_is_refused(
    world: World, change: dict[str, object], problem: str
) -> None:
    world.push(draft(), change=lambda manifest: replace(manifest, **change))  # type: ignore[arg-type]
    with pytest.raises(BrokenModelError, match=problem):
        world.load()


def test_what_cannot_predict_is_no_model(world: World, tmp_path: Path) -> None:
    from sklearn.preprocessing import StandardScaler

    from seatrial_runtime.publish import skops_file

    def change(manifest: Manifest) -> Manifest:
        path = tmp_path / "up/model.skops"
        path.unlink()
        skops_file.dump(StandardScaler().fit(ROWS), path)
        file = File(digest_of(path.read_bytes()), path.stat().st_size)
        return replace(manifest, files={**manifest.files, "model.skops": file})

    world.push(draft(), change=change)
    with pytest.raises(BrokenModelError, match="holds a StandardScaler, which cannot predict"):
        world.load()


def test_a_version_without_a_reference_has_none(world: World) -> None:
    def change(manifest: Manifest) -> Manifest:
        return replace(manifest, files={k: f for k, f in manifest.files.items() if k != "reference.json"})

    world.push(draft(), change=change)
    assert world.load().reference is None


def test_a_reference_without_bound_is_not_read(world: World, tmp_path: Path) -> None:
    def change(manifest: Manifest) -> Manifest:
        body = b" " * (2 << 20)
        (tmp_path / "up/reference.json").write_bytes(body)
        return replace(manifest, files={**manifest.files, "reference.json": File(digest_of(body), len(body))})

    world.push(draft(), change=change)
    with pytest.raises(TooLargeError, match=r"reference\.json has 2097152 bytes"):
        world.load()
