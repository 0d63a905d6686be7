"""Passes from end to end on the fakes, with the real decisions: a first version, deletion, failures that heal."""

from contextlib import suppress
from datetime import timedelta
from functools import reduce
from typing import Any

import pytest

from seatrial.adapters.kube_kinds import MODEL_API
from seatrial.api import KIND
from seatrial.api.conditions import Reason
from seatrial.api.status import RevisionRef, Stage, Status
from seatrial.controller.cache import Place
from seatrial.controller.pace import LOOKS_A_SECOND
from seatrial.controller.schedule import LONGEST_BACKOFF
from seatrial.core.decide import FOLLOWING, JUDGED, ON_ITS_WAY
from seatrial.core.decision import Decision
from seatrial.core.observed import Observed
from seatrial.ports import ConflictError, Key, RefusedError
from seatrial.store.objects import DeniedError, PreconditionError, UnreachableError
from tests.fakes.process import Process, World
from tests.given import manifest, on_trial

KEY = Key("ml", "risk")
PLACE = Place(MODEL_API, KIND, "ml", "risk")


@pytest.fixture
def world() -> World:
    world = World()
    world.publish(manifest("1"))
    world.user_wants(KEY)
    return world


async def passes(world: World, process: Process, count: int = 4) -> timedelta | None:
    """Do some passes, seconds apart; pods come up between them."""
    again = None
    for _ in range(count):
        process.see(world.cluster.take_events())
        again = await process.reconciler.reconcile(KEY)
        for deployment in world.cluster.all("Deployment"):
            replicas = deployment["spec"]["replicas"]
            place = Place("apps/v1", "Deployment", "ml", deployment["metadata"]["name"])
            world.cluster.set_status(place, {"readyReplicas": replicas, "availableReplicas": replicas})
        world.clock.advance(5)
    return again


def status(world: World) -> dict[str, Any]:
    document = world.cluster.find(PLACE)
    assert document is not None
    found: dict[str, Any] = document["status"]
    return found


def condition(world: World, kind: str) -> tuple[str, str]:
    found = next(c for c in status(world)["conditions"] if c["type"] == kind)
    return found["status"], found["message"]


async def test_a_first_version_serves_and_then_nothing_is_written(world: World) -> None:
    process = Process(world)
    await passes(world, process)
    assert status(world)["stable"]["version"] == "1"
    assert condition(world, "Ready")[0] == "True"
    assert next(service["metadata"]["name"] for service in world.cluster.all("Service")) == "risk"
    assert len(world.store.audits("s3://models/team", "risk")) == 1
    written: list[str] = []
    world.cluster.after = lambda call, arguments: written.append(call)
    await passes(world, process, 3)
    assert written == []


async def test_the_serving_record_is_written_once(world: World) -> None:
    written: list[str] = []
    world.store.before = lambda call, arguments: written.append(call)
    await passes(world, Process(world), 8)
    assert written.count("write_serving") == 1


async def test_a_new_process_writes_nothing_where_all_is_well(world: World) -> None:
    await passes(world, Process(world))
    fresh = Process(world)
    await fresh.resync.fill()
    written: list[str] = []
    world.cluster.after = lambda call, arguments: written.append(call)
    assert await fresh.reconciler.reconcile(KEY) is not None
    assert written == []


async def test_the_spec_is_never_written(world: World) -> None:
    before = world.cluster.find(PLACE)
    await passes(world, Process(world))
    after = world.cluster.find(PLACE)
    assert before is not None
    assert after is not None
    assert after["spec"] == before["spec"]
    assert after["metadata"]["generation"] == 1


async def test_a_deleted_one_is_forgotten(world: World) -> None:
    process = Process(world)
    await passes(world, process)
    assert b'model_name="risk"' in process.telemetry.page()
    world.cluster.remove(PLACE)
    process.see(world.cluster.take_events())
    assert await process.reconciler.reconcile(KEY) is None
    assert b'model_name="risk"' not in process.telemetry.page()


