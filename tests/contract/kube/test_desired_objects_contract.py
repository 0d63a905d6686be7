"""What the core wants, on a real API server: it takes all of it, and keeps it as it was said.

Otherwise an object would be written again in every pass, or a kept recipe would come back as another one.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from seatrial.api.status import Stage
from seatrial.controller.apply import marked
from seatrial.controller.cache import trimmed
from seatrial.controller.containment import contains
from seatrial.controller.from_cache import recipes_of
from seatrial.core.decide import decide
from seatrial.core.observed import Alert, Observed
from tests import given
from tests.contract.kube.conftest import RealSite, real_site

pytestmark = pytest.mark.cluster

SPEC = given.spec(
    storage={"endpoint": "http://s3.storage", "region": "us-east-1", "secretRef": {"name": "s3"}},
    serving={"replicas": 2, "resources": {"requests": {"cpu": "0.5"}, "limits": {"cpu": "1000m", "memory": "1024Mi"}}},
    route={"gateway": {"name": "models", "namespace": "gateways"}, "hostnames": ["risk.example.org"]},
    monitoring={"drift": {"window": "1h"}, "accuracy": {"window": "1h"}},
    training={
        "dataset": "s3://models/risk/train.parquet",
        "target": "risk_level",
        "candidates": [{"estimator": "sklearn.tree.DecisionTreeClassifier", "grid": {"max_depth": [5, None]}}],
        "job": {"resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}}},
    },
)
PLAIN = given.spec(replicas=1)


def drifting() -> Observed:
    alert = Alert("Drift", "drift", "PSI 0.3", given.ref("1", SPEC).revision)
    return given.serving(of=SPEC, alerts=(alert,))


WORLDS = {
    "serving": given.serving(of=SPEC),
    "serving without a route": given.serving(of=PLAIN),
    "shadow": given.on_trial(Stage.SHADOW, of=SPEC),
    "canary": given.on_trial(Stage.CANARY, of=SPEC),
    "canary without a route": given.on_trial(Stage.CANARY, of=PLAIN),
    "training": drifting(),
}


@pytest.fixture
async def site() -> AsyncIterator[RealSite]:
    site = await real_site()
    yield site
    await site.close()


@pytest.mark.parametrize("world", WORLDS)
async def test_what_is_wanted_stands_once_it_was_written(site: RealSite, world: str) -> None:
    observed = WORLDS[world]
    objects = [_here(site, document) for document in decide(observed, given.NOW).objects]
    for document in objects:
        wanted, _ = marked(document)
        live = trimmed(await site.cluster.apply(wanted))
        assert contains(live, wanted), f"{document['kind']} {document['metadata']['name']}"
    assert {document["kind"] for document in objects} >= {"Deployment", "Service", "ControllerRevision"}
    assert any(document["kind"] == "Job" for document in objects) == (world == "training")


async def test_a_kept_recipe_comes_back_as_the_same_revision(site: RealSite) -> None:
    decision = decide(WORLDS["canary"], given.NOW)
    kept = [await site.cluster.apply(_here(site, d)) for d in decision.objects if d["kind"] == "ControllerRevision"]
    assert recipes_of(kept) == {given.ref(v, SPEC).revision: given.recipe(v, SPEC) for v in ("1", "2")}


def _here(site: RealSite, document: Any) -> dict[str, Any]:
    return {**document, "metadata": {**document["metadata"], "namespace": site.namespace}}
