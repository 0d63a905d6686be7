"""Users' queries are asked few at a time and bounded in time and size, so that one tenant's cost nobody else's."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from seatrial.api.conditions import Reason
from seatrial.controller import user_queries
from seatrial.controller.from_metrics import USERS_BYTES, users_of
from seatrial.controller.user_queries import ALL_AT_ONCE, AT_ONCE
from seatrial.core.observed import Query, Unknown
from seatrial.ports import ANSWER_BYTES, BadQueryError, Key, Series
from tests.fakes.clock import FakeClock
from tests.fakes.metrics import FakeMetrics
from tests.given import NOW

ONE = (Series({}, ((0.0, 1.0),)),)


class Slow(FakeMetrics):
    """Answers when it is let go, and knows how much was asked at once."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.go = asyncio.Event()
        self.asked = self.most = self.bytes = 0

    async def range(
        self, query: str, start: datetime, end: datetime, step: timedelta, *, most: int = ANSWER_BYTES
    ) -> Sequence[Series]:
        self.asked += 1
        self.most, self.bytes = max(self.most, self.asked), most
        await self.go.wait()
        self.asked -= 1
        if query == "broken":
            raise BadQueryError("parse error")
        return ONE


def queries(*texts: str) -> dict[str, Query]:
    return {f"{number} {text}": Query(text, NOW, NOW, 1.0, is_users=True) for number, text in enumerate(texts)}


OF_ML = Key("ml", "risk")


async def passes(times: int = 4) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def test_few_of_a_namespace_and_not_many_of_all_are_asked_at_once() -> None:
    metrics = Slow()
    users = users_of(metrics, wait=5)
    alone = [asyncio.create_task(users.ask(Key("ml", name), queries(*["up"] * 20))) for name in ("risk", "fraud")]
    await passes()
    assert metrics.most == AT_ONCE, "however many ModelDeployments it has"
    others = [asyncio.create_task(users.ask(Key(f"team-{n}", "risk"), queries(*["up"] * 20))) for n in range(10)]
    await passes()
    assert metrics.most == ALL_AT_ONCE
    metrics.go.set()
    assert await alone[0] == dict.fromkeys(queries(*["up"] * 20), ONE)
    await asyncio.gather(*alone, *others)
    assert metrics.bytes == USERS_BYTES


async def test_a_broken_one_says_so_and_the_others_are_answered() -> None:
    metrics = Slow()
    metrics.go.set()
    told = await users_of(metrics).ask(OF_ML, queries("up", "broken"))
    broken = told["1 broken"]
    assert told["0 up"] == ONE
    assert isinstance(broken, Unknown)
    assert (broken.reason, broken.message) == (Reason.INVALID_SPEC, "parse error")


async def test_a_look_does_not_wait_for_what_takes_long_and_is_told_what_was_so() -> None:
    metrics, asked = Slow(), queries("up")
    users = users_of(metrics, wait=0.01)
    [first] = (await users.ask(OF_ML, asked)).values()
    assert isinstance(first, Unknown)
    assert first.message == "no answer yet; it is waited for 10 s"
    assert metrics.asked == 1
    await users.ask(OF_ML, asked)
    assert metrics.asked == 1, "it is under way"
    metrics.go.set()
    await passes()
    assert list((await users.ask(OF_ML, asked)).values()) == [ONE]
    metrics.go.clear()
    assert list((await users.ask(OF_ML, asked)).values()) == [ONE], "while it is asked again"
    [other] = (await users.ask(OF_ML, {"0 up": replace(asked["0 up"], promql="down")})).values()
    assert isinstance(other, Unknown), "what another revision was said of"


async def test_what_takes_too_long_is_given_up_and_asked_again() -> None:
    metrics = Slow()
    users = users_of(metrics, wait=0.01, patience=0)
    told = await users.ask(OF_ML, queries(*["up"] * 5))
    assert all(isinstance(one, Unknown) and one.message == "no answer within 0 s" for one in told.values())
    await passes()
    metrics.go.set()
    assert await users_of(metrics).ask(OF_ML, {}) == {}
    assert list((await users.ask(OF_ML, queries("up"))).values()) == [ONE]


async def test_no_more_is_remembered_than_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_queries, "MOST_REMEMBERED", 3)
    metrics = Slow()
    metrics.go.set()
    users = users_of(metrics)
    for number in range(9):
        assert list((await users.ask(Key("ml", f"m{number}"), queries("up"))).values()) == [ONE]
    assert len(users._asked) == 3