async def test_one_that_is_being_deleted_is_left_to_kubernetes(world: World) -> None:
    document = world.cluster.find(PLACE)
    assert document is not None
    document["metadata"]["deletionTimestamp"] = "2026-01-05T12:00:00Z"
    world.cluster.user_apply(document)
    process = Process(world)
    process.see(world.cluster.take_events())
    world.cluster.before = _never
    assert await process.reconciler.reconcile(KEY) is None


async def test_a_refused_write_shows_as_stalled_and_heals(world: World) -> None:
    process = Process(world)
    await passes(world, process)
    world.user_wants(KEY, serving={"replicas": 3})
    world.cluster.before = _refuses("apply")
    with pytest.raises(RefusedError):
        await passes(world, process)
    world.cluster.before = _refuses("nothing")
    assert await passes(world, process, 1) == timedelta(seconds=1), "the condition is to go soon"
    assert condition(world, "Stalled") == ("True", "quota exceeded")
    await passes(world, process, 1)
    assert condition(world, "Stalled")[0] == "False"


@pytest.mark.parametrize("where", [("reconciler", "_decide"), ("reconciler", "_gatherer", "_newest")])
async def test_a_mistake_of_the_operators_own_shows_as_stalled_and_heals(
    world: World, monkeypatch: pytest.MonkeyPatch, where: tuple[str, ...]
) -> None:
    process = Process(world)
    await passes(world, process)
    serves = status(world)["stable"]
    with monkeypatch.context() as broken:
        broken.setattr(reduce(getattr, where[:-1], process), where[-1], _fails)
        with pytest.raises((ZeroDivisionError, ExceptionGroup)):
            await passes(world, process, 1)
    truth, message = condition(world, "Stalled")
    assert (truth, status(world)["stable"]) == ("True", serves)
    assert message.endswith("nothing changes: ZeroDivisionError: division by zero")
    await passes(world, process, 1)
    assert condition(world, "Stalled")[0] == "False"


def _fails(*_what: object) -> Decision:
    raise ZeroDivisionError("division by zero")


async def test_a_failure_is_tried_again_as_soon_as_its_trial_would_be_looked_at(world: World) -> None:
    process = Process(world)
    assert process.reconciler.patience(KEY) == LONGEST_BACKOFF
    world.store.before = _refuses("write_serving", DeniedError("AccessDenied: the store may only be read"))
    for _ in range(4):  # its first version comes up all the same
        with suppress(DeniedError):
            await passes(world, process, 1)
    assert process.reconciler.patience(KEY) == FOLLOWING.total_seconds()
    world.publish(manifest("2"))
    world.clock.advance(60)
    process.see(world.cluster.take_events())
    with pytest.raises(DeniedError):
        await process.reconciler.reconcile(KEY)
    assert status(world)["trial"]["candidate"]["version"] == "2"
    assert process.reconciler.patience(KEY) == ON_ITS_WAY.total_seconds()


async def test_a_crowd_of_trials_is_looked_at_less_often_until_some_are_gone(world: World) -> None:
    canary = Decision(on_trial(Stage.CANARY).status, requeue_after=JUDGED)
    process = Process(world, lambda observed, now: canary)
    keys = [Key("ml", f"risk-{number}") for number in range(2 * LOOKS_A_SECOND)]
    for key in keys:
        world.user_wants(key)
    process.see(world.cluster.take_events())
    for key in keys * 2:
        again = await process.reconciler.reconcile(key)
    assert again == 2 * JUDGED
    for key in keys[LOOKS_A_SECOND:]:
        world.cluster.remove(Place(MODEL_API, KIND, key.namespace, key.name))
        process.see(world.cluster.take_events())
        assert await process.reconciler.reconcile(key) is None
    assert await process.reconciler.reconcile(keys[0]) == JUDGED


@pytest.mark.parametrize(
    ("error", "stalled", "reason"),
    [
        (UnreachableError("S3 does not answer"), "False", "NotStalled"),  # it is waited for
        (DeniedError("AccessDenied"), "True", "StoreDenied"),
        (PreconditionError("somebody else wrote it"), "False", "NotStalled"),
    ],
)
async def test_a_record_that_cannot_be_written_is_told_as_what_the_store_is(
    world: World, error: Exception, stalled: str, reason: str
) -> None:
    """A new process writes the records of late again, because it cannot know that they are there."""
    await passes(world, Process(world))
    world.store.before = _refuses("append_audit", error)
    fresh = Process(world)
    await fresh.resync.fill()
    for _ in range(2):
        with suppress(type(error)):
            await fresh.reconciler.reconcile(KEY)
    found = next(c for c in status(world)["conditions"] if c["type"] == "Stalled")
    assert (found["status"], found["reason"]) == (stalled, reason)


