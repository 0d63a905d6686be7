"""What counts as a difference between what is desired and what the API server made of it."""

from typing import Any

import pytest

from seatrial.controller.containment import amount, contains

DESIRED: dict[str, Any] = {
    "spec": {
        "replicas": 2,
        "paused": False,
        "hostnames": [],
        "template": {
            "containers": [
                {
                    "name": "predictor",
                    "env": [{"name": "A", "value": "1"}, {"name": "EMPTY", "value": ""}],
                    "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}, "requests": {"cpu": 0.5}},
                    "ports": [{"name": "http", "containerPort": 8080}],
                }
            ]
        },
        "backendRefs": [{"name": "stable", "weight": 90}, {"name": "candidate", "weight": 10}],
    }
}


def live() -> dict[str, Any]:
    """Return what the API server makes of DESIRED: defaults, quantities in its own way, nothing that is empty."""
    container = {
        "name": "predictor",
        "env": [{"name": "INJECTED", "value": "x"}, {"name": "EMPTY"}, {"name": "A", "value": "1"}],
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}},
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "terminationMessagePath": "/dev/termination-log",
    }
    backends = [{"name": "stable", "weight": 90, "kind": "Service"}, {"name": "candidate", "weight": 10}]
    spec = {"replicas": 2, "paused": False, "template": {"containers": [{"name": "sidecar"}, container]}}
    return {"spec": {**spec, "backendRefs": backends}, "status": {"replicas": 1}}


def container(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["spec"]["template"]["containers"][1]
    return found


def test_defaults_quantities_and_injections_are_no_difference() -> None:
    assert contains(live(), DESIRED)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["spec"].update(replicas=3),
        lambda d: d["spec"].update(paused=0),
        lambda d: d["spec"].pop("replicas"),
        lambda d: d["spec"].update(hostnames=["other.example"]),
        lambda d: d["spec"]["template"]["containers"].pop(1),
        lambda d: container(d)["env"].pop(2),
        lambda d: container(d)["env"][2].update(value="2"),
        lambda d: container(d)["resources"]["limits"].update(cpu="2"),
        lambda d: container(d)["resources"]["limits"].pop("memory"),
        lambda d: container(d)["ports"].append({"name": "debug", "containerPort": 1}),
        lambda d: d["spec"]["backendRefs"].append({"name": "intruder", "weight": 1}),
        lambda d: d["spec"]["backendRefs"].reverse(),
        lambda d: d["spec"]["backendRefs"][1].update(weight=11),
        lambda d: d.update(spec="nothing"),
    ],
)
def test_what_somebody_changed_is_a_difference(change: Any) -> None:
    document = live()
    change(document)
    assert not contains(document, DESIRED)


@pytest.mark.parametrize(
    ("one", "other"), [("1", "1000m"), ("1Gi", "1024Mi"), ("0.5", "500m"), (1, "1"), ("1k", "1000"), ("2M", "2000k")]
)
def test_equal_amounts(one: object, other: object) -> None:
    assert amount(one) == amount(other) is not None


@pytest.mark.parametrize("text", ["", "one", "1 Gi", "-", "1KiB"])
def test_what_is_no_amount(text: str) -> None:
    assert amount(text) is None


def test_texts_that_only_look_like_amounts_are_compared_as_texts() -> None:
    assert not contains({"value": "1"}, {"value": "1000m"})


@pytest.mark.parametrize("name", ["selector", "matchLabels", "nodeSelector"])
def test_a_selector_with_one_label_more_is_another_one(name: str) -> None:
    desired = {"spec": {name: {"app": "risk"}}, "metadata": {"labels": {"app": "risk"}}}
    more = {"app": "risk", "x": "y"}
    assert contains({"spec": {name: {"app": "risk"}}, "metadata": {"labels": more}}, desired)
    assert not contains({"spec": {name: more}, "metadata": {"labels": more}}, desired)
