"""What the cached objects of a ModelDeployment say, as the values that a decision rests on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from seatrial.adapters.kube_kinds import AUTOSCALER, ROUTE_API
from seatrial.api.spec import Route
from seatrial.contract import http, labels
from seatrial.core.addresses import ANY_HOST
from seatrial.core.objects.common import CLAIM_SUFFIX
from seatrial.core.observed import JobPhase, Pods, RouteState
from seatrial.core.recipe import Recipe, recipe_from
from seatrial.ports import NO_RESTARTS, Document, Key, Restarts

_TAKEN = "another route has this host name and path: choose others in spec.route"
_NEEDED = ("Accepted", "ResolvedRefs")  # of a parent's conditions
_PARTIAL = "PartiallyInvalid"  # some of its rules were dropped, as where an older route has their host name and path
# What a person can do about the reasons that the Gateway API and Contour have.
_CURES = {
    "NotAllowedByListeners": "let a listener of the Gateway allow routes from this namespace (allowedRoutes)",
    "NoMatchingListenerHostname": "name a host in spec.route.hostnames that a listener of the Gateway has",
    "RuleMatchConflict": _TAKEN,
    "RuleMatchPartiallyConflict": _TAKEN,
}


def belonging(documents: Iterable[Document], uid: str) -> list[Document]:
    """Return the objects that the ModelDeployment with this uid owns: not those of one that had its name before."""
    return [d for d in documents if any(o["uid"] == uid for o in d["metadata"].get("ownerReferences") or ())]


def is_autoscaled(documents: Iterable[Document]) -> bool:
    """Say whether a HorizontalPodAutoscaler is among what is about a ModelDeployment."""
    return any(document["kind"] == AUTOSCALER for document in documents)


def identities(documents: Iterable[Document]) -> frozenset[tuple[str, str, str]]:
    """Return the objects as (apiVersion, kind, name)."""
    return frozenset((d["apiVersion"], d["kind"], d["metadata"]["name"]) for d in documents)


def recipes_of(documents: Iterable[Document]) -> dict[str, Recipe]:
    """Return the recipes that are kept in ControllerRevisions, by revision; those that cannot be read are left out."""
    found = {}
    for document in documents:
        revision, data = _revision(document), document.get("data")
        if document["kind"] == "ControllerRevision" and revision and isinstance(data, Mapping):
            recipe = recipe_from(data)
            if recipe is not None:
                found[revision] = recipe
    return found


def deployments_of(documents: Iterable[Document]) -> dict[str, Document]:
    """Return the predictors' Deployments by revision."""
    return {
        revision: document
        for document in documents
        if document["kind"] == "Deployment" and (revision := _revision(document))
    }


def pods_of(deployment: Document, trouble: str = "", restarts: Restarts | None = NO_RESTARTS) -> Pods:
    """Return what a Deployment says of its pods, beside what they say themselves.

    While its status is about an older generation, as many pods as are still wanted are taken for available: scaling
    up ends none, and one revision's pods never change otherwise.
    """
    wanted = deployment["spec"].get("replicas", 1)
    status = deployment.get("status") or {}
    ready, available = status.get("readyReplicas", 0), status.get("availableReplicas", 0)
    return Pods(wanted, min(ready, wanted), min(available, wanted), trouble, restarts)


def needs_explaining(deployment: Document, now: datetime, patience: float) -> bool:
    """Say whether pods are missing although the Deployment is older than `patience` seconds."""
    pods = pods_of(deployment)
    if pods.available >= pods.wanted:
        return False
    made = datetime.fromisoformat(deployment["metadata"]["creationTimestamp"])
    return (now - made).total_seconds() > patience


def refused_pods(deployment: Document) -> str:
    """Return why pods of a Deployment may not even be made, such as by a quota; empty where they may."""
    conditions = (deployment.get("status") or {}).get("conditions") or ()
    failures = (c for c in conditions if (c.get("type"), c.get("status")) == ("ReplicaFailure", "True"))
    return next((f"{c.get('reason', '')}: {c.get('message', '')}" for c in failures), "")


def last_spec_of(documents: Iterable[Document], name: str) -> str:
    """Return the last valid spec as the Service that clients use remembers it, empty where it does not."""
    services = (d["metadata"] for d in documents if d["kind"] == "Service" and d["metadata"]["name"] == name)
    return next((str((one.get("annotations") or {}).get(labels.LAST_VALID_SPEC, "")) for one in services), "")


def selector_of(deployment: Document) -> str:
    """Return the label selector of a Deployment's pods."""
    chosen = deployment["spec"]["selector"]["matchLabels"]
    return ",".join(f"{label}={value}" for label, value in sorted(chosen.items()))


