"""Carrying a decision out: the order, what is left alone, and what a failure stops."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from seatrial.adapters.kube_kinds import MODEL_API
from seatrial.api import KIND
from seatrial.api.conditions import Reason
from seatrial.api.status import RevisionRef, Status
from seatrial.contract import labels
from seatrial.contract.records import Audit, Pointer
from seatrial.controller.apply import Applier, NotWrittenError
from seatrial.controller.cache import Cache, Place
from seatrial.controller.memory import Memory
from seatrial.core.decision import Decision, Event, Gauge, Removal
from seatrial.core.observed import Unknown
from seatrial.ports import AbsentError, ConflictError, Key, RefusedError, Source, UnavailableError
from seatrial.store.objects import UnreachableError
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import FakeCluster
from tests.fakes.store import FakeStore

KEY = Key("ml", "risk")
PLACE = Place(MODEL_API, KIND, "ml", "risk")
SOURCE = Source("s3://models/team", "risk", None, None, None)
STATUS = Status(observed_generation=1, stable=RevisionRef("aaaa", "1", "sha256:" + "0" * 64))
POINTER = Pointer("1", "sha256:" + "0" * 64, "2026-01-05T12:00:00+00:00", "seatrial")
AUDIT = Audit("2026-01-05T12:00:00+00:00", "seatrial", "promoted", "1", "sha256:" + "0" * 64)
EVENT = Event(Reason.PROMOTED, "version 1 serves")
GAUGE = Gauge("seatrial_stable_info", {}, 1)


def service(name: str = "risk", port: int = 80) -> dict[str, Any]:
    metadata = {"namespace": "ml", "name": name, "labels": {labels.MODEL: "risk"}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": port}]}}


DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"namespace": "ml", "name": "risk-aaaa", "labels": {labels.MODEL: "risk"}},
    "spec": {"replicas": 1},
}
ROUTE: dict[str, Any] = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "HTTPRoute",
    "metadata": {"namespace": "ml", "name": "risk-route"},
    "spec": {"rules": [{"backendRefs": [{"name": "risk-aaaa", "weight": 100}]}]},
}
WHOLE = Decision(
    STATUS,
    objects=(service(), service("risk-aaaa")),
    serving=POINTER,
    audits=(AUDIT,),
    removals=(Removal("v1", "Service", "risk-old"),),
    events=(EVENT,),
    gauges=(GAUGE,),
)


class Scene:
    """A ModelDeployment and an applier; `calls` is what was asked of cluster and store, in order."""

    def __init__(self) -> None:
        self.cluster, self.store, self.cache = FakeCluster(FakeClock()), FakeStore(), Cache()
        self.published: list[tuple[Key, tuple[Gauge, ...]]] = []
        self.calls: list[str] = []
        self.fail: dict[str, Exception] = {}
        self.memory = Memory()
        self.cluster.before = self.store.before = self._note
        metadata = {"namespace": "ml", "name": "risk"}
        self.cluster.user_apply({"apiVersion": MODEL_API, "kind": KIND, "metadata": metadata, "spec": {}})
        self.cluster.user_apply(service("risk-old"))
        self.applier = Applier(self.cache, self.cluster, self.store, self, "test")
        self.see()

    def publish(self, key: Key, gauges: Any) -> None:
        self.published.append((key, tuple(gauges)))

    def see(self) -> None:
        for event in self.cluster.take_events():
            _ = self.cache.drop(event.document) if event.deleted else self.cache.put(event.document)

    async def carry_out(self, decision: Decision = WHOLE, source: Source | Unknown = SOURCE) -> list[str]:
        self.calls.clear()
        document = self.cache.model(KEY)
        assert document is not None
        await self.applier.carry_out(document, decision, source, self.memory, FakeClock().now())
        return list(self.calls)

    def _note(self, call: str, arguments: tuple[Any, ...]) -> None:
        if call == "read":
            return  # that nobody has the name already
        name = arguments[0]["metadata"]["name"] if call in ("apply", "delete") else ""
        self.calls.append(f"{call} {name}".strip())
        if call in self.fail:
            raise self.fail[call]


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_the_documented_order(scene: Scene) -> None:
    assert await scene.carry_out() == [
        "write_status",
        "apply risk",
        "apply risk-aaaa",
        "delete risk-old",
        "write_serving",
        "append_audit",
        "event",
    ]
    assert scene.published == [(KEY, (GAUGE,))]
    found = scene.cluster.find(PLACE)
    assert found is not None
    assert found["status"]["stable"]["version"] == "1"
    assert [recorded.reason for recorded in scene.cluster.recorded] == ["Promoted"]
    assert [audit["action"] for audit in scene.store.audits("s3://models/team", "risk")] == ["promoted"]
    assert scene.cluster.find(Place("v1", "Service", "ml", "risk-old")) is None


async def test_what_is_so_already_is_not_written_again(scene: Scene) -> None:
    await scene.carry_out()
    again = replace(WHOLE, serving=None, audits=(), removals=(), events=())
    assert await scene.carry_out(again) == []
    scene.see()
    assert await scene.carry_out(again) == []


async def test_the_own_writes_are_in_the_cache_before_the_watch_tells_of_them(scene: Scene) -> None:
    await scene.carry_out()
    assert not any(scene.cache.put(event.document) for event in scene.cluster.take_events() if not event.deleted)


@pytest.mark.parametrize("lost", ["spec", "labels"])
async def test_what_somebody_changed_is_written_again(scene: Scene, lost: str) -> None:
    await scene.carry_out()
    live = scene.cluster.find(Place("v1", "Service", "ml", "risk"))
    assert live is not None
    if lost == "spec":
        live["spec"]["ports"][0]["port"] = 8080
    else:
        live["metadata"]["labels"] = {labels.MODEL: "risk", labels.REVISION: "x"}
        del live["metadata"]["annotations"][labels.APPLIED]
    scene.cluster.user_apply(live)
    scene.see()
    assert await scene.carry_out(Decision(STATUS, objects=(service(),))) == ["apply risk"]


async def test_a_new_wish_is_written_even_where_the_live_object_has_all_of_it(scene: Scene) -> None:
    await scene.carry_out(Decision(STATUS, objects=({**service(), "spec": {"ports": [{"port": 80}], "type": "X"}},)))
    assert await scene.carry_out(Decision(STATUS, objects=(service(),))) == ["apply risk"]
    live = scene.cluster.find(Place("v1", "Service", "ml", "risk"))
    assert live is not None
    assert live["spec"] == {"ports": [{"port": 80}]}


async def test_what_the_api_server_would_not_keep_is_not_asked_for_again_and_again(scene: Scene) -> None:
    wish = Decision(STATUS, objects=(service(),))
    with _normalising(scene.cluster):
        assert "apply risk" in await scene.carry_out(wish)
        assert await scene.carry_out(wish) == []
        live = scene.cluster.find(Place("v1", "Service", "ml", "risk"))
        assert live is not None
        live["spec"]["ports"][0]["port"] = 8080
        scene.cluster.user_apply(live)
        scene.see()
        assert await scene.carry_out(wish) == ["apply risk"]


async def test_an_object_that_is_on_its_way_out_is_left_to_go(scene: Scene) -> None:
    await scene.carry_out()
    live = scene.cluster.find(Place("v1", "Service", "ml", "risk"))
    assert live is not None
    live["metadata"]["deletionTimestamp"] = "2026-01-05T12:00:00Z"
    live["spec"] = {}
    scene.cluster.user_apply(live)
    scene.see()
    assert await scene.carry_out(Decision(STATUS, objects=(service(),))) == []


async def test_a_stale_view_of_the_world_does_no_harm(scene: Scene) -> None:
    scene.cluster.set_status(PLACE, {"weight": 5})  # somebody else wrote, and the watch has not told yet
    with pytest.raises(ConflictError):
        await scene.carry_out()
    assert scene.calls == ["write_status"]
    assert scene.published == []
    assert not scene.memory.events


@pytest.mark.parametrize(
    ("call", "error", "left_out"),
    [
        ("write_status", UnavailableError("x"), ["apply", "apply", "delete", "write_serving", "append_audit", "event"]),
        ("apply", UnavailableError("x"), ["apply", "delete"]),
        ("apply", RefusedError("x"), ["delete"]),
        ("delete", UnavailableError("x"), []),
        ("write_serving", UnreachableError("x"), ["append_audit"]),
        ("append_audit", UnreachableError("x"), []),
        ("event", UnavailableError("x"), []),
    ],
)
async def test_a_failure_stops_what_depends_on_it_and_nothing_else(
    scene: Scene, call: str, error: Exception, left_out: list[str]
) -> None:
    scene.fail[call] = error
    with pytest.raises(type(error)):
        await scene.carry_out()
    usual = ["write_status", "apply", "apply", "delete", "write_serving", "append_audit", "event"]
    done = [one.partition(" ")[0] for one in scene.calls]
    assert sorted([*done, *left_out]) == sorted(usual)


@pytest.mark.parametrize(
    ("kind", "name", "applied"),
    [
        ("Service", "risk", ["risk-aaaa", "risk-aaaa", "risk-route"]),
        ("Service", "risk-aaaa", ["risk-aaaa", "risk"]),
        ("Deployment", "risk-aaaa", ["risk", "risk-aaaa", "risk-route"]),  # weights are for pods that are there
    ],
)
async def test_only_a_service_of_somebody_else_keeps_a_route_from_being_written(
    scene: Scene, kind: str, name: str, applied: list[str]
) -> None:
    owner = {"kind": "Application", "name": "shop", "uid": "2", "controller": True}
    theirs = service(name) if kind == "Service" else DEPLOYMENT
    scene.cluster.user_apply({**theirs, "metadata": {"namespace": "ml", "name": name, "ownerReferences": [owner]}})
    with pytest.raises(RefusedError, match=f"{kind} ml/{name} is there already"):
        await scene.carry_out(replace(WHOLE, objects=(DEPLOYMENT, *WHOLE.objects, ROUTE)))
    assert sorted(call.removeprefix("apply ") for call in scene.calls if call.startswith("apply ")) == sorted(applied)
    removed = any(call.startswith("delete") for call in scene.calls)
    assert removed == ((kind, name) != ("Service", "risk")), "what callers use may still choose it"


async def test_a_route_that_waits_for_a_service_is_told_as_not_written(scene: Scene) -> None:
    owner = {"kind": "Application", "name": "shop", "uid": "2", "controller": True}
    theirs = {"namespace": "ml", "name": "risk-aaaa", "ownerReferences": [owner]}
    scene.cluster.user_apply({**service("risk-aaaa"), "metadata": theirs})
    with pytest.raises(NotWrittenError) as error:
        await scene.carry_out(replace(WHOLE, objects=(*WHOLE.objects, ROUTE)))
    waits = "HTTPRoute ml/risk-route waits for Service risk-aaaa, which was refused"
    assert error.value.refused["HTTPRoute", "risk-route"] == waits
    assert str(error.value).startswith("Service ml/risk-aaaa is there already")


async def test_a_kind_that_is_not_installed_is_a_failure_to_tell_of(scene: Scene) -> None:
    scene.fail["apply"] = AbsentError("404: the server could not find the requested resource")
    with pytest.raises(RefusedError, match="Service ml/risk cannot be made: 404"):
        await scene.carry_out()


async def test_what_a_written_status_announced_is_told_later(scene: Scene) -> None:
    scene.fail["write_serving"] = UnreachableError("x")
    with pytest.raises(UnreachableError):
        await scene.carry_out()
    scene.fail.clear()
    await scene.carry_out(Decision(STATUS, serving=POINTER, audits=(AUDIT,)))  # no Event is new to the next decision
    assert [recorded.reason for recorded in scene.cluster.recorded] == ["Promoted"]
    assert len(scene.store.audits("s3://models/team", "risk")) == 1
    await scene.carry_out(Decision(STATUS))
    assert len(scene.cluster.recorded) == 1


async def test_a_record_that_is_missing_is_written_by_whoever_comes_next_and_only_once(scene: Scene) -> None:
    scene.fail["write_status"] = UnavailableError("its answer was lost")
    with pytest.raises(UnavailableError):
        await scene.carry_out()
    scene.fail.clear()
    scene.memory = Memory()  # another process
    told = Decision(STATUS, audits=(AUDIT,))
    assert (await scene.carry_out(told)).count("append_audit") == 1
    assert "append_audit" not in await scene.carry_out(told)
    scene.memory = Memory()
    await scene.carry_out(told)
    assert len(scene.store.audits("s3://models/team", "risk")) == 1


async def test_what_waits_to_be_told_is_bounded(scene: Scene) -> None:
    scene.fail["event"] = UnavailableError("x")
    for number in range(100):
        with pytest.raises(UnavailableError):
            await scene.carry_out(Decision(STATUS, events=(Event(Reason.PROMOTED, str(number)),)))
    assert len(scene.memory.events) == 20


async def test_without_a_source_nothing_is_written_to_the_store(scene: Scene) -> None:
    calls = await scene.carry_out(source=Unknown(Reason.SECRET_NOT_FOUND, "there is none"))
    assert "write_serving" not in calls
    assert "append_audit" not in calls
    assert calls[-1] == "event"


async def test_only_the_very_object_that_was_seen_is_removed(scene: Scene) -> None:
    old = Place("v1", "Service", "ml", "risk-old")
    scene.cluster.remove(old)
    scene.cluster.user_apply(service("risk-old"))  # made again, and the watch has not told yet
    with pytest.raises(ConflictError):
        await scene.carry_out()
    assert scene.cluster.find(old) is not None


async def test_removing_what_is_gone_is_no_error(scene: Scene) -> None:
    await scene.carry_out()
    scene.see()
    assert "delete risk-old" not in await scene.carry_out()


@contextmanager
def _normalising(cluster: FakeCluster) -> Iterator[None]:
    """Let the API server write ports in its own way, as no rule of ours foresees."""
    apply = cluster.apply

    async def normalise(document: Any) -> Any:
        if document["spec"]["ports"][0]["port"] == 80:
            document = {**document, "spec": {"ports": [{"port": "eighty"}]}}
        return await apply(document)

    cluster.apply = normalise  # type: ignore[method-assign]
    yield
    cluster.apply = apply  # type: ignore[method-assign]
