"""What the world is after a decision was carried out: through the documents that the cluster would keep.

Pods are told what to be, and nothing else happens: none starts, nobody sends a request.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from seatrial.api.status_document import read_status, status_document
from seatrial.contract import labels
from seatrial.core.decision import Decision
from seatrial.core.observed import Job, JobPhase, Observed, Pods, RouteState
from seatrial.core.recipe import Recipe, recipe_from

Identity = tuple[str, str, str]  # apiVersion, kind, name
Document = Mapping[str, Any]


def carried_out(world: Observed, decision: Decision) -> Observed:
    """Return the world in which everything that was decided was written."""
    made = {identity(document): document for document in decision.objects}
    removed = {(one.api_version, one.kind, one.name) for one in decision.removals}
    return replace(
        world,
        status=read_status(_json(status_document(decision.status, world.key.name))),
        recipes=_kept(world, {**world.recipes, **_recipes(made.values())}, "ControllerRevision", removed),
        pods=_kept(world, {**world.pods, **_pods(world, made.values())}, "Deployment", removed),
        route=None if any(kind == "HTTPRoute" for _, kind, _ in removed) else _route(world, made.values()),
        jobs={**world.jobs, **{name: Job(JobPhase.RUNNING) for _, kind, name in made if kind == "Job"}},
        objects=(world.objects | made.keys()) - removed,
        serving=decision.serving or world.serving,
    )


def identity(document: Document) -> Identity:
    """Return which object it is."""
    return document["apiVersion"], document["kind"], document["metadata"]["name"]


def weights_of(decision: Decision) -> dict[str, int]:
    """Return the weights of the HTTPRoute that was decided, by backend Service; none where there is no HTTPRoute."""
    routes = [document for document in decision.objects if document["kind"] == "HTTPRoute"]
    backends = [backend for route in routes for backend in route["spec"]["rules"][0]["backendRefs"]]
    return {backend["name"]: backend["weight"] for backend in backends}


def _json(document: Any) -> Any:
    return json.loads(json.dumps(document))


def _kept(world: Observed, found: Mapping[str, Any], kind: str, removed: Iterable[Identity]) -> dict[str, Any]:
    """Leave out what belongs to removed objects of a kind."""
    gone = {name for _, one, name in removed if one == kind}
    return {revision: value for revision, value in found.items() if f"{world.key.name}-{revision}" not in gone}


def _recipes(made: Iterable[Document]) -> dict[str, Recipe]:
    documents = [document for document in made if document["kind"] == "ControllerRevision"]
    read = {one["metadata"]["labels"][labels.REVISION]: recipe_from(_json(one["data"])) for one in documents}
    return {revision: recipe for revision, recipe in read.items() if recipe is not None}


def _pods(world: Observed, made: Iterable[Document]) -> dict[str, Pods]:
    found = {}
    for document in made:
        revision = document["metadata"]["labels"].get(labels.REVISION)
        if document["kind"] == "Deployment" and revision:
            wanted, before = document["spec"]["replicas"], world.pods.get(revision, Pods(0, 0, 0))
            there = (min(before.ready, wanted), min(before.available, wanted))
            found[revision] = Pods(wanted, *there, before.trouble, before.restarts)
    return found


def _route(world: Observed, made: Iterable[Document]) -> RouteState | None:
    for document in made:
        if document["kind"] == "HTTPRoute":
            before = world.route or RouteState(None, "the Gateway has not answered")
            backends = document["spec"]["rules"][0]["backendRefs"]
            return replace(before, weights={one["name"]: one["weight"] for one in backends})
    return world.route
