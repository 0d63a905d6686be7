"""A small world for the predictor's tests: the running example's model, and predictors on loopback."""

import asyncio
import copy
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from seatrial.contract.canonical import digest_of
from seatrial.contract.layout import ModelHome
from seatrial.contract.reference import REFERENCE, parse_reference
from seatrial.contract.schema import Feature, Kind, Output, Task
from seatrial_runtime.loading import Loaded
from seatrial_runtime.predictor.server import listen, serve
from seatrial_runtime.predictor.settings import Settings
from seatrial_runtime.publish.write import Draft, write_version

RISK = (
    Feature("files_changed", Kind.INTEGER, minimum=0, maximum=100_000),
    Feature("environment", Kind.STRING, categories=("dev", "prod"), closed=True),
    Feature("team", Kind.STRING, nullable=True, categories=("Mobile", "Platform")),
    Feature("load", Kind.NUMBER, nullable=True),
    Feature("frozen", Kind.BOOLEAN),
)
RISK_OUTPUT = Output("risk_level", Task.CLASSIFICATION, ("High", "Low", "Medium"), {"High": "ask a senior engineer"})

ROW: dict[str, Any] = {"files_changed": 200, "environment": "prod", "team": "Platform", "load": 0.5, "frozen": False}


def a_row(**changes: Any) -> dict[str, Any]:
    """Return a row that the schema allows, with changes."""
    return ROW | changes


def some_rows(count: int = 600, seed: int = 7) -> pd.DataFrame:
    """Return made-up deployments."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "files_changed": rng.integers(0, 300, count),
            "environment": rng.choice(["dev", "prod"], count),
            "team": np.array(["Platform", "Mobile", None])[rng.integers(0, 3, count)],
            "load": np.where(rng.random(count) < 0.1, np.nan, rng.random(count)),
            "frozen": rng.random(count) < 0.5,
        }
    )


def their_risk(rows: pd.DataFrame) -> Any:
    """Return the truth of made-up deployments."""
    prod = rows["environment"] == "prod"
    return np.select([prod & (rows["files_changed"] > 150), rows["files_changed"] > 75], ["High", "Medium"], "Low")


def a_pipeline(handle_unknown: str = "ignore") -> Any:
    """Return an unfitted pipeline that takes the running example's columns."""
    texts = OneHotEncoder(handle_unknown=handle_unknown, sparse_output=False)
    encode = ColumnTransformer([("texts", texts, ["environment", "team"])], remainder="passthrough")
    return Pipeline([("encode", encode), ("tree", DecisionTreeClassifier(max_depth=6, random_state=0))])


def a_risk_version(version: str = "7", estimator: Any = None) -> Loaded:
    """Return the running example's model as the store would give it, with the schema of RISK; it is the caller's."""
    loaded = copy.deepcopy(_risk_version(version))
    return loaded if estimator is None else replace(loaded, estimator=estimator)


@cache
def _risk_version(version: str) -> Loaded:
    rows = some_rows()
    fitted = a_pipeline().fit(rows, their_risk(rows))
    loaded = a_version(fitted, rows, version, recommendations=RISK_OUTPUT.recommendations)
    return replace(loaded, manifest=replace(loaded.manifest, features=RISK))


def a_version(
    estimator: Any,
    rows: pd.DataFrame,
    version: str = "7",
    target: str = "risk_level",
    recommendations: Mapping[str, str] | None = None,
) -> Loaded:
    """Return a fitted estimator as a version that was loaded."""
    draft = Draft(
        model="risk",
        version=version,
        created="2025-01-01T00:00:00Z",
        estimator=estimator,
        rows=rows,
        target=target,
        recommendations=recommendations or {},
    )
    with TemporaryDirectory() as name:
        folder = Path(name)
        manifest = write_version(draft, folder)
        reference = (folder / REFERENCE).read_bytes()
    return Loaded(manifest, digest_of(reference), parse_reference(reference), estimator)


def settings_of(loaded: Loaded, **changes: Any) -> Settings:
    """Return the settings of a pod that serves this version."""
    plain = Settings("ml", "deploy-risk", "0123456789", ModelHome("models", "", "risk"), loaded.manifest.version, None)
    return replace(plain, timeout=10.0, **changes) if "timeout" not in changes else replace(plain, **changes)


@asynccontextmanager
async def a_predictor(loaded: Loaded, **changes: Any) -> AsyncIterator[str]:
    """Run a predictor on loopback until it is ready; give its address.

    `load` loads it in its own way; `at` is called with the address before it is ready; the rest is settings.
    """
    keywords = {name: changes.pop(name) for name in ("resolver", "shadow_port") if name in changes}
    load, at = changes.pop("load", lambda _: loaded), changes.pop("at", None)
    listener = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    running = asyncio.create_task(serve(settings_of(loaded, **changes), load, listener, **keywords))
    try:
        if at is not None:
            await at(address)
        await until_ready(address, running)
        yield address
    finally:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)  # the second ends at once
        await running


async def until_ready(address: str, running: "asyncio.Task[None]") -> None:
    """Wait until the predictor is ready; a predictor that has ended never will be."""
    async with aiohttp.ClientSession() as session:
        while not running.done():
            async with session.get(address + "/v2/health/ready") as answer:
                if answer.status == 200:
                    return
            await asyncio.sleep(0.01)
    await running


def v2_columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return rows of the running example as a V2 request of named tensors."""
    types = {Kind.INTEGER: "INT64", Kind.NUMBER: "FP64", Kind.STRING: "BYTES", Kind.BOOLEAN: "BOOL"}
    return {
        "inputs": [
            {"name": f.name, "datatype": types[f.kind], "shape": [len(rows)], "data": [row[f.name] for row in rows]}
            for f in RISK
        ]
    }
