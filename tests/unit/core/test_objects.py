"""The objects that a decision wants: whose they are, what they may do, and that their pods can read what they say."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.api.spec import Spec
from seatrial.api.status import Stage, TrainingStatus
from seatrial.contract import environment, http, labels
from seatrial.contract.training import parse_request
from seatrial.core.decide import decide
from seatrial.core.observed import Observed
from seatrial.core.recipe import recipe_from
from seatrial.ports import Key
from seatrial_runtime.collector.configuration import read_configuration
from seatrial_runtime.predictor.settings import read_settings
from tests.given import MINUTE, NOW, ROUTE, TRAINING, in_probation, on_trial, recipe, ref, serving, spec, target

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
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")

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


# Whose they are


@pytest.mark.parametrize("found", [world(), world(BARE), in_probation(since=MINUTE), serving("1")])
def test_every_object_belongs_to_the_model_deployment_and_goes_with_it(found: Observed) -> None:
    assert objects(found)
    for document in objects(found):
        assert document["metadata"]["namespace"] == "ml"
        assert document["metadata"]["labels"][labels.MODEL] == "risk"
        assert document["metadata"]["ownerReferences"] == [
            {
                "apiVersion": "seatrial.dev/v1alpha1",
                "kind": "ModelDeployment",
                "name": "risk",
                "uid": "1234",
                "controller": True,
            }
        ]
        assert "finalizers" not in document["metadata"]
        assert "status" not in document


def test_the_model_deployment_itself_is_never_written() -> None:
    kinds = {document["kind"] for document in objects(world())}
    assert kinds == {"ControllerRevision", "Service", "Deployment", "HTTPRoute", "Job"}


def test_objects_are_plain_json() -> None:
    for document in objects(world()):
        assert json.loads(json.dumps(document, allow_nan=False)) == json.loads(json.dumps(document))


names = st.from_regex(r"[a-z]([-a-z0-9]{0,48}[a-z0-9])?", fullmatch=True)
versions = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", fullmatch=True)


@settings(max_examples=30, deadline=None)
@given(names, versions)
def test_names_and_labels_are_what_kubernetes_takes(name: str, version: str) -> None:
    found = replace(world(name=name), target=target(version))
    documents = objects(found)
    assert {document["kind"] for document in documents} >= {"Service", "Deployment", "HTTPRoute"}
    for document in documents:
        assert SERVICE_NAME.fullmatch(document["metadata"]["name"])
        pod = document.get("spec", {}).get("template", {}).get("metadata", {}).get("labels", {})
        for value in (document["metadata"]["labels"] | pod).values():
            assert LABEL_VALUE.fullmatch(value)


def test_no_two_objects_have_one_name() -> None:
    found = [(one["apiVersion"], one["kind"], one["metadata"]["name"]) for one in objects(world())]
    assert len(found) == len(set(found))


# What pods may do


@pytest.mark.parametrize("found", [world(), world(BARE)])
def test_pods_may_do_nothing_but_their_work(found: Observed) -> None:
    for _, pod in pod_specs(found):
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC", "serviceAccountName"} & pod.keys()
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


@pytest.mark.parametrize("found", [world(), world(BARE)])
def test_everything_that_a_pod_uses_is_bounded(found: Observed) -> None:
    for document, pod in pod_specs(found):
        for container in pod["containers"]:
            assert "memory" in container["resources"]["limits"] or document["kind"] == "Job"
        assert all(volume["emptyDir"]["sizeLimit"] for volume in pod["volumes"] if "secret" not in volume)
        mounted = {mount["name"] for container in pod["containers"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}


# Selectors


def matches(selector: Document, document: Document) -> bool:
    """Whether the selector chooses this Deployment's or Job's pods."""
    pod = document["spec"]["template"]["metadata"]["labels"]
    return bool(selector.items() <= pod.items())


def chosen(service: Document, found: Observed) -> set[str]:
    pods = [one for one in objects(found) if one["kind"] in ("Deployment", "Job")]
    return {one["metadata"]["name"] for one in pods if matches(service["spec"]["selector"], one)}


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


# Predictors


def test_a_predictor_can_read_what_it_is_told() -> None:
    told = variables(named("Deployment", TWO))
    read = read_settings(told | {environment.POD_IP: "10.0.0.7"})
    assert (read.namespace, read.name, read.revision) == ("ml", "risk", ref("2", EVERYTHING).revision)
    assert (read.version, read.digest) == ("2", target("2").digest)
    assert (read.home.bucket, read.endpoint, read.region) == ("models", "http://s3:7070", "eu-1")
    assert (read.maximum_batch, read.maximum_delay, read.timeout) == (16, 0.002, 0.25)
    assert (read.shadow_host, read.collector_url) == ("risk-shadow.ml.svc", "http://risk-collector.ml.svc")
    assert json.loads(told[environment.POD_IP]) == {"fieldRef": {"fieldPath": "status.podIP"}}


def test_credentials_come_from_the_secret_and_stand_nowhere() -> None:
    told = variables(named("Deployment", TWO))
    assert json.loads(told["AWS_ACCESS_KEY_ID"]) == {"secretKeyRef": {"name": "keys", "key": "accessKeyId"}}
    assert json.loads(told["AWS_SECRET_ACCESS_KEY"]) == {"secretKeyRef": {"name": "keys", "key": "secretAccessKey"}}


def test_what_the_spec_leaves_out_is_not_said() -> None:
    told = variables(named("Deployment", f"risk-{ref('2').revision}", world(BARE)))
    left_out = {"AWS_ACCESS_KEY_ID", environment.ENDPOINT, environment.REGION, environment.COLLECTOR_URL}
    assert not left_out & told.keys()
    assert read_settings(told).timeout == 1.0


def test_a_predictor_runs_what_the_recipe_says() -> None:
    document = named("Deployment", TWO)
    [container] = document["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "mine:1"
    assert container["resources"] == {"requests": {"cpu": "2"}, "limits": {"memory": "1Gi"}}
    assert container["readinessProbe"]["httpGet"]["path"] == http.READY_PATH
    assert container["livenessProbe"]["httpGet"]["path"] == http.LIVE_PATH


def test_a_predictor_leaves_without_dropping_a_request() -> None:
    document = named("Deployment", TWO)
    pod = document["spec"]["template"]["spec"]
    slept = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert 0 < slept < pod["terminationGracePeriodSeconds"]
    assert document["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert document["spec"]["minReadySeconds"] > 0


def test_a_predictor_is_scraped() -> None:
    annotations = named("Deployment", TWO)["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(http.PREDICTOR_PORT)
    assert annotations["prometheus.io/path"] == http.METRICS_PATH
    assert annotations[labels.SCRAPE_DRIFT] == "true"


def test_replicas_are_the_plans() -> None:
    found = world(stage=Stage.CANARY)
    assert [named("Deployment", name, found)["spec"]["replicas"] for name in (ONE, TWO)] == [2, 1]


def test_the_kept_recipe_makes_the_same_revision_again() -> None:
    kept = named("ControllerRevision", TWO)
    assert kept["metadata"]["labels"][labels.REVISION] == ref("2", EVERYTHING).revision
    assert recipe_from(json.loads(json.dumps(kept["data"]))) == recipe("2", EVERYTHING)
    assert kept["data"] == asdict(recipe("2", EVERYTHING))


# The collector and the trainer


def test_a_collector_can_read_what_it_is_told() -> None:
    document = named("Deployment", "risk-collector")
    read = read_configuration(variables(document))
    assert (read.namespace, read.name, read.home.bucket, str(read.folder)) == ("ml", "risk", "models", "/data")
    assert document["spec"]["strategy"] == {"type": "Recreate"}
    assert document["spec"]["replicas"] == 1


def test_a_collector_finds_the_secrets_files_where_it_is_told() -> None:
    document = named("Deployment", "risk-collector")
    pod, told = document["spec"]["template"]["spec"], variables(document)
    [volume] = [one for one in pod["volumes"] if "secret" in one]
    [mount] = [one for one in pod["containers"][0]["volumeMounts"] if one["name"] == volume["name"]]
    assert (mount["mountPath"], mount["readOnly"]) == (told[environment.CREDENTIALS], True)
    assert volume["secret"]["secretName"] == "keys"
    assert [(one["key"], one["path"]) for one in volume["secret"]["items"]] == [
        ("accessKeyId", "accessKeyId"),
        ("secretAccessKey", "secretAccessKey"),
    ]
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & told.keys(), "what never changes would be used"


def test_the_secrets_files_can_be_read_by_the_collectors_user_alone_and_need_not_be_there() -> None:
    pod = named("Deployment", "risk-collector")["spec"]["template"]["spec"]
    [secret] = [one["secret"] for one in pod["volumes"] if "secret" in one]
    assert (secret["defaultMode"], pod["securityContext"]["fsGroup"]) == (0o440, pod["securityContext"]["runAsGroup"])
    assert secret["optional"] is True


def test_without_a_secret_a_collector_has_no_files_of_it() -> None:
    document = named("Deployment", "risk-collector", world(spec(monitoring={"accuracy": {}})))
    assert environment.CREDENTIALS not in variables(document)
    assert not [one for one in document["spec"]["template"]["spec"]["volumes"] if "secret" in one]


def test_the_collector_is_told_of_the_store_as_stable_knows_it() -> None:
    """A candidate that is served from elsewhere does not take the collector with it."""
    moved = spec(storage={"endpoint": "http://elsewhere:1"}, monitoring={"accuracy": {}})
    here = spec(storage={"endpoint": "http://s3:7070"}, monitoring={"accuracy": {}})
    found = replace(on_trial(Stage.CANARY, of=here), spec=moved)
    assert variables(named("Deployment", "risk-collector", found))[environment.ENDPOINT] == "http://s3:7070"


def test_a_trainer_can_read_what_it_is_told() -> None:
    document = named("Job", "risk-train-1")
    told = variables(document)
    assert parse_request(told[environment.TRAINING_REQUEST]).dataset == "s3://models/risk/train.parquet"
    assert (told[environment.STORE], told[environment.MODEL]) == ("s3://models/team", "risk")
    assert "secretKeyRef" in told["AWS_ACCESS_KEY_ID"]


def test_a_job_is_bounded() -> None:
    document = named("Job", "risk-train-1")
    assert (document["spec"]["backoffLimit"], document["spec"]["activeDeadlineSeconds"]) == (3, 90)
    assert document["spec"]["ttlSecondsAfterFinished"] > 0
    pod = document["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    assert pod["containers"][0]["resources"] == {"limits": {"cpu": "4"}}
    assert pod["containers"][0]["image"] == "mine:1"
