"""Who is the shadow, what it is shown of the requests, and what it may cost."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count

import pytest
from aiohttp import web

from seatrial.contract.http import MAXIMUM_BODY, SHADOW_SAMPLE
from seatrial_runtime.predictor.chance import Draw, draw
from seatrial_runtime.predictor.metrics import (
    DROP_REASONS,
    QUEUE_FULL,
    REFUSED,
    TIMEOUT,
    TOO_LARGE,
    UNREACHABLE,
    Counts,
)
from seatrial_runtime.predictor.mirror import Mirror, read_sample
from seatrial_runtime.predictor.peers import Peers, resolve
from seatrial_runtime.predictor.protocol import Answer, Answered, stamp
from seatrial_runtime.predictor.rows import Rows
from seatrial_runtime.predictor.shadow_message import writer_of
from seatrial_runtime.predictor.worker import Worker
from tests.unit.predictor.given_clock import short_seconds, until
from tests.unit.predictor.given_server import a_server


def answered(rows: int = 1, size: int = 100, text: str = "x") -> Answered:
    asked = Rows(([1] * rows, [text] * rows), rows)
    return Answered(asked, Answer(["x"] * rows), stamp(rows, 1_735_689_600_123_000_000), size)


@dataclass
class Pod:
    """A shadow's pod on loopback that never answers its first `hung` posts."""

    hung: int = 0
    status: int = 204
    sample: str | None = None  # what its answers say
    begun: int = 0
    answered: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        """Take a post."""
        self.begun += 1
        if self.begun <= self.hung:
            await asyncio.Event().wait()
        await request.read()
        self.answered += 1
        return web.Response(status=self.status, headers={SHADOW_SAMPLE: self.sample} if self.sample else {})


class Dns:
    """A name whose addresses a test sets; it hangs while `gate` is closed."""

    def __init__(self, *addresses: str) -> None:
        self.addresses, self.asked = frozenset(addresses), 0
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, host: str, family: int) -> frozenset[str]:
        self.asked += 1
        assert self.gate.wait(10)
        return self.addresses


@pytest.mark.parametrize(
    ("addresses", "is_shadow", "targets"),
    [
        ((), False, set()),
        (("10.0.0.8", "10.0.0.9"), False, {"10.0.0.8", "10.0.0.9"}),
        (("10.0.0.7", "10.0.0.9"), True, set()),
    ],
)
async def test_whose_address_is_behind_the_name_is_the_shadow(
    addresses: tuple[str, ...], is_shadow: bool, targets: set[str]
) -> None:
    peers = Peers("risk-shadow.ml.svc", "10.0.0.7", Dns(*addresses))
    watching = asyncio.create_task(peers.watch())
    await until(lambda: bool(peers.targets) or peers.is_shadow or not addresses)
    assert peers.is_shadow is is_shadow
    assert set(peers.targets) == targets
    watching.cancel()


async def test_a_resolver_that_hangs_makes_the_shadow_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seatrial_runtime.predictor.peers._INTERVAL", 0.001)
    monkeypatch.setattr("seatrial_runtime.predictor.peers._PATIENCE", 0.05)
    dns = Dns("10.0.0.8")
    peers = Peers("risk-shadow.ml.svc", "10.0.0.7", dns)
    watching = asyncio.create_task(peers.watch())
    await until(lambda: peers.targets == ("10.0.0.8",))
    dns.gate.clear()
    await until(lambda: peers.targets == ())
    dns.gate.set()
    await until(lambda: peers.targets == ("10.0.0.8",))
    watching.cancel()


async def test_the_sample_is_all_again_once_the_shadow_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seatrial_runtime.predictor.peers._INTERVAL", 0.001)
    dns = Dns("10.0.0.8")
    peers = Peers("risk-shadow.ml.svc", "10.0.0.7", dns)
    watching = asyncio.create_task(peers.watch())
    await until(lambda: bool(peers.targets))
    peers.learn(25)
    before = dns.asked
    await until(lambda: dns.asked > before + 1)
    assert peers.sample == 25
    dns.addresses = frozenset()
    await until(lambda: peers.sample == 100)
    peers.learn(25)  # an answer that was under way
    assert peers.sample == 100
    watching.cancel()


def test_a_name_that_does_not_exist_has_no_addresses() -> None:
    assert resolve("no-such-name.invalid", 2) == frozenset()
    assert resolve("127.0.0.1", 2) == {"127.0.0.1"}
    assert resolve("x" * 300, 2) == frozenset()


class Chance:
    """Draws of a hundred what a test says, then 0; of pods one after the other."""

    def __init__(self, *drawn: int) -> None:
        self._drawn, self._pods = [*drawn], count()

    def __call__(self, choices: int) -> int:
        if choices < 100:
            return next(self._pods) % choices
        return self._drawn.pop(0) if self._drawn else 0


@dataclass
class Mirroring:
    """A mirror, what it knows, and what it counts."""

    mirror: Mirror
    peers: Peers
    dropped: dict[str, int]

    def offer(self, one: Answered, times: int = 1) -> None:
        for _ in range(times):
            self.mirror.offer(one)


@asynccontextmanager
async def a_mirror(dns: Dns, port: int = 1, chance: Draw | None = None) -> AsyncIterator[Mirroring]:
    """Give a mirror that knows its shadow and does not post yet."""
    peers, dropped = Peers("risk-shadow.ml.svc", "10.0.0.7", dns), Counts(DROP_REASONS)
    watching = asyncio.create_task(peers.watch())
    await until(lambda: len(peers.targets) == len(dns.addresses))
    mirror = Mirror(writer_of(("a", "b"), None), peers, port, dropped, Worker("behind"), chance or Chance())
    yield Mirroring(mirror, peers, dropped.by_value)
    watching.cancel()


