"""The objects that a decision wants of a world in which everything is there at once, and what they say."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from seatrial.api.spec import Spec
from seatrial.api.status import Stage, TrainingStatus
from seatrial.core.decide import decide
from seatrial.core.observed import Observed
from seatrial.ports import Key
from tests.given import NOW, ROUTE, TRAINING, on_trial, ref, spec

EVERYTHING = spec(
    route={**ROUTE, "path": "/risk"},
    serving={
        "image": "mine:1",
        "timeout": "250ms",
        "batching": {"maxSize": 16, "maxDelay": "2ms"},
        "resources": {"requests": {"cpu": "2"}, "limits": {"memory": "1Gi"}},
    },
    storage={"endpoint": "http://s3:7070", "region": "eu-1", "secretRef": {"name": "keys"}},
    monitoring={"drift": {}, "accuracy": {}},
    training={**TRAINING, "job": {"activeDeadline": "90s", "backoffLimit": 3, "resources": {"limits": {"cpu": "4"}}}},
)
BARE = spec()
JOB = TrainingStatus("risk-train-1", "drift", "PSI of team", NOW)

Document = Mapping[str, Any]


def world(of: Spec = EVERYTHING, stage: Stage = Stage.SHADOW, name: str = "risk") -> Observed:
    """Everything that can be there at once: two revisions, a shadow, a collector and a Job."""
    found = on_trial(stage, of=of)
    training = JOB if of.training is not None else None
    return replace(found, key=Key("ml", name), status=replace(found.status, training=training))


def objects(found: Observed) -> tuple[Document, ...]:
    return decide(found, NOW).objects


def named(kind: str, name: str, found: Observed | None = None) -> Document:
    documents = objects(found or world())
    return next(one for one in documents if (one["kind"], one["metadata"]["name"]) == (kind, name))


def pod_specs(found: Observed) -> Iterator[tuple[Document, Document]]:
    for document in objects(found):
        if document["kind"] in ("Deployment", "Job"):
            yield document, document["spec"]["template"]["spec"]


def variables(document: Document) -> dict[str, str]:
    """What the container sees: plain values, and where the others come from."""
    [container] = document["spec"]["template"]["spec"]["containers"]
    assert max(Counter(one["name"] for one in container["env"]).values()) == 1
    return {one["name"]: one["value"] if "value" in one else json.dumps(one["valueFrom"]) for one in container["env"]}


ONE, TWO = (f"risk-{ref(version, EVERYTHING).revision}" for version in "12")


def matches(selector: Document, document: Document) -> bool:
    """Whether the selector chooses this Deployment's or Job's pods."""
    pod = document["spec"]["template"]["metadata"]["labels"]
    return bool(selector.items() <= pod.items())


def chosen(service: Document, found: Observed) -> set[str]:
    pods = [one for one in objects(found) if one["kind"] in ("Deployment", "Job")]
    return {one["metadata"]["name"] for one in pods if matches(service["spec"]["selector"], one)}
