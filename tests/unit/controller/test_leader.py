"""The election, between processes whose clock goes on only when told."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest

from seatrial.controller.cache import Place
from seatrial.controller.leader import DURATION, GIVE_UP_AFTER, RETRY_EVERY, Candidacy, Leadership, holder_of
from seatrial.ports import UnavailableError
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import FakeCluster

PLACE = Place("coordination.k8s.io/v1", "Lease", "system", "seatrial")


class Scene:
    """A cluster and its candidates; `at` is the time in seconds."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.cluster = FakeCluster(self.clock)
        self.tasks: list[asyncio.Task[None]] = []

    @property
    def at(self) -> float:
        return self.clock.monotonic()

    def candidate(self, identity: str) -> Leadership:
        candidacy = Candidacy("system", "seatrial", identity)
        return Leadership(self.cluster, candidacy, self.clock, self.clock.monotonic, self.clock.sleep)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self.tasks.append(task)
        return task

    async def until(self, task: asyncio.Task[None]) -> float:
        """Let time pass until a task ends; return how long that took."""
        began = self.at
        while not task.done():
            assert self.at - began < 10 * DURATION, "it never ends"
            await self.clock.pass_time(0.5)
        return self.at - began

    def lease(self) -> dict[str, Any]:
        found = self.cluster.find(PLACE)
        assert found is not None
        return found


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    yield scene
    for task in scene.tasks:
        task.cancel()
    await asyncio.gather(*scene.tasks, return_exceptions=True)


async def test_the_first_one_leads(scene: Scene) -> None:
    one = scene.candidate("one")
    await one.acquire()
    assert one.held
    spec = scene.lease()["spec"]
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"], spec["leaseTransitions"]) == ("one", 15, 1)
    assert spec["acquireTime"].endswith("Z")


async def test_another_waits_until_the_lease_was_not_renewed_for_its_duration(scene: Scene) -> None:
    await scene.candidate("one").acquire()
    two = scene.candidate("two")
    waited = await scene.until(scene.start(two.acquire()))
    assert two.held
    assert DURATION <= waited <= DURATION + RETRY_EVERY
    assert scene.lease()["spec"]["leaseTransitions"] == 2


async def test_clocks_of_two_machines_are_not_compared(scene: Scene) -> None:
    await scene.candidate("one").acquire()
    lease = scene.lease()
    lease["spec"]["renewTime"] = "1970-01-01T00:00:00.000000Z"  # its clock is far behind
    scene.cluster.user_apply(lease)
    assert await scene.until(scene.start(scene.candidate("two").acquire())) >= DURATION


async def test_a_lease_that_is_renewed_is_never_taken(scene: Scene) -> None:
    one, two = scene.candidate("one"), scene.candidate("two")
    await one.acquire()
    keeping = scene.start(one.keep())
    scene.start(two.acquire())
    await scene.clock.pass_time(10 * DURATION)
    assert one.held
    assert not keeping.done()
    assert not two.held


async def test_a_lease_that_was_given_up_is_free_at_once(scene: Scene) -> None:
    one, two = scene.candidate("one"), scene.candidate("two")
    await one.acquire()
    await one.release()
    assert not one.held
    await two.acquire()
    assert holder_of(scene.lease()) == "two"


async def test_only_the_holder_gives_it_up(scene: Scene) -> None:
    one, two = scene.candidate("one"), scene.candidate("two")
    await one.acquire()
    await scene.until(scene.start(two.acquire()))  # one was away for too long, and does not know it yet
    await one.release()
    assert holder_of(scene.lease()) == "two"


async def test_a_process_of_the_same_name_goes_on_at_once(scene: Scene) -> None:
    await scene.candidate("one").acquire()
    acquired = scene.lease()["spec"]["acquireTime"]
    await scene.candidate("one").acquire()
    spec = scene.lease()["spec"]
    assert (spec["acquireTime"], spec["leaseTransitions"]) == (acquired, 1)


@pytest.mark.parametrize("call", ["read", "replace"])
async def test_who_cannot_renew_stops_before_anybody_else_may_begin(scene: Scene, call: str) -> None:
    one = scene.candidate("one")
    await one.acquire()
    scene.cluster.before = _down(call)
    assert GIVE_UP_AFTER <= await scene.until(scene.start(one.keep())) < DURATION
    assert not one.held


async def test_a_short_outage_loses_nothing(scene: Scene) -> None:
    one = scene.candidate("one")
    await one.acquire()
    keeping = scene.start(one.keep())
    scene.cluster.before = _down("read")
    await scene.clock.pass_time(GIVE_UP_AFTER / 2)
    scene.cluster.before = _down("nothing")
    await scene.clock.pass_time(3 * DURATION)
    assert one.held
    assert not keeping.done()


async def test_it_is_lost_when_another_holds_it(scene: Scene) -> None:
    one = scene.candidate("one")
    await one.acquire()
    lease = scene.lease()
    lease["spec"]["holderIdentity"] = "two"
    scene.cluster.user_apply(lease)
    await scene.until(scene.start(one.keep()))
    assert not one.held
    assert holder_of(scene.lease()) == "two"


async def test_of_two_that_see_it_free_one_gets_it(scene: Scene) -> None:
    one, two = scene.candidate("one"), scene.candidate("two")
    await one.acquire()
    await one.release()
    read, free = scene.cluster.read, scene.lease()

    async def stale(document: Any) -> Any:
        scene.cluster.read = read  # type: ignore[method-assign]
        await one.acquire()
        return free

    scene.cluster.read = stale  # type: ignore[method-assign]
    scene.start(two.acquire())
    await scene.clock.pass_time(DURATION / 2)
    assert one.held
    assert not two.held


def _down(name: str) -> Any:
    def fail(call: str, arguments: tuple[Any, ...]) -> None:
        if call == name:
            raise UnavailableError("no answer")

    return fail
