"""What KubeCluster asks of the API server, and what it makes of the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from seatrial.adapters.apply_patch import APPLY
from seatrial.adapters.kube import KubeCluster
from seatrial.adapters.kube_client import JSON, JSON_PATCH, KubeClient
from seatrial.adapters.kube_kinds import MODEL_API, ROUTE_API
from seatrial.api import KIND
from seatrial.ports import AbsentError, ClusterError, ConflictError, RefusedError, UnavailableError
from tests.fakes.clock import FakeClock

MODEL: dict[str, Any] = {"apiVersion": MODEL_API, "kind": KIND, "metadata": {"namespace": "ml", "name": "risk"}}
PATH = "/apis/seatrial.dev/v1alpha1/namespaces/ml/modeldeployments/risk"
OURS = {"fieldManager": "seatrial", "force": "true"}


@dataclass(frozen=True)
class Call:
    """A request, as it was made."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    content_type: str


@dataclass
class Api:
    """An API server that plays one answer after the other, {} where there are none left, and remembers the calls."""

    answers: list[dict[str, Any] | ClusterError] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: Mapping[str, Any] | None = None,
        content_type: str = JSON,
    ) -> dict[str, Any]:
        self.calls.append(Call(method, path, dict(query), body or {}, content_type))
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, ClusterError):
            raise answer
        return answer


def cluster_at(api: Api) -> KubeCluster:
    return KubeCluster(cast("KubeClient", api), FakeClock(), "operator-1")


async def listed(api: Api, selector: str = "") -> list[Any]:
    return [document async for document in cluster_at(api).listing(ROUTE_API, "HTTPRoute", selector)]


def page(*names: str, **metadata: str) -> dict[str, Any]:
    return {"items": [{"metadata": {"name": name}} for name in names], "metadata": metadata}


async def test_an_object_is_applied_as_ours_whoever_had_its_fields() -> None:
    api = Api([{"kind": "as it is now"}])
    assert await cluster_at(api).apply(MODEL) == {"kind": "as it is now"}
    assert api.calls == [Call("PATCH", PATH, OURS, MODEL, APPLY)]


@pytest.mark.parametrize("version", ["", "77"])
async def test_a_status_is_replaced_whole_and_only_as_it_was_seen(version: str) -> None:
    head = {**MODEL["metadata"], "resourceVersion": version}
    api, document = Api([{"kind": "as it is now"}]), {**MODEL, "metadata": head, "status": {"weight": 5}}
    assert await cluster_at(api).write_status(document) == {"kind": "as it is now"}
    seen = [{"op": "replace", "path": "/metadata/resourceVersion", "value": "77"}] if version else []
    patch = [*seen, {"op": "add", "path": "/status", "value": {"weight": 5}}]
    assert api.calls == [Call("PATCH", f"{PATH}/status", {"fieldManager": "seatrial"}, patch, JSON_PATCH)]


async def test_a_conflict_of_a_status_is_told() -> None:
    with pytest.raises(ConflictError):
        await cluster_at(Api([ConflictError("stale")])).write_status({**MODEL, "status": {}})


async def test_only_the_object_that_was_seen_is_deleted_and_its_dependants_in_the_background() -> None:
    api = Api()
    await cluster_at(api).delete({**MODEL, "metadata": {**MODEL["metadata"], "uid": "1234"}})
    (call,) = api.calls
    assert (call.method, call.path) == ("DELETE", PATH)
    assert (call.body["kind"], call.body["propagationPolicy"]) == ("DeleteOptions", "Background")
    assert call.body["preconditions"] == {"uid": "1234"}


async def test_an_object_that_was_never_seen_is_deleted_by_its_name() -> None:
    api = Api()
    await cluster_at(api).delete(MODEL)
    assert api.calls[0].body["propagationPolicy"] == "Background"
    assert "preconditions" not in api.calls[0].body


async def test_what_is_gone_is_deleted() -> None:
    await cluster_at(Api([AbsentError("gone")])).delete(MODEL)


@pytest.mark.parametrize("error", [ConflictError("another uid"), RefusedError("not yours"), UnavailableError("down")])
async def test_what_could_not_be_deleted_is_told(error: ClusterError) -> None:
    with pytest.raises(type(error)):
        await cluster_at(Api([error])).delete(MODEL)


async def test_an_event_that_is_there_already_is_told_once() -> None:
    api = Api([{}, ConflictError("it exists")])
    for _ in range(2):
        await cluster_at(api).event(MODEL, reason="Promoted", message="version 2 serves", warning=False)
    first, second = api.calls
    assert first == second, "the same Event within a second has the same name"
    assert (first.method, first.path) == ("POST", "/api/v1/namespaces/ml/events")


async def test_an_event_that_is_refused_is_told() -> None:
    with pytest.raises(RefusedError):
        await cluster_at(Api([RefusedError("quota")])).event(MODEL, reason="A", message="b", warning=True)


async def test_a_long_list_is_read_a_page_at_a_time() -> None:
    api = Api([page("a", "b", **{"continue": "more"}), page("c")])
    documents = await listed(api, "app=risk")
    assert [document["metadata"]["name"] for document in documents] == ["a", "b", "c"]
    assert {(document["apiVersion"], document["kind"]) for document in documents} == {(ROUTE_API, "HTTPRoute")}
    first = {"labelSelector": "app=risk", "limit": "500"}
    assert [call.query for call in api.calls] == [first, {**first, "continue": "more"}]
    assert {call.path for call in api.calls} == {"/apis/gateway.networking.k8s.io/v1/httproutes"}


async def test_without_a_selector_everything_is_listed() -> None:
    api = Api([page("a")])
    assert len(await listed(api)) == 1
    assert api.calls[0].query == {"limit": "500"}


async def test_of_a_kind_that_is_not_installed_there_is_nothing() -> None:
    assert await listed(Api([AbsentError("the server could not find the requested resource")])) == []


async def test_a_list_that_breaks_off_is_not_a_short_list() -> None:
    with pytest.raises(UnavailableError):
        await listed(Api([page("a", **{"continue": "more"}), UnavailableError("down")]))
