"""The objects that a decision wants: whose they are, and what they may do."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.contract import labels
from seatrial.core.observed import Observed
from tests.given import MINUTE, in_probation, serving, target
from tests.unit.core.documents import BARE, objects, pod_specs, world

LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


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
    assert kinds == {"ControllerRevision", "Service", "PodDisruptionBudget", "Deployment", "HTTPRoute", "Job"}


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