async def test_a_conflict_is_no_failure_to_tell_of(world: World) -> None:
    process = Process(world)
    process.see(world.cluster.take_events())
    world.user_wants(KEY, serving={"replicas": 3})
    with pytest.raises(ConflictError):
        await process.reconciler.reconcile(KEY)
    await passes(world, process, 1)
    assert condition(world, "Stalled")[0] == "False"


async def test_what_follows_from_a_new_status_is_decided_soon(world: World) -> None:
    one = RevisionRef("aaaa", "1", "sha256:1")
    stables = iter((None, one, one))

    def decide(observed: Observed, now: object) -> Decision:
        return Decision(Status(stable=next(stables)), requeue_after=timedelta(minutes=1))

    process = Process(world, decide)
    process.see(world.cluster.take_events())
    assert await process.reconciler.reconcile(KEY) == timedelta(minutes=1)
    assert await process.reconciler.reconcile(KEY) == timedelta(seconds=1)
    assert await process.reconciler.reconcile(KEY) == timedelta(minutes=1)


async def test_a_secret_that_comes_later_heals_by_itself(world: World) -> None:
    world.user_wants(KEY, storage={"secretRef": {"name": "s3"}})
    process = Process(world)
    await passes(world, process, 2)
    stalled = next(c for c in status(world)["conditions"] if c["type"] == "Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", Reason.SECRET_NOT_FOUND)
    world.cluster.secrets["ml", "s3"] = {"accessKeyId": "a", "secretAccessKey": "b"}
    await passes(world, process)
    assert status(world)["stable"]["version"] == "1"


QUOTA = RefusedError("quota exceeded")


def _refuses(name: str, error: Exception = QUOTA) -> Any:
    def refuse(call: str, arguments: tuple[Any, ...]) -> None:
        if call == name:
            raise error

    return refuse


def _never(call: str, arguments: tuple[Any, ...]) -> None:
    raise AssertionError(f"{call} should not have been asked")


async def test_a_service_of_somebody_elses_is_left_alone_and_named(world: World) -> None:
    theirs = {"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "ml", "name": "risk"}, "spec": {"a": 1}}
    world.cluster.user_apply(theirs)
    process = Process(world)
    with pytest.raises(RefusedError):
        await passes(world, process)
    with pytest.raises(RefusedError):
        await passes(world, process, 1)
    assert condition(world, "Stalled")[0] == "True"
    assert "Service ml/risk is there already" in condition(world, "Stalled")[1]
    live = world.cluster.find(Place("v1", "Service", "ml", "risk"))
    assert live is not None
    assert live["spec"] == {"a": 1}
    assert "ownerReferences" not in live["metadata"]
    world.cluster.remove(Place("v1", "Service", "ml", "risk"))
    await passes(world, process)
    assert condition(world, "Stalled")[0] == "False"
    assert condition(world, "Ready")[0] == "True"


async def test_a_service_of_callers_that_a_policy_refuses_is_no_ready(world: World) -> None:
    """Its words are the policy's own, so that only the object itself tells what is missing."""

    def refuse(call: str, arguments: tuple[Any, ...]) -> None:
        document = arguments[0] if arguments else {}
        if call == "apply" and (document["kind"], document["metadata"]["name"]) == ("Service", "risk"):
            raise RefusedError("403: a policy wants a label")

    process = Process(world)
    world.cluster.before = refuse
    for _ in range(4):
        with suppress(RefusedError):
            await passes(world, process, 1)
    assert condition(world, "Ready") == ("False", "version 1 has pods, and no Service: 403: a policy wants a label")
    world.cluster.before = _refuses("nothing")
    await passes(world, process)
    assert condition(world, "Ready")[0] == "True"
