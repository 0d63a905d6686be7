"""The world drifts, an alert starts exactly one training Job, and its model goes on trial and takes over."""

import pytest

from tests.system.shelf import fresh_shelf
from tests.system.world import ROLLOUT, World, condition, outcome, serving

pytestmark = pytest.mark.cluster

TRAINING = {
    "target": "risk_level",
    "candidates": [
        {
            "estimator": "sklearn.ensemble.RandomForestClassifier",
            "grid": {"n_estimators": [30], "max_leaf_nodes": [44], "max_features": [12]},
        }
    ],
    "gates": {"minimum": "0.80", "margin": "0.02"},
    "cooldown": "30m",
}


@pytest.mark.timeout(900)
def test_drift_starts_one_training_whose_model_takes_over(world: World) -> None:
    shelf = fresh_shelf(world.site)
    shelf.prepare()
    shelf.push("2")
    shelf.move_channel("latest", "2", "the first version")
    world.shelf = shelf
    sections = {
        "model": {"store": shelf.store, "name": "deploy-risk", "channel": "latest"},
        "monitoring": {"drift": {"window": "1m", "minimumRows": 500}},
        "training": {**TRAINING, "dataset": shelf.dataset},
        "rollout": {**ROLLOUT, "shadow": {**ROLLOUT["shadow"], "maximumDisagreement": "0.25"}},
    }
    world.serves("2", **sections)
    first = serving(world.status())

    world.client.change_world("changed", label_share=0.5)

    world.sees("drift", lambda s: condition(s, "Drifted") == "True", 180)
    status = world.sees("a training ends", lambda s: bool((s.get("training") or {}).get("outcome")), 300)
    assert status["training"]["trigger"] == "drift"
    assert status["training"]["outcome"] == "Passed", status["training"]
    version = status["training"]["version"]
    status = world.sees("its model is tried", lambda s: outcome(s, version) != "", 300)
    assert outcome(status, version) == "Promoted", status["history"]
    assert serving(status) == version != first
    assert len(world.objects("jobs")) == 1, "one Job for one reason, whatever went on firing"
    shown = shelf.seatrial("show", "deploy-risk", version)
    assert "drift" in shown
    world.has_lost_nothing()
