"""What cached objects say: pods, routes, recipes, Jobs."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from seatrial.adapters.kube_kinds import ROUTE_API
from seatrial.api.spec import Route
from seatrial.contract import labels
from seatrial.controller.from_cache import (
    belonging,
    deployments_of,
    identities,
    is_autoscaled,
    jobs_of,
    needs_explaining,
    pods_of,
    recipes_of,
    route_of,
    selector_of,
)
from seatrial.core.observed import JobPhase, Pods
from seatrial.core.recipe import Recipe
from tests.given import KEY

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
RECIPE = Recipe("s3://models/team", "risk", "7", "sha256:" + "0" * 64, None, None, None, "runtime:1")
ROUTE = Route("models", "gateways")


def thing(kind: str, name: str, api_version: str = "apps/v1", **parts: Any) -> dict[str, Any]:
    metadata = {
        "namespace": "ml",
        "name": name,
        "generation": 2,
        "labels": {labels.MODEL: "risk", labels.REVISION: "abc"},
        "ownerReferences": [{"uid": "mine"}],
        "creationTimestamp": "2026-01-05T11:59:50Z",
        **parts.pop("metadata", {}),
    }
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}


def deployment(replicas: int = 2, **status: int) -> dict[str, Any]:
    selector = {"matchLabels": {labels.MODEL: "risk", labels.REVISION: "abc"}}
    return thing("Deployment", "risk-abc", spec={"replicas": replicas, "selector": selector}, status=status)


def test_only_what_this_very_object_owns_counts() -> None:
    mine, older = thing("Service", "a"), thing("Service", "b", metadata={"ownerReferences": [{"uid": "earlier"}]})
    labelled = thing("Service", "c", metadata={"ownerReferences": None})
    assert belonging([mine, older, labelled], "mine") == [mine]
    assert identities([mine]) == {("apps/v1", "Service", "a")}


def test_a_deployment_that_is_only_made_has_no_pods() -> None:
    assert pods_of(deployment()) == Pods(wanted=2, ready=0, available=0)


def test_pods_of_a_deployment() -> None:
    found = pods_of(deployment(3, observedGeneration=2, readyReplicas=3, availableReplicas=2), "trouble")
    assert found == Pods(wanted=3, ready=3, available=2, trouble="trouble")


def test_scaling_up_ends_no_pod_and_scaling_down_does() -> None:
    told_before = {"observedGeneration": 1, "readyReplicas": 2, "availableReplicas": 2}
    assert pods_of(deployment(4, **told_before)).available == 2
    assert pods_of(deployment(1, **told_before)).available == 1
    assert pods_of(deployment(0, **told_before)) == Pods(0, 0, 0)


def test_missing_pods_are_explained_after_some_seconds() -> None:
    starting = deployment(2, availableReplicas=1)
    assert needs_explaining(starting, NOW, patience=5)
    assert not needs_explaining(starting, NOW, patience=10)
    assert not needs_explaining(deployment(2, availableReplicas=2), NOW, patience=5)


def test_predictors_by_revision_and_their_pods() -> None:
    collector = thing("Deployment", "risk-collector", metadata={"labels": {labels.MODEL: "risk"}})
    assert deployments_of([deployment(), collector, thing("Service", "x")]).keys() == {"abc"}
    assert selector_of(deployment()) == f"{labels.MODEL}=risk,{labels.REVISION}=abc"


def test_recipes_come_back_as_they_were_kept() -> None:
    document = asdict(RECIPE)
    document["timeout"] = 1  # what the API server makes of 1.0
    kept = thing("ControllerRevision", "risk-abc", data=document)
    broken = thing("ControllerRevision", "risk-x", data={"other": 1}, metadata={"labels": {labels.REVISION: "x"}})
    found = recipes_of([kept, broken, thing("ControllerRevision", "risk-y")])
    assert found == {"abc": RECIPE}
    assert found["abc"].revision == RECIPE.revision


def route(*conditions: tuple[str, str, int], parent: dict[str, str] | None = None) -> dict[str, Any]:
    told = [
        {"type": kind, "status": status, "observedGeneration": generation, "reason": f"{kind}Why", "message": "so"}
        for kind, status, generation in conditions
    ]
    reference = parent or {"name": "models", "namespace": "gateways"}
    backends = [{"name": "risk-abc", "weight": 90}, {"name": "risk-def", "weight": 10}]
    return thing(
        "HTTPRoute",
        "risk",
        ROUTE_API,
        spec={"rules": [{"backendRefs": backends}], "parentRefs": [{"name": "own"}, reference]},
        status={"parents": [{"parentRef": reference, "conditions": told}]} if conditions else {},
    )


@pytest.mark.parametrize(
    ("conditions", "accepted"),
    [
        ([], None),
        ([("Accepted", "True", 2), ("ResolvedRefs", "True", 2)], True),
        ([("Accepted", "True", 2)], None),
        ([("Accepted", "True", 1), ("ResolvedRefs", "True", 1)], None),
        ([("Accepted", "True", 2), ("ResolvedRefs", "True", 1)], None),
        ([("Accepted", "False", 2)], False),
        ([("Accepted", "True", 2), ("ResolvedRefs", "False", 2)], False),
        ([("Accepted", "False", 1), ("ResolvedRefs", "True", 2)], None),
        ([("Accepted", "Unknown", 2), ("ResolvedRefs", "True", 2)], None),
        ([("Accepted", "True", 2), ("ResolvedRefs", "True", 2), ("PartiallyInvalid", "True", 2)], False),
        ([("Accepted", "True", 2), ("ResolvedRefs", "True", 2), ("PartiallyInvalid", "True", 1)], True),
        ([("Accepted", "True", 2), ("ResolvedRefs", "True", 2), ("PartiallyInvalid", "False", 2)], True),
    ],
)
def test_what_the_gateway_said(conditions: list[tuple[str, str, int]], accepted: bool | None) -> None:
    found = route_of([route(*conditions)], ROUTE, KEY)
    assert found is not None
    assert found.accepted is accepted
    assert found.weights == {"risk-abc": 90, "risk-def": 10}
    assert found.gateways == (("ml", "own"), ("gateways", "models"))


def test_a_refusal_is_told_in_the_gateways_words() -> None:
    found = route_of([route(("Accepted", "True", 2), ("ResolvedRefs", "False", 2))], ROUTE, KEY)
    assert found is not None
    assert found.message == "ResolvedRefsWhy: so"


def test_a_refusal_that_is_known_comes_with_what_can_be_done() -> None:
    document = route(("Accepted", "False", 2))
    document["status"]["parents"][0]["conditions"][0]["reason"] = "NotAllowedByListeners"
    found = route_of([document], ROUTE, KEY)
    assert found is not None
    assert found.message.startswith("NotAllowedByListeners: so; let a listener of the Gateway allow routes")


def test_another_gateways_word_counts_for_nothing() -> None:
    other = route(("Accepted", "True", 2), ("ResolvedRefs", "True", 2), parent={"name": "models"})
    found = route_of([other], ROUTE, KEY)
    assert found is not None
    assert found.accepted is None
    own = route_of([other], replace(ROUTE, gateway_namespace=""), KEY)
    assert own is not None
    assert own.accepted is True


@pytest.mark.parametrize(
    ("path", "hostnames", "found"),
    [
        ("/v1", ["risk.example.org"], (("risk.example.org",), "/")),
        ("/team/risk/v1", ["a.example.org", "b.example.org"], (("a.example.org", "b.example.org"), "/team/risk")),
        ("/v1", [], (("",), "/")),
    ],
)
def test_where_a_route_serves(path: str, hostnames: list[str], found: tuple[tuple[str, ...], str]) -> None:
    document = route(("Accepted", "True", 2))
    document["spec"]["hostnames"] = hostnames
    document["spec"]["rules"][0]["matches"] = [{"path": {"type": "PathPrefix", "value": path}}]
    state = route_of([document], ROUTE, KEY)
    assert state is not None
    assert (state.hostnames, state.path) == found


def test_a_claim_is_found_beside_the_route_and_never_for_it() -> None:
    claim = route(("Accepted", "False", 2))
    claim["metadata"]["name"] = "risk-claim"
    assert route_of([claim], ROUTE, KEY) is None
    state = route_of([claim, route(("Accepted", "True", 2), ("ResolvedRefs", "True", 2))], ROUTE, KEY)
    assert state is not None
    assert state.claim is not None
    assert (state.accepted, state.claim.accepted) == (True, False)


def test_no_route_is_no_state() -> None:
    assert route_of([deployment()], ROUTE, KEY) is None
    assert route_of([route()], None, KEY) is None


@pytest.mark.parametrize(
    ("conditions", "phase"),
    [
        ([], JobPhase.RUNNING),
        ([{"type": "Complete", "status": "True"}], JobPhase.SUCCEEDED),
        ([{"type": "Complete", "status": "False"}], JobPhase.RUNNING),
        ([{"type": "FailureTarget", "status": "True"}], JobPhase.RUNNING),
        ([{"type": "FailureTarget", "status": "True"}, {"type": "Failed", "status": "True"}], JobPhase.FAILED),
    ],
)
def test_how_far_a_job_is(conditions: list[dict[str, str]], phase: JobPhase) -> None:
    job = thing("Job", "risk-train-1", "batch/v1", status={"conditions": conditions})
    assert jobs_of([job, deployment()]) == {"risk-train-1": phase}


def test_an_autoscaler_is_known_where_there_is_one() -> None:
    assert is_autoscaled([deployment(), thing("HorizontalPodAutoscaler", "load", "autoscaling/v2")])
    assert not is_autoscaled([deployment()])
