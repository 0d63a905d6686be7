"""Looks at a model, as the API server would show it: `changes` are other fields of its status."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.chaos.rules import Look

MOMENT = "2026-01-05T12:00:00Z"
DIGEST = f"sha256:{'0' * 64}"
SPEC: Mapping[str, Any] = {
    "model": {"store": "s3://models/team", "version": "good-1"},
    "serving": {"replicas": 2},
    "rollout": {"canary": {"steps": [{"weight": 50}], "stepDuration": "5s"}},
}


def ref(revision: str, version: str = "good-1") -> dict[str, str]:
    return {"revision": revision, "version": version, "digest": DIGEST}


def deployment(wanted: int, ready: int | None = None) -> Mapping[str, Any]:
    return {"spec": {"replicas": wanted}, "status": {"readyReplicas": wanted if ready is None else ready}}


def trial(stage: str, revision: str = "new", version: str = "good-2", **more: Any) -> dict[str, Any]:
    head = {"candidate": ref(revision, version), "stage": stage, "began": MOMENT, "stageSince": MOMENT, "step": 0}
    return {**head, "restartsLeftOut": {}, **more}


def rejected(version: str, message: str) -> dict[str, Any]:
    return {"revision": "bad", "version": version, "at": MOMENT, "message": message}


def look(
    deployments: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    generation: int = 1,
    managers: Sequence[tuple[str, str]] = (("kubectl", "f:spec"), ("seatrial", "f:status")),
    **changes: Any,
) -> Look:
    """Return a model at rest that serves version good-1 as revision old."""
    fields = [{"manager": manager, "fieldsV1": {field: {}}} for manager, field in managers]
    ready = {"type": "Ready", "status": "True", "reason": "Serving", "message": "", "lastTransitionTime": MOMENT}
    status = {"observedGeneration": 1, "stable": ref("old"), "conditions": [ready]} | changes
    metadata = {"name": "risk", "generation": generation, "managedFields": fields}
    document = {"metadata": metadata, "spec": dict(SPEC), "status": status}
    return Look(document, {"old": deployment(2)} if deployments is None else deployments)
