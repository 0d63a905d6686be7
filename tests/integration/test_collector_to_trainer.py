"""The loop of the data: what a predictor posts and an application labels is what the next training reads."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from seatrial.contract.http import FEEDBACK_PATH, PREDICTIONS_PATH
from seatrial.contract.schema import Feature, Kind
from seatrial_runtime.collector.app import App
from seatrial_runtime.collector.configuration import Configuration
from seatrial_runtime.collector.main import build
from seatrial_runtime.predictor.predictions import PredictionWriter
from seatrial_runtime.predictor.protocol import Answer, Answered, encode, stamp
from seatrial_runtime.predictor.rows import Rows
from tests.unit.trainer.builders import HOME, NOW, TARGET, World, ask, deployments

NANOSECONDS = int(NOW.timestamp()) * 10**9
FEATURES = (Feature("size", Kind.INTEGER), Feature("share", Kind.NUMBER), Feature("team", Kind.STRING))


async def post(app: App, path: str, body: bytes) -> Mapping[str, Any]:
    sent: list[Mapping[str, Any]] = []

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await app({"type": "http", "method": "POST", "path": path}, receive, send)
    assert sent[0]["status"] in (200, 202), sent[1]["body"]
    answer: Mapping[str, Any] = json.loads(sent[1]["body"])
    return answer


async def test_what_was_answered_and_labelled_is_trained_on(tmp_path: Path) -> None:
    world = World(tmp_path)
    fresh = deployments(400, seed=5).assign(team=np.array(["Microservices"] * 400, dtype=object))
    columns = tuple(fresh[feature.name].tolist() for feature in FEATURES)
    stamped = stamp(400, NANOSECONDS)
    answered = Answered(Rows(columns, 400), Answer(["Low"] * 400), stamped, size=400)
    labels = [{"id": name, "label": label} for name, label in zip(stamped.ids, fresh[TARGET], strict=True)]

    app = build(
        Configuration("ml", "deploy-risk", HOME, tmp_path / "data"), lambda: world.store, lambda: NANOSECONDS // 1000
    )
    items = list(PredictionWriter(FEATURES, {"revision": "r1", "version": "7"}).items(answered))
    assert await post(app, PREDICTIONS_PATH, encode({"predictions": items})) == {"accepted": 400}
    assert await post(app, FEEDBACK_PATH, encode({"labels": labels})) == {"accepted": 400, "refused": []}
    app.close()

    world.train(ask(include_feedback=True))
    manifest = world.manifest("1")
    assert manifest.data is not None
    assert manifest.data.rows == 1000
    assert {feature.name: feature.kind for feature in manifest.features} == {f.name: f.kind for f in FEATURES}
    assert "Microservices" in manifest.features[2].categories
