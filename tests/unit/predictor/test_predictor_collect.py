"""What the collector is told is what the collector takes; what it does not get is counted."""

import asyncio

from seatrial.contract.http import MAXIMUM_BODY
from seatrial.contract.schema import Feature, Kind
from seatrial_runtime.predictor.collect import Collecting
from seatrial_runtime.predictor.metrics import (
    DROP_REASONS,
    QUEUE_FULL,
    REFUSED,
    TIMEOUT,
    TOO_LARGE,
    UNREACHABLE,
    Counts,
)
from seatrial_runtime.predictor.predictions import PredictionWriter
from seatrial_runtime.predictor.protocol import Answer, Answered, stamp
from seatrial_runtime.predictor.rows import Rows
from seatrial_runtime.predictor.shadow_answers import ShadowAnswer, ShadowAnswerWriter
from seatrial_runtime.predictor.worker import Worker
from tests.unit.predictor.given_clock import short_seconds, until
from tests.unit.predictor.given_collector import a_collector

FEATURES = (Feature("a", Kind.NUMBER, nullable=True), Feature("b", Kind.STRING, nullable=True))
WHO = {"revision": "0123456789", "version": "7"}


def answered(count: int = 1, text: str = "x", size: int = 100) -> Answered:
    rows = Rows(([10**30] * count, [text] * count), count)
    return Answered(rows, Answer(["High"] * count, [0.9] * count), stamp(count, 1_735_689_600_123_000_000), size)


def collecting(url: str) -> tuple[Collecting[Answered], Counts]:
    dropped = Counts(DROP_REASONS)
    return Collecting(url, PredictionWriter(FEATURES, WHO), dropped, Worker("behind")), dropped


async def test_rows_come_together_in_one_post_as_the_collector_reads_them() -> None:
    async with a_collector() as collector:
        behind, dropped = collecting(collector.url)
        running = asyncio.create_task(behind.run())
        sent = [answered(2), answered(1)]
        for item in sent:
            behind.offer(item)
        await until(lambda: collector.taken == 3)
        assert len(collector.posts) == 1
        first = collector.posts[0][0]
        assert first.id.hex() == sent[0].stamp.ids[0]
        assert first.at == 1_735_689_600_123_000
        assert (first.revision, first.version) == ("0123456789", "7")
        assert first.features == b'{"a":1e30,"b":"x"}'
        assert first.prediction == b'"High"'
        assert [p.id.hex() for p in collector.posts[0]] == [*sent[0].stamp.ids, *sent[1].stamp.ids]
        behind.close()
        await running
        assert not any(dropped.by_value.values())


async def test_a_shadows_answers_come_as_the_collector_reads_them() -> None:
    async with a_collector() as collector:
        dropped = Counts(DROP_REASONS)
        behind = Collecting(collector.url, ShadowAnswerWriter(WHO), dropped, Worker("behind"))
        ids = stamp(2500, 1_735_689_600_123_000_000).ids
        for name in ids:
            behind.offer(ShadowAnswer(name, "2025-01-01T00:00:00.123Z", "9876543210", "High"))
        behind.offer(ShadowAnswer(ids[0], "2025-01-01T00:00:00.123Z", "9876543210", "x" * 1025))
        behind.close()
        await behind.run()
        assert [len(post) for post in collector.shadow_posts] == [1000, 1000, 500]
        taken = collector.shadow_answers
        assert [answer.id.hex() for answer in taken] == ids
        first = taken[0]
        assert (first.revision, first.version) == ("0123456789", "7")
        assert (first.control, first.prediction) == ("9876543210", "High")
        assert dropped.by_value[TOO_LARGE] == 1
        assert sum(dropped.by_value.values()) == 1


async def test_of_the_rows_of_a_request_one_is_drawn() -> None:
    """By it versions are judged: rows that were asked together are not independent."""
    async with a_collector() as collector:
        behind = Collecting(
            collector.url, PredictionWriter(FEATURES, WHO, lambda count: count - 1), Counts(DROP_REASONS), Worker("b")
        )
        for count in (3, 1):
            behind.offer(answered(count))
        behind.close()
        await behind.run()
        assert [prediction.drawn for prediction in collector.posts[0]] == [False, False, True, True]


async def test_many_rows_are_posted_by_thousands() -> None:
    async with a_collector() as collector:
        behind, _ = collecting(collector.url)
        behind.offer(answered(2500))
        behind.close()
        await behind.run()
        assert [len(post) for post in collector.posts] == [1000, 1000, 500]


def test_wide_rows_are_posted_in_smaller_batches() -> None:
    widths = (1, 100, 1000, 10_000)
    assert [PredictionWriter(FEATURES[:1] * width, WHO).most for width in widths] == [1000, 1000, 100, 10]


async def test_closing_posts_what_waits() -> None:
    async with a_collector() as collector:
        behind, dropped = collecting(collector.url)
        for _ in range(3000):
            behind.offer(answered())
        behind.close()
        await behind.run()
        assert collector.taken == 3000
        assert not any(dropped.by_value.values())


async def test_what_the_collector_refuses_is_not_posted_again() -> None:
    async with a_collector() as collector:
        collector.status = 400
        behind, dropped = collecting(collector.url)
        running = asyncio.create_task(behind.run())
        behind.offer(answered(2))
        await until(lambda: dropped.by_value[REFUSED] == 2)
        assert len(collector.posts) == 1
        running.cancel()


async def test_what_it_cannot_take_now_is_posted_again() -> None:
    async with a_collector() as collector:
        collector.status = 503
        behind, dropped = collecting(collector.url)
        running = asyncio.create_task(behind.run())
        behind.offer(answered(2))
        await until(lambda: len(collector.posts) == 1)
        collector.status = 200
        await until(lambda: len(collector.posts) == 2)
        behind.close()
        await running
        assert len(collector.posts) == 2
        assert not any(dropped.by_value.values())


async def test_a_collector_that_is_away_costs_rows_and_they_are_counted() -> None:
    behind, dropped = collecting("http://127.0.0.1:1")
    behind.offer(answered(5))
    behind.close()
    await behind.run()
    assert dropped.by_value[UNREACHABLE] == 5


async def test_a_collector_that_hangs_costs_rows_and_not_those_of_later() -> None:
    async with a_collector() as collector:
        collector.hangs = True
        behind, dropped = collecting(collector.url)
        running = asyncio.create_task(behind.run())
        behind.offer(answered(2))
        with short_seconds():  # three tries of 5 s, with pauses
            await until(lambda: dropped.by_value[TIMEOUT] == 2)
        collector.hangs = False
        behind.offer(answered(3))
        behind.close()
        await running
        assert collector.taken == 3


async def test_what_overflows_or_is_too_long_is_counted() -> None:
    behind, dropped = collecting("http://127.0.0.1:1")
    behind.offer(answered(15_000))
    behind.offer(answered(5_000))
    behind.offer(answered(3))
    behind.offer(answered(2, text="x" * 4097))
    assert dropped.by_value[QUEUE_FULL] == 3
    assert dropped.by_value[TOO_LARGE] == 2


async def test_what_waits_is_bounded_in_bytes_however_few_the_rows() -> None:
    behind, dropped = collecting("http://127.0.0.1:1")
    for _ in range(5):
        behind.offer(answered(size=MAXIMUM_BODY))
    assert dropped.by_value[QUEUE_FULL] == 1
