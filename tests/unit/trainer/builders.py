"""A small world to train in: deployments with a rule and noise, a store in memory, requests and served versions."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import Manifest
from seatrial.contract.schema import Task
from seatrial.contract.training import Answer, Candidate, Gates, Request
from seatrial.store.channels import move_channel, read_channel
from seatrial.store.versions import list_versions, publish, read_manifest
from seatrial_runtime.collector.parquet import encode_rows
from seatrial_runtime.collector.parts import Row
from seatrial_runtime.publish.write import Draft, write_version
from seatrial_runtime.trainer.candidates import TRUSTED, contenders, pipeline
from seatrial_runtime.trainer.schema import Rows
from seatrial_runtime.trainer.tables import describe
from seatrial_runtime.trainer.training import Place, train
from tests.fakes.objects import MemoryStore

HOME = ModelHome("models", "risk", "deploy-risk")
NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
URI = "s3://models/risk/data/train.parquet"
TARGET = "risk"
FEATURES = ["size", "share", "team"]
TREE = "sklearn.tree.DecisionTreeClassifier"
RECOMMENDATIONS = {"High": "Require approval"}


def deployments(rows: int = 600, seed: int = 1, noise: float = 0.05) -> pd.DataFrame:
    """Return rows whose risk is High where size and team say so, and the other way round by chance."""
    rng = np.random.default_rng(seed)
    size, share = rng.integers(0, 100, rows), rng.random(rows)
    team = rng.choice(["Platform", "Search", "Data"], rows)
    risky = (size + 30 * (team == "Search") + 10 * share > 60) ^ (rng.random(rows) < noise)
    return pd.DataFrame({"size": size, "share": share, "team": team, TARGET: np.where(risky, "High", "Low")})


def rows_of(frame: pd.DataFrame) -> Rows:
    """Return a table's rows as a training has them."""
    return Rows(frame.drop(columns=TARGET), frame[TARGET].astype(object))


def fitted(frame: pd.DataFrame, path: str = TREE, **parameters: Any) -> Pipeline:
    """Return a pipeline fitted on a table."""
    (contender,), _ = contenders([Candidate(path, {})], 1)
    contender.estimator.set_params(**parameters)
    features = frame.drop(columns=TARGET)
    model = pipeline(contender, describe(features))
    return model.fit(features, frame[TARGET].to_numpy())


@dataclass
class World:
    """A store with a dataset, and what is asked of a training."""

    folder: Path
    dataset: pd.DataFrame = field(default_factory=deployments)
    store: MemoryStore = field(default_factory=MemoryStore)
    runs: int = 0

    def __post_init__(self) -> None:
        buffer = io.BytesIO()
        self.dataset.to_parquet(buffer)
        self.store.put("risk/data/train.parquet", buffer.getvalue())

    def serve(self, version: str, model: Any, *, channel: str = "", frame: pd.DataFrame | None = None) -> Manifest:
        """Publish a version as one that serves, and point a channel to it."""
        folder = self.folder / f"serve-{version}"
        folder.mkdir()
        draft = Draft(
            model=HOME.model,
            version=version,
            created=NOW.isoformat(),
            estimator=model,
            rows=(self.dataset if frame is None else frame).drop(columns=TARGET),
            target=TARGET,
            recommendations=RECOMMENDATIONS,
        )
        manifest = write_version(draft, folder)
        publish(self.store, HOME, manifest, folder, by="alice", now=NOW)
        if channel:
            self.move(channel, manifest, by="alice")
        return manifest

    def move(self, channel: str, manifest: Manifest, *, by: str) -> None:
        """Move a channel as a person would."""
        held = read_channel(self.store, HOME, channel)
        etag = None if held is None else held.etag
        move_channel(self.store, HOME, channel, manifest.version, manifest.digest, by, "", NOW, expected=etag)

    def label(self, frame: pd.DataFrame, *, part: str = "part", first: int = 0) -> None:
        """Write labelled answers to the log, as a collector does."""
        rows = [
            Row(f"{first + i:032x}", 1, "r1", "1", "High", _plain(record), label, 2)
            for i, (record, label) in enumerate(
                zip(frame.drop(columns=TARGET).to_dict("records"), frame[TARGET].tolist(), strict=True)
            )
        ]
        self.store.put(HOME.log("labels", NOW, part), encode_rows("labels", rows))

    def train(self, request: Request, *, trusted: tuple[str, ...] = TRUSTED) -> Answer:
        """Run a training; of what serves the request has the digest, as the operator's has, where none is given."""
        if request.serving_version in self.versions() and not request.serving_digest:
            request = replace(request, serving_digest=self.manifest(request.serving_version).digest)
        self.runs += 1
        folder = self.folder / f"run-{self.runs}"
        folder.mkdir()
        clock = iter(range(10**9))
        place = Place(HOME, lambda _: self.store, folder, lambda: NOW, lambda: next(clock) * 1e-3, trusted)
        return train(request, place)

    def versions(self) -> list[str]:
        """Return the versions that are there."""
        return list_versions(self.store, HOME)

    def manifest(self, version: str) -> Manifest:
        """Return a version's manifest."""
        return read_manifest(self.store, HOME, version)[0]

    def channel(self, channel: str = "latest") -> str:
        """Return the version that a channel points to, empty where there is no such channel."""
        held = read_channel(self.store, HOME, channel)
        return "" if held is None else held.pointer.version

    def audit(self) -> list[str]:
        """Return all audit records' text."""
        keys = self.store.list(f"{HOME.root}audit/")
        return [self.store.get(key, maximum=1 << 16).body.decode() for key in keys]


def ask(**changes: Any) -> Request:
    """Return a request for a small tree."""
    grid: Mapping[str, tuple[Any, ...]] = {"max_depth": (2, 5)}
    fields: dict[str, Any] = {
        "job": "risk-train-1",
        "trigger": "drift",
        "detail": "PSI 0.31 of team",
        "dataset": URI,
        "target": TARGET,
        "candidates": (Candidate(TREE, grid),),
        "serving_version": "",
        "serving_digest": "",
        "cross_validation": 3,
        "gates": Gates(),
        **changes,
    }
    return Request(**fields)


CLASSIFICATION = Task.CLASSIFICATION


def _plain(record: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value.item() if hasattr(value, "item") else value for name, value in record.items()}
