"""Users' queries are asked few at a time and bounded in time and size, so that one tenant's cost nobody else's."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from seatrial.api.conditions import Reason
from seatrial.controller.from_metrics import ALL_AT_ONCE, AT_ONCE, USERS_BYTES, UserQueries
from seatrial.core.observed import Query, Unknown
from seatrial.ports import ANSWER_BYTES, BadQueryError, Series
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


async def test_few_of_one_and_not_many_of_all_are_asked_at_once() -> None:
    metrics = Slow()
    users = UserQueries(metrics)
    alone = asyncio.create_task(users.ask("ml", queries(*["up"] * 20)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    again = asyncio.create_task(users.ask("ml", queries("up")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert metrics.most == AT_ONCE, "of a namespace, however many ModelDeployments it has"
    others = [asyncio.create_task(users.ask(f"team-{n}", queries(*["up"] * 20))) for n in range(10)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert metrics.most == ALL_AT_ONCE
    metrics.go.set()
    assert await alone == dict.fromkeys(queries(*["up"] * 20), ONE)
    await asyncio.gather(again, *others)
    assert metrics.bytes == USERS_BYTES


async def test_a_broken_one_says_so_and_the_others_are_answered() -> None:
    metrics = Slow()
    metrics.go.set()
    told = await UserQueries(metrics).ask("ml", queries("up", "broken"))
    broken = told["1 broken"]
    assert told["0 up"] == ONE
    assert isinstance(broken, Unknown)
    assert (broken.reason, broken.message) == (Reason.INVALID_SPEC, "parse error")


async def test_who_takes_too_long_is_not_waited_for() -> None:
    metrics = Slow()
    told = await UserQueries(metrics, patience=0.01).ask("ml", queries(*["up"] * 5))
    assert len(told) == 5
    assert all(isinstance(one, Unknown) and "no answer within 0.01 s" in one.message for one in told.values())
    await asyncio.sleep(0)
    assert await UserQueries(metrics).ask("ml", {}) == {}
