"""The cache: whatever the order in which news arrives, the newest is what it shows."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.adapters.kube_kinds import MODEL_API
from seatrial.contract.labels import MODEL
from seatrial.controller.cache import Cache, owner_of, place_of, trimmed
from seatrial.ports import Key

KEY = Key("ml", "risk")


def deployment(version: int, name: str = "risk-1", owner: str | None = "risk", **more: Any) -> dict[str, Any]:
    labels = {"labels": {MODEL: owner}} if owner else {}
    metadata = {"namespace": "ml", "name": name, "resourceVersion": str(version), **labels, **more}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": version}}


def model(version: int, name: str = "risk") -> dict[str, Any]:
    metadata = {"namespace": "ml", "name": name, "resourceVersion": str(version)}
    return {"apiVersion": MODEL_API, "kind": "ModelDeployment", "metadata": metadata}


NEWS = st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=12, unique_by=lambda item: item[0])


@given(NEWS)
def test_the_newest_news_wins_in_any_order(news: list[tuple[int, bool]]) -> None:
    cache = Cache()
    for version, deleted in news:
        document = deployment(version)
        _ = cache.drop(document) if deleted else cache.put(document)
    newest, gone = max(news)
    found = cache.find(place_of(deployment(newest)))
    assert (found is None) if gone else (found is not None and found["spec"]["replicas"] == newest)
    assert len(cache.owned(KEY)) == (0 if gone else 1)


def test_news_is_what_was_not_known() -> None:
    cache = Cache()
    assert cache.put(deployment(5))
    assert not cache.put(deployment(5)), "our own write, told again by the watch"
    assert not cache.put(deployment(4)), "late"
    assert not cache.drop(deployment(3)), "the deletion of an object that was made again since"
    assert cache.find(place_of(deployment(5))) is not None
    assert cache.drop(deployment(6))
    assert not cache.drop(deployment(6))
    assert not cache.put(deployment(5)), "the answer to a write that raced with the deletion"
    assert cache.put(deployment(7))


def test_versions_are_numbers_not_texts() -> None:
    cache = Cache()
    cache.put(deployment(9))
    assert cache.put(deployment(10))


def test_owned_objects_follow_their_label() -> None:
    cache = Cache()
    cache.put(model(1))
    cache.put(deployment(2))
    cache.put(deployment(3, name="risk-0"))
    assert [document["metadata"]["name"] for document in cache.owned(KEY)] == ["risk-0", "risk-1"]
    cache.put(deployment(4, owner="other"))
    assert [document["metadata"]["name"] for document in cache.owned(KEY)] == ["risk-0"]
    assert [document["metadata"]["name"] for document in cache.owned(Key("ml", "other"))] == ["risk-1"]
    assert cache.owned(Key("elsewhere", "risk")) == []


def test_keys_are_the_model_deployments() -> None:
    cache = Cache()
    cache.put(deployment(1, owner="no-such"))
    cache.put(model(2, "b"))
    cache.put(model(3, "a"))
    assert cache.keys() == [Key("ml", "a"), Key("ml", "b")]
    assert cache.model(Key("ml", "a")) is not None
    cache.drop(model(4, "a"))
    assert cache.keys() == [Key("ml", "b")]


def test_an_object_of_nobody_has_no_owner() -> None:
    assert owner_of(deployment(1, owner=None)) is None
    assert owner_of(model(1)) == KEY


def test_what_nobody_reads_is_dropped() -> None:
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": "{…}", "seatrial.dev/train": "now"}
    document = deployment(1, managedFields=[{"manager": "kubectl"}], annotations=annotations)
    assert trimmed(document)["metadata"].keys() == {"namespace", "name", "resourceVersion", "labels", "annotations"}
    assert trimmed(document)["metadata"]["annotations"] == {"seatrial.dev/train": "now"}
    assert "managedFields" in document["metadata"], "the caller's document stays as it is"


def autoscaler(version: int, kind: str = "ModelDeployment", api: str = MODEL_API, pods: int = 1) -> dict[str, Any]:
    target = {"apiVersion": api, "kind": kind, "name": "risk"}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"namespace": "ml", "name": "load", "resourceVersion": str(version)},
        "spec": {"scaleTargetRef": target, "maxReplicas": 9},
        "status": {"currentReplicas": pods},
    }


def test_an_autoscaler_belongs_to_what_it_scales_and_its_figures_are_no_news() -> None:
    cache = Cache()
    assert cache.put(autoscaler(1))
    assert not cache.put(autoscaler(2, pods=3))
    assert [document["spec"].keys() for document in cache.owned(KEY)] == [{"scaleTargetRef"}]
    assert cache.drop(autoscaler(3))
    assert cache.owned(KEY) == []


@pytest.mark.parametrize(("kind", "api"), [("Deployment", "apps/v1"), ("ModelDeployment", "other.dev/v1")])
def test_autoscalers_of_other_things_are_not_kept(kind: str, api: str) -> None:
    cache = Cache()
    assert not cache.put(autoscaler(1, kind, api))
    assert cache.places("autoscaling/v2", "HorizontalPodAutoscaler") == []
    cache.put(autoscaler(2))
    cache.put(autoscaler(3, kind, api))
    assert cache.owned(KEY) == [], "it scales something else now"
