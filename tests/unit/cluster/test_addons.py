"""The addons' manifests agree with the addresses, the images and the names that the rest of the project relies on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import addons, places, stock

FILES = addons.files()


def objects(*paths: Path) -> Iterator[dict[str, Any]]:
    for path in paths or FILES:
        yield from yaml.safe_load_all(path.read_text())


def one(kind: str, name: str) -> dict[str, Any]:
    [found] = [each for each in objects() if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def templates() -> Iterator[dict[str, Any]]:
    for each in objects():
        if "template" in each.get("spec", {}):
            yield each["spec"]["template"]


def containers() -> Iterator[dict[str, Any]]:
    for template in templates():
        yield from (*template["spec"].get("initContainers", ()), *template["spec"]["containers"])


def test_every_image_is_one_that_is_built_and_never_pulled() -> None:
    built = {stock.image_reference(name) for name in stock.IMAGES}

    assert {container["image"] for container in containers()} == built - {stock.image_reference("pause")}
    assert {container["imagePullPolicy"] for container in containers()} == {"Never"}


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("kube-dns", places.DNS_ADDRESS),
        ("s3", places.S3_ADDRESS),
        ("prometheus", places.PROMETHEUS_ADDRESS),
        ("envoy", places.GATEWAY_ADDRESS),
    ],
)
def test_services_have_the_fixed_addresses(name: str, address: str) -> None:
    assert one("Service", name)["spec"]["clusterIP"] == address


def test_the_node_stands_behind_the_api_servers_service() -> None:
    [endpoint] = one("EndpointSlice", "kubernetes")["endpoints"]

    assert endpoint["addresses"] == [places.NODE_ADDRESS]


def test_contour_serves_the_gateway_of_the_models() -> None:
    gateway = one("Gateway", "models")
    configuration = yaml.safe_load(one("ConfigMap", "contour")["data"]["contour.yaml"])

    assert gateway["metadata"]["namespace"] == "gateways"
    assert configuration["gateway"]["gatewayRef"] == {"name": "models", "namespace": "gateways"}
    assert gateway["spec"]["listeners"] == [
        {"name": "http", "protocol": "HTTP", "port": 80, "allowedRoutes": {"namespaces": {"from": "All"}}}
    ]


def test_s3_has_the_known_credentials() -> None:
    assert one("Secret", "s3-root")["stringData"] == {
        "accessKeyId": places.S3_ACCESS_KEY,
        "secretAccessKey": places.S3_SECRET_KEY,
    }


def test_objects_outlive_their_pod_but_not_the_cluster() -> None:
    volumes = one("Deployment", "s3")["spec"]["template"]["spec"]["volumes"]

    assert volumes
    assert all(Path(volume["hostPath"]["path"]).is_relative_to(places.STATE) for volume in volumes)


def test_every_long_running_container_says_when_it_is_ready() -> None:
    waiting = [container["name"] for container in containers() if "ports" in container]

    assert sorted(waiting) == ["contour", "coredns", "envoy", "metrics-server", "prometheus", "s3"]
    assert all("readinessProbe" in container for container in containers() if "ports" in container)


def test_every_namespace_is_there_before_what_it_holds() -> None:
    known = {"default", "kube-system"}
    for each in objects():
        if each["kind"] == "Namespace":
            known.add(each["metadata"]["name"])
        assert each["metadata"].get("namespace", "default") in known


def configuration() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(one("ConfigMap", "prometheus")["data"]["prometheus.yml"])
    return parsed


def test_prometheus_reads_rules_where_the_optional_volume_is_mounted() -> None:
    pod = one("Deployment", "prometheus")["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["mountPath"]: mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
    [pattern] = configuration()["rule_files"]
    folder, _, names = pattern.rpartition("/")

    assert names == "*.yml"
    assert volumes[mounts[folder]]["configMap"] == {"name": addons.RULES[1], "optional": True}
    assert one("ConfigMap", "prometheus")["metadata"]["namespace"] == addons.RULES[0]


def test_what_prometheus_takes_in_is_bounded() -> None:
    bounds = {"body_size_limit", "sample_limit", "label_limit", "label_value_length_limit", "target_limit"}

    assert bounds <= configuration()["global"].keys()


def job(name: str) -> dict[str, Any]:
    [found] = [each for each in configuration()["scrape_configs"] if each["job_name"] == name]
    return dict(found)


@pytest.mark.parametrize("name", ["pods", "pods-drift"])
def test_pods_are_scraped_at_their_annotated_port_and_labelled(name: str) -> None:
    rules = {rule.get("target_label"): rule for rule in job(name)["relabel_configs"]}
    address = rules["__address__"]
    written = re.sub(r"\$(\d)", r"\\\1", address["replacement"])

    assert re.sub(address["regex"], written, "10.88.0.9;8080") == "10.88.0.9:8080"
    assert rules["namespace"]["source_labels"] == ["__meta_kubernetes_namespace"]
    assert rules["pod"]["source_labels"] == ["__meta_kubernetes_pod_name"]


def test_drift_is_a_job_of_its_own() -> None:
    keeping = next(rule for rule in job("pods-drift")["relabel_configs"] if rule.get("action") == "keep")

    assert job("pods-drift")["metrics_path"] == "/metrics/drift"
    assert keeping["source_labels"] == ["__meta_kubernetes_pod_annotation_seatrial_dev_scrape_drift"]
    assert keeping["regex"] == "true"


SETTLED = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}


def deployment(**status: int) -> dict[str, Any]:
    return {"metadata": {"generation": 2}, "spec": {"replicas": 1}, "status": SETTLED | status}


def test_a_deployment_is_settled_with_all_of_its_new_pods_and_no_old_one() -> None:
    assert addons.settled(deployment())


@pytest.mark.parametrize(
    "status",
    [
        pytest.param({"observedGeneration": 1}, id="of an earlier spec"),
        pytest.param({"replicas": 2}, id="an old pod is left"),
        pytest.param({"updatedReplicas": 0}, id="the new pod is missing"),
        pytest.param({"availableReplicas": 0}, id="the new pod is not ready"),
    ],
)
def test_a_deployment_that_is_on_its_way_is_not_settled(status: dict[str, int]) -> None:
    assert not addons.settled(deployment(**status))


def test_every_deployment_is_in_a_namespace_that_is_waited_for() -> None:
    found = {each["metadata"]["namespace"] for each in objects() if each["kind"] == "Deployment"}

    assert found == set(addons.NAMESPACES)


def test_rules_become_the_config_map_that_prometheus_mounts() -> None:
    written = addons.rules({"drift.yml": "groups: []"})

    assert written["metadata"] == {"namespace": "monitoring", "name": "seatrial-rules"}
    assert written["data"] == {"drift.yml": "groups: []"}


def test_a_rule_file_that_would_not_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match=r"drift\.yaml"):
        addons.rules({"drift.yaml": "groups: []"})
