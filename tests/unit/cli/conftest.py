"""A terminal in a world of its own: a store and a cluster in memory, a time that stands still, a user `ann`."""

from dataclasses import dataclass, field
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.tree import DecisionTreeClassifier

from seatrial.cli.main import main
from seatrial.cli.session import World
from seatrial.contract import environment
from seatrial.contract.layout import ModelHome
from tests.fakes.clock import FakeClock
from tests.fakes.objects import MemoryStore
from tests.unit.cli.worlds import NOW, FakeModelDeployments

HOME = ModelHome("models", "team", "risk")


@dataclass
class Terminal:
    """Runs command lines and keeps what they wrote.

    `opened` are the (bucket, endpoint, region) asked for, `reached` the (kubeconfig, context).
    """

    capsys: pytest.CaptureFixture[str]
    store: MemoryStore = field(default_factory=MemoryStore)
    opened: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    reached: list[tuple[str | None, str | None]] = field(default_factory=list)
    out: str = ""
    err: str = ""

    def __post_init__(self) -> None:
        self.cluster = FakeModelDeployments(self.clock)

    def __call__(self, *arguments: str, store: str | None = "s3://models/team") -> int:
        """Run `seatrial` with the store's option, and return its exit code."""
        place = ["--store", store] if store else []
        code = main([*place, *arguments], World(self._open, self._reach, self.clock.now, self.clock.advance, "ann"))
        self.out, self.err = self.capsys.readouterr()
        return code

    def _open(self, bucket: str, endpoint: str | None, region: str | None) -> MemoryStore:
        self.opened.append((bucket, endpoint, region))
        return self.store

    def _reach(self, kubeconfig: str | None, context: str | None) -> FakeModelDeployments:
        self.reached.append((kubeconfig, context))
        return self.cluster


@pytest.fixture
def seatrial(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The command line, with no environment of the machine's."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in (environment.STORE, environment.ENDPOINT, environment.REGION):
        monkeypatch.delenv(name, raising=False)
    return Terminal(capsys)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with train.csv, and a model of it as model.skops and model.joblib."""
    size = np.arange(40) % 7
    table = pd.DataFrame({"size": size, "team": np.where(size % 2, "a", "b"), "risk_level": "Low"})
    table.loc[table["size"] > 3, "risk_level"] = "High"
    table.to_csv(tmp_path / "train.csv", index=False)
    model = DecisionTreeClassifier(random_state=0).fit(table[["size"]], table["risk_level"])
    skops.io.dump(model, tmp_path / "model.skops")
    joblib.dump(model, tmp_path / "model.joblib")
    return tmp_path