@asynccontextmanager
async def posting(pod: Pod, *addresses: str, chance: Draw | None = None) -> AsyncIterator[Mirroring]:
    """Give a mirror that posts to a pod at 127.0.0.1, and to nobody at other addresses."""
    dns = Dns(*(addresses or ("127.0.0.1",)))
    async with a_server(pod.answer) as port, a_mirror(dns, port, chance) as mirroring:
        running = asyncio.create_task(mirroring.mirror.run())
        yield mirroring
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_without_a_shadow_nothing_is_kept_or_counted() -> None:
    async with a_mirror(Dns()) as mirroring:
        mirroring.offer(answered(), 1000)
        assert not any(mirroring.dropped.values())


async def test_what_overflows_is_dropped_and_counted() -> None:
    async with a_mirror(Dns("127.0.0.1")) as mirroring:
        mirroring.offer(answered(), 300)
        assert mirroring.dropped[QUEUE_FULL] == 300 - 256
        running = asyncio.create_task(mirroring.mirror.run())  # nobody listens at port 1
        await until(lambda: mirroring.dropped[UNREACHABLE] == 256)
        running.cancel()


@pytest.mark.parametrize(
    ("one", "taken"),
    [(answered(rows=10_000), 2), (answered(size=MAXIMUM_BODY), 4)],
    ids=["the largest in rows", "the largest in bytes"],
)
async def test_what_waits_for_a_slow_shadow_is_bounded_however_large_the_requests(one: Answered, taken: int) -> None:
    async with a_mirror(Dns("127.0.0.1")) as mirroring:
        mirroring.offer(one, taken)
        assert mirroring.dropped[QUEUE_FULL] == 0
        mirroring.offer(one)
        assert mirroring.dropped[QUEUE_FULL] == 1


async def test_at_most_four_posts_are_under_way_and_those_that_hang_do_not_end_the_mirroring() -> None:
    pod = Pod(hung=8)
    async with posting(pod) as mirroring:
        mirroring.offer(answered(), 8)
        await until(lambda: pod.begun == 4)
        await asyncio.sleep(0.05)
        assert pod.begun == 4
        with short_seconds():
            await until(lambda: mirroring.dropped[TIMEOUT] == 8)
        mirroring.offer(answered())
        await until(lambda: pod.answered == 1)


async def test_what_no_shadow_would_read_is_not_posted() -> None:
    pod = Pod()
    async with posting(pod) as mirroring:
        mirroring.offer(answered(text="x" * MAXIMUM_BODY))
        await until(lambda: mirroring.dropped[TOO_LARGE] == 1)
        assert pod.begun == 0


async def test_posts_go_to_all_of_the_shadows_pods() -> None:
    pod = Pod()
    async with posting(pod, "127.0.0.1", "127.0.0.2") as mirroring:
        mirroring.offer(answered(), 10)
        await until(lambda: pod.answered == 5 and mirroring.dropped[UNREACHABLE] == 5)


@pytest.mark.parametrize(
    ("header", "sample"),
    [("1", 1), ("25", 25), ("100", 100), ("0", None), ("101", None), ("2.5", None), ("٣", None), ("", None)],
)
def test_a_sample_is_a_whole_percentage_and_everything_else_says_nothing(header: str, sample: int | None) -> None:
    assert read_sample(header) == sample


@pytest.mark.parametrize(("status", "reason"), [(204, None), (503, REFUSED), (404, REFUSED)])
async def test_a_shadow_gets_the_sample_that_its_first_answer_asks_for(status: int, reason: str | None) -> None:
    pod, chance = Pod(status=status, sample="25"), Chance(99, *range(0, 100, 5))
    async with posting(pod, chance=chance) as mirroring:
        mirroring.offer(answered())
        await until(lambda: mirroring.peers.sample == 25)
        mirroring.offer(answered(), 20)
        await until(lambda: pod.answered == 6)
        await asyncio.sleep(0.05)
        assert pod.answered == 6, "the first of all, and those for which 0, 5, 10, 15 and 20 of a hundred were drawn"
        dropped = {why: count for why, count in mirroring.dropped.items() if count}
        assert dropped == ({} if reason is None else {reason: 6}), "what is in no sample is not dropped"


async def test_an_answer_that_says_nothing_of_the_sample_changes_nothing() -> None:
    pod = Pod()
    async with posting(pod) as mirroring:
        mirroring.peers.learn(25)
        mirroring.offer(answered())
        await until(lambda: pod.answered == 1)
        mirroring.offer(answered())
        await until(lambda: pod.answered == 2)
        assert mirroring.peers.sample == 25


async def test_an_older_shadow_that_asks_for_no_sample_gets_everything() -> None:
    pod = Pod()
    async with posting(pod, chance=Chance(*[99] * 20)) as mirroring:
        mirroring.offer(answered(), 20)
        await until(lambda: pod.answered == 20)


async def test_by_chance_a_shadow_gets_about_its_sample() -> None:
    async with a_mirror(Dns("127.0.0.1"), chance=draw) as mirroring:
        mirroring.peers.learn(10)
        mirroring.offer(answered(), 4000)
        assert 256 < mirroring.dropped[QUEUE_FULL] + 256 < 600  # seven standard deviations and more about 400
