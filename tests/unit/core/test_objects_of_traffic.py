"""The Services and the HTTPRoute that a decision wants: which pods they choose, and who gets which share."""

from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.status import Stage
from seatrial.contract import http
from tests.given import ROUTE, available, on_trial, ref, spec
from tests.unit.core.documents import ONE, TWO, chosen, matches, named, objects, pod_specs, world

# Selectors


def test_deployments_choose_their_own_pods_alone() -> None:
    pods = [document for document, _ in pod_specs(world()) if document["kind"] == "Deployment"]
    for document in pods:
        selector = document["spec"]["selector"]["matchLabels"]
        assert [one["metadata"]["name"] for one in pods if matches(selector, one)] == [document["metadata"]["name"]]


@pytest.mark.parametrize(
    ("service", "pods"),
    [
        ("risk", {ONE}),
        (ONE, {ONE}),
        (TWO, {TWO}),
        ("risk-shadow", {TWO}),
        ("risk-collector", {"risk-collector"}),
    ],
)
def test_services_choose_their_pods(service: str, pods: set[str]) -> None:
    assert chosen(named("Service", service), world()) == pods


def test_without_a_route_a_canarys_pods_are_chosen_beside_stables() -> None:
    canary = on_trial(Stage.CANARY)
    both = {f"risk-{ref(version).revision}" for version in "12"}
    assert chosen(named("Service", "risk", canary), canary) == both
    routed = on_trial(Stage.CANARY, of=spec(route=ROUTE))
    assert chosen(named("Service", "risk", routed), routed) == {f"risk-{ref('1').revision}"}


def test_without_a_route_a_candidate_without_weight_is_not_chosen() -> None:
    waits = on_trial(Stage.CANARY, weight=0, pods=on_trial(Stage.CANARY, of=spec(replicas=0)).pods[ref("2").revision])
    assert chosen(named("Service", "risk", waits), waits) == {f"risk-{ref('1').revision}"}


def test_services_lead_to_the_port_that_the_container_names() -> None:
    for document in objects(world()):
        if document["kind"] == "Service":
            assert document["spec"]["ports"] == [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}]
    ports = {
        pod["containers"][0]["ports"][0]["containerPort"] for doc, pod in pod_specs(world()) if doc["kind"] != "Job"
    }
    assert ports == {http.PREDICTOR_PORT, http.COLLECTOR_PORT}


def test_the_shadows_service_is_headless_so_that_every_pod_is_found() -> None:
    assert named("Service", "risk-shadow")["spec"]["clusterIP"] == "None"


# The route


def test_the_route_has_the_weights_of_the_revisions_services() -> None:
    route = named("HTTPRoute", "risk", world(stage=Stage.CANARY))
    backends = [
        {"group": "", "kind": "Service", "name": ONE, "port": 80, "weight": 99},
        {"group": "", "kind": "Service", "name": TWO, "port": 80, "weight": 1},
    ]
    assert route["apiVersion"] == "gateway.networking.k8s.io/v1"
    assert route["spec"] == {
        "parentRefs": [
            {"name": "models", "namespace": "gateways", "group": "gateway.networking.k8s.io", "kind": "Gateway"}
        ],
        "hostnames": ["risk.example.org"],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": f"/risk{public}"}}],
                "filters": [
                    {
                        "type": "URLRewrite",
                        "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": public}},
                    }
                ],
                "backendRefs": backends,
            }
            for public in ("/v1", "/v2")
        ],
    }


@pytest.mark.parametrize("route", [{}, {"path": "/"}])
def test_without_a_prefix_the_route_needs_nothing_but_the_core_of_the_gateway_api(route: dict[str, Any]) -> None:
    found = on_trial(Stage.CANARY, of=spec(route={"gateway": {"name": "models"}, **route}))
    rules = named("HTTPRoute", "risk", found)["spec"]["rules"]
    assert [rule["matches"][0]["path"]["value"] for rule in rules] == ["/v1", "/v2"]
    assert not any("filters" in rule for rule in rules)


def test_a_gateway_of_ones_own_namespace_needs_no_namespace() -> None:
    found = on_trial(Stage.CANARY, of=spec(route={"gateway": {"name": "models"}}))
    [parent] = named("HTTPRoute", "risk", found)["spec"]["parentRefs"]
    assert "namespace" not in parent


@pytest.mark.parametrize(("accepted", "kept"), [(None, True), (False, True), (True, False)])
def test_another_gateway_gets_the_traffic_only_when_it_has_taken_the_route(accepted: bool | None, kept: bool) -> None:
    before = world(stage=Stage.CANARY)
    assert before.route is not None
    had = (("ml", "old"), ("gateways", "models"))
    found = replace(before, route=replace(before.route, accepted=accepted, gateways=had))
    parents = named("HTTPRoute", "risk", found)["spec"]["parentRefs"]
    assert [(one["namespace"], one["name"]) for one in parents] == [("gateways", "models"), *had[:1]][: 1 + kept]


def test_a_gateway_of_ones_own_namespace_is_not_named_twice() -> None:
    found = on_trial(Stage.CANARY, of=spec(route={"gateway": {"name": "models"}}))
    assert found.route is not None
    found = replace(found, route=replace(found.route, accepted=None, gateways=(("ml", "models"),)))
    assert len(named("HTTPRoute", "risk", found)["spec"]["parentRefs"]) == 1


# Callers who stay where they were


def sticky_rules(stage: Stage, *, sticky: bool = True, **changes: Any) -> list[tuple[str, str, list[str]]]:
    """Of each rule that asks for a header: its path, the revision that the header names, and who answers."""
    made = spec(route=ROUTE, rollout={"canary": {"steps": [{"weight": 50}], "sticky": sticky}})
    route = named("HTTPRoute", "risk", on_trial(stage, of=made, **changes))
    found = []
    for rule in route["spec"]["rules"]:
        [match] = rule["matches"]
        for header in match.get("headers", ()):
            assert (header["type"], header["name"]) == ("Exact", "x-model-revision")
            backends = [one["name"] for one in rule["backendRefs"]]
            found.append((match["path"]["value"], header["value"], backends))
    return found


def test_sticky_callers_are_answered_by_the_revision_that_they_name() -> None:
    made = spec(route=ROUTE, rollout={"canary": {"steps": [{"weight": 50}], "sticky": True}})
    revisions = [ref(version, made).revision for version in "12"]
    assert sticky_rules(Stage.CANARY) == [
        (path, revision, [f"risk-{revision}"]) for revision in revisions for path in http.PUBLIC_PATHS
    ]


def test_where_one_revision_answers_all_nobody_is_kept_anywhere() -> None:
    assert sticky_rules(Stage.SHADOW) == []
    assert sticky_rules(Stage.CANARY, weight=0, step_since=None, pods=available(0)) == []
    assert sticky_rules(Stage.CANARY, sticky=False) == []