def route_of(documents: Iterable[Document], route: Route | None, key: Key) -> RouteState | None:
    """Return what the wanted Gateway says of the HTTPRoute, and of its claim; None where there is no HTTPRoute."""
    routes = (d for d in documents if (d["apiVersion"], d["kind"]) == (ROUTE_API, "HTTPRoute"))
    by_name = {d["metadata"]["name"]: d for d in routes}
    document, claim = by_name.get(key.name), by_name.get(key.name + CLAIM_SUFFIX)
    if document is None or route is None:
        return None
    state = _route_state(document, route, key.namespace)
    return state if claim is None else replace(state, claim=_route_state(claim, route, key.namespace))


def _route_state(document: Document, route: Route, namespace: str) -> RouteState:
    gateway = f"{route.gateway_namespace or namespace}/{route.gateway}"
    accepted, message = _answer(_parent_conditions(document, route, namespace), gateway)
    hostnames = tuple(document["spec"].get("hostnames") or (ANY_HOST,))
    gateways = _gateways(document, namespace)
    return RouteState(accepted, message, _weights(document), gateways, hostnames, _path(document))


def _path(document: Document) -> str:
    """Return the path below which an HTTPRoute of ours serves."""
    matches = [match for rule in document["spec"].get("rules") or () for match in rule.get("matches") or ()]
    first = str((matches[0].get("path") or {}).get("value", "")) if matches else ""
    return first.removesuffix(http.PUBLIC_PATHS[0]) or "/"


def _answer(conditions: Mapping[str, Mapping[str, Any]], gateway: str) -> tuple[bool | None, str]:
    """Return whether a Gateway has taken the HTTPRoute, and what there is to say."""
    found = [conditions[kind] for kind in _NEEDED if kind in conditions]
    refused = [_refusal(c) for c in found if c.get("status") == "False"]
    if conditions.get(_PARTIAL, {}).get("status") == "True":
        refused.append(_refusal(conditions[_PARTIAL]))
    if refused:
        return False, "; ".join(refused)
    if [c.get("status") for c in found] != ["True"] * len(_NEEDED):
        waits = f"Gateway {gateway} has not answered for the HTTPRoute yet"
        return None, f"{waits} (if that lasts: is there one, and does its controller run?)"
    return True, f"Gateway {gateway} has taken the HTTPRoute"


def _refusal(condition: Mapping[str, Any]) -> str:
    """Return the gateway's own reason, and what can be done about it where that is known."""
    reason = str(condition.get("reason"))
    said = f"{reason}: {condition.get('message')}"
    return f"{said}; {_CURES[reason]}" if reason in _CURES else said


def jobs_of(documents: Iterable[Document]) -> dict[str, JobPhase]:
    """Return how far each training Job is, by name."""
    return {d["metadata"]["name"]: _phase(d) for d in documents if d["kind"] == "Job"}


def _phase(job: Document) -> JobPhase:
    conditions = (job.get("status") or {}).get("conditions") or ()
    ended = {c["type"] for c in conditions if c.get("status") == "True"}
    if "Failed" in ended:
        return JobPhase.FAILED
    return JobPhase.SUCCEEDED if "Complete" in ended else JobPhase.RUNNING


def _revision(document: Document) -> str:
    return str((document["metadata"].get("labels") or {}).get(labels.REVISION, ""))


def _weights(document: Document) -> dict[str, int]:
    """Return the weights of what answers callers whom no header keeps anywhere."""
    rules = (rule for rule in document["spec"].get("rules") or () if not _has_headers(rule))
    backends = (backend for rule in rules for backend in rule.get("backendRefs") or ())
    return {backend["name"]: backend.get("weight", 1) for backend in backends}


def _has_headers(rule: Mapping[str, Any]) -> bool:
    return any(match.get("headers") for match in rule.get("matches") or ())


def _gateways(document: Document, namespace: str) -> tuple[tuple[str, str], ...]:
    parents = document["spec"].get("parentRefs") or ()
    return tuple((p.get("namespace", namespace), p["name"]) for p in parents if p.get("kind", "Gateway") == "Gateway")


def _parent_conditions(document: Document, route: Route, namespace: str) -> dict[str, Mapping[str, Any]]:
    """Return the wanted parent's conditions about this generation, by type."""
    generation = document["metadata"].get("generation", 0)
    parents: Sequence[Mapping[str, Any]] = (document.get("status") or {}).get("parents") or ()
    return {
        condition["type"]: condition
        for parent in parents
        if _is_parent(parent.get("parentRef") or {}, route, namespace)
        for condition in _current(parent, generation)
    }


def _current(parent: Mapping[str, Any], generation: int) -> Iterator[Mapping[str, Any]]:
    return (c for c in parent.get("conditions") or () if c.get("observedGeneration", 0) >= generation)


def _is_parent(reference: Mapping[str, Any], route: Route, namespace: str) -> bool:
    wanted = (route.gateway, route.gateway_namespace or namespace)
    return (reference.get("name"), reference.get("namespace", namespace)) == wanted
