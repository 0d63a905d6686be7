"""A lane for each endpoint: how long callers wait, when it rests, what it learns from calls that were given up."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import NoReturn

import pytest

from seatrial.adapters.lanes import REST, SLOTS, Lane, Lanes, Shares
from seatrial.store.objects import DeniedError, NotFoundError, UnreachableError
from tests.fakes.clock import FakeClock

PATIENCE, LONG = 0.05, 5.0  # seconds of real time


class Scene:
    """Lanes on a few threads, and calls that end only when they are let go."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.threads = ThreadPoolExecutor(2 * SLOTS)
        self.lanes = Lanes(self.threads, self.clock.monotonic, remembered=3)
        self.lane = self.lanes.lane("http://s3")
        self.used = [self.lane]
        self.gate, self.begun = Event(), 0

    def silent(self) -> str:
        self.begun += 1
        self.gate.wait(10)
        return "late"

    def failing(self, error: Exception) -> Callable[[], NoReturn]:
        def call() -> NoReturn:
            raise error

        return call

    async def time_out(self, lane: Lane | None = None) -> None:
        self.used.append(lane or self.lane)
        with pytest.raises(UnreachableError, match=r"did not answer within 0\.05 s"):
            await (lane or self.lane).run(self.silent, PATIENCE, free())

    async def let_go(self) -> None:
        """End the silent calls, and let their lanes learn of it."""
        self.gate.set()
        await until(lambda: not any(lane.worth[0] for lane in self.used))


def free() -> asyncio.Semaphore:
    """A caller's share that is never used up."""
    return asyncio.Semaphore(1000)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONG):
        while not condition():  # noqa: ASYNC110 - what threads do
            await asyncio.sleep(0.001)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    assert await scene.lane.run(lambda: "first", LONG, free()) == "first"
    scene.clock.advance(1)
    yield scene
    await scene.let_go()
    scene.threads.shutdown()


async def test_values_and_errors_pass_through(scene: Scene) -> None:
    assert await scene.lane.run(lambda: 5, LONG, free()) == 5
    for error in (NotFoundError("none"), ValueError("x"), UnreachableError("refused")):
        with pytest.raises(type(error), match=str(error)):
            await scene.lane.run(scene.failing(error), LONG, free())


async def test_a_silent_endpoint_costs_its_caller_the_patience_and_others_nothing(scene: Scene) -> None:
    results = await asyncio.gather(
        *(scene.lane.run(scene.silent, PATIENCE, free()) for _ in range(20)), return_exceptions=True
    )
    assert {str(result) for result in results} == {"http://s3 did not answer within 0.05 s"}
    assert await scene.lanes.lane("http://other").run(lambda: 5, LONG, free()) == 5


async def test_a_slot_is_held_until_its_thread_ends(scene: Scene) -> None:
    await asyncio.gather(
        *(scene.lane.run(scene.silent, PATIENCE, free()) for _ in range(SLOTS)), return_exceptions=True
    )
    scene.clock.advance(REST)
    await scene.time_out()
    assert scene.begun == SLOTS
    await scene.let_go()
    assert await asyncio.gather(*(scene.lane.run(scene.silent, LONG, free()) for _ in range(20))) == ["late"] * 20


async def test_an_endpoint_that_never_answered_holds_one_thread(scene: Scene) -> None:
    lane = scene.lanes.lane("http://new")
    for _ in range(3):
        await asyncio.gather(*(lane.run(scene.silent, PATIENCE, free()) for _ in range(SLOTS)), return_exceptions=True)
        scene.clock.advance(REST)
    assert scene.begun == 1
    scene.used.append(lane)
    await scene.let_go()
    assert await asyncio.gather(*(lane.run(scene.silent, LONG, free()) for _ in range(20))) == ["late"] * 20


async def test_who_waits_for_a_slot_gets_it(scene: Scene) -> None:
    calls = [asyncio.create_task(scene.lane.run(scene.silent, LONG, free())) for _ in range(SLOTS + 1)]
    await until(lambda: scene.begun == SLOTS)
    scene.gate.set()
    assert await asyncio.gather(*calls) == ["late"] * (SLOTS + 1)


@pytest.mark.parametrize("refused", [True, False])
async def test_after_a_failure_it_rests_and_is_then_asked_again(scene: Scene, refused: bool) -> None:
    if refused:
        with pytest.raises(UnreachableError):
            await scene.lane.run(scene.failing(UnreachableError("http://s3 did not answer")), LONG, free())
    else:
        await scene.time_out()
    scene.clock.advance(REST - 0.1)
    with pytest.raises(UnreachableError, match=r"http://s3 did not answer.*; it is asked again soon"):
        await scene.lane.run(lambda: 5, LONG, free())
    scene.clock.advance(0.1)
    assert await scene.lane.run(lambda: 5, LONG, free()) == 5


async def test_an_answer_that_comes_late_ends_the_rest(scene: Scene) -> None:
    await scene.time_out()
    await scene.let_go()
    assert await scene.lane.run(lambda: 5, LONG, free()) == 5


async def test_a_late_failure_begins_a_rest_and_makes_no_noise(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    def fails_late() -> None:
        scene.silent()
        raise UnreachableError("gave up")

    with caplog.at_level(logging.DEBUG), pytest.raises(UnreachableError):
        await scene.lane.run(fails_late, PATIENCE, free())
    scene.clock.advance(REST)
    await scene.let_go()
    with pytest.raises(UnreachableError, match="http://s3 did not answer; it is asked again soon"):
        await scene.lane.run(lambda: 5, LONG, free())
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("error", [None, NotFoundError("none"), DeniedError("no credentials")])
async def test_one_slow_call_among_answers_is_no_reason_to_rest(scene: Scene, error: Exception | None) -> None:
    slow = asyncio.create_task(scene.lane.run(scene.silent, 0.2, free()))
    await until(lambda: scene.begun == 1)
    scene.clock.advance(1)
    await asyncio.gather(scene.lane.run(scene.failing(error) if error else str, LONG, free()), return_exceptions=True)
    with pytest.raises(UnreachableError, match="did not answer"):
        await slow
    assert scene.lane.worth[1] == isinstance(error, DeniedError)  # which needs no endpoint


async def test_an_endpoint_that_was_never_asked_is_not_blamed(scene: Scene) -> None:
    scene.used.append(scene.lanes.lane("http://b"))
    assert await scene.used[1].run(lambda: 5, LONG, free()) == 5
    calls = (lane.run(scene.silent, PATIENCE, free()) for lane in scene.used for _ in range(SLOTS))
    await asyncio.gather(*calls, return_exceptions=True)
    other = scene.lanes.lane("http://c")
    with pytest.raises(UnreachableError, match="http://c was not asked within"):
        await other.run(lambda: 5, PATIENCE, free())
    await scene.let_go()
    assert await other.run(lambda: 5, LONG, free()) == 5


async def test_a_cancelled_caller_is_cancelled_at_once(scene: Scene) -> None:
    caller = asyncio.create_task(scene.lane.run(scene.silent, LONG, free()))
    await until(lambda: scene.begun == 1)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert scene.lane.worth == (True, False)


def test_a_call_may_end_after_its_loop(caplog: pytest.LogCaptureFixture) -> None:
    gate, threads = Event(), ThreadPoolExecutor(1)
    lane = Lane("http://s3", threads, FakeClock().monotonic)
    with pytest.raises(UnreachableError):
        asyncio.run(lane.run(lambda: gate.wait(10), PATIENCE, free()))
    gate.set()
    threads.shutdown()
    assert not caplog.records


async def test_lanes_are_bounded_and_what_matters_is_forgotten_last(scene: Scene) -> None:
    await scene.time_out()  # busy, and rests
    rests = scene.lanes.lane("rests")
    with pytest.raises(UnreachableError):
        await rests.run(scene.failing(UnreachableError("x")), LONG, free())
    for number in range(20):
        scene.lanes.lane(f"idle {number}")
    assert len(scene.lanes) == 3
    assert scene.lanes.lane("http://s3") is scene.lane
    assert scene.lanes.lane("rests") is rests
    await scene.time_out(scene.lanes.lane("busy"))
    scene.lanes.lane("one more")
    assert len(scene.lanes) == 3
    assert scene.lanes.lane("http://s3") is scene.lane
    assert scene.lanes.lane("rests") is not rests


async def test_a_caller_whose_share_is_used_up_leaves_the_lane_to_others(scene: Scene) -> None:
    """However many endpoints it names, of which none answers."""
    shares = Shares(2)
    silent = [scene.lanes.lane(f"http://silent-{n}") for n in range(2)]
    calls = [asyncio.create_task(lane.run(scene.silent, LONG, shares.of("theirs"))) for lane in silent]
    await until(lambda: scene.begun == 2)
    with pytest.raises(UnreachableError, match=r"was not asked within 0\.05 s: other stores of this namespace do not"):
        await scene.lane.run(lambda: 5, PATIENCE, shares.of("theirs"))
    assert await scene.lane.run(lambda: 5, LONG, shares.of("ours")) == 5, "the lane does not rest for it"
    scene.gate.set()
    assert await asyncio.gather(*calls) == ["late"] * 2
    assert await scene.lane.run(lambda: 5, LONG, shares.of("theirs")) == 5


async def test_a_share_is_held_until_the_thread_ends_and_not_only_while_somebody_waits(scene: Scene) -> None:
    shares = Shares(1)
    with pytest.raises(UnreachableError, match="did not answer"):
        await scene.lane.run(scene.silent, PATIENCE, shares.of("theirs"))
    other = scene.lanes.lane("http://other")
    with pytest.raises(UnreachableError, match="was not asked"):
        await other.run(lambda: 5, PATIENCE, shares.of("theirs"))
    await scene.let_go()
    assert await other.run(lambda: 5, LONG, shares.of("theirs")) == 5
