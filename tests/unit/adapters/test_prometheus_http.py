"""Asking Prometheus over HTTP: what is sent, and every way in which no answer comes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from seatrial.adapters.clock import SystemClock
from seatrial.adapters.prometheus import CLOCKS_APART, IN_PASSING, Prometheus
from seatrial.ports import BadQueryError, MetricsError
from tests.fakes.clock import FakeClock

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
VECTOR = '{"status": "success", "data": {"resultType": "vector", "result": []}}'
MATRIX = VECTOR.replace("vector", "matrix")

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Fake:
    """An HTTP server on loopback; `answer` is what it does, `asked` the forms that it got."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answer: Answer = says(VECTOR)
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        assert request.method == "POST"
        self.asked.append((request.path, {key: str(value) for key, value in (await request.post()).items()}))
        return await self.answer(request)


def says(text: str, status: int = 200) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text, status=status)

    return answer


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    fake = Fake()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", fake.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield fake
    await runner.cleanup()


@pytest.fixture
async def prometheus(fake: Fake) -> AsyncIterator[Prometheus]:
    prometheus = Prometheus(fake.url, SystemClock(), timeout=0.5)
    yield prometheus
    await prometheus.close()


async def test_an_instant_query(fake: Fake, prometheus: Prometheus) -> None:
    assert await prometheus.instant("up") == ()
    assert fake.asked == [("/api/v1/query", {"query": "up", "timeout": "0.5s"})]


async def test_a_range_query(fake: Fake, prometheus: Prometheus) -> None:
    fake.answer = says(MATRIX)
    assert await prometheus.range("up", START, START + timedelta(seconds=90), timedelta(seconds=1.5)) == ()
    path, form = fake.asked[0]
    assert path == "/api/v1/query_range"
    assert form == {
        "query": "up",
        "timeout": "0.5s",
        "start": "1767614400.000",
        "end": "1767614490.000",
        "step": "1.5",
    }


@pytest.mark.parametrize("status", [400, 422])
async def test_what_is_wrong_with_a_query_is_told_in_its_own_words(
    fake: Fake, prometheus: Prometheus, status: int
) -> None:
    fake.answer = says('{"status": "error", "errorType": "bad_data", "error": "parse error at 3"}', status=status)
    with pytest.raises(BadQueryError, match=f"{status}: parse error at 3"):
        await prometheus.instant("up{")


@pytest.mark.parametrize("status", [302, 500, 503])
async def test_any_other_status_is_no_answer(fake: Fake, prometheus: Prometheus, status: int) -> None:
    fake.answer = says(VECTOR, status=status)
    with pytest.raises(MetricsError, match=str(status)):
        await prometheus.instant("up")


async def test_no_answer_in_time(fake: Fake, prometheus: Prometheus) -> None:
    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    fake.answer = never
    with pytest.raises(MetricsError, match=r"did not answer within 0\.5 s"):
        await prometheus.instant("up")


async def test_an_answer_that_never_ends(fake: Fake, prometheus: Prometheus) -> None:
    fake.answer = says(" " * 20_000 + VECTOR)
    with pytest.raises(MetricsError, match="more than 10,000 bytes"):
        await prometheus.range("up", START, START, timedelta(seconds=1), most=10_000)


async def test_a_long_answer_is_read_as_a_short_one(fake: Fake, prometheus: Prometheus) -> None:
    fake.answer = says(" " * IN_PASSING + VECTOR)
    assert await prometheus.instant("up") == ()


async def test_nobody_there(fake: Fake) -> None:
    prometheus = Prometheus("http://127.0.0.1:9", SystemClock())
    with pytest.raises(MetricsError, match=r"cannot be reached: .*127\.0\.0\.1") as caught:
        await prometheus.instant("up")
    assert "ssl" not in str(caught.value), "http is not TLS"
    await prometheus.close()


async def test_a_connection_that_breaks(fake: Fake, prometheus: Prometheus) -> None:
    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    fake.answer = hang_up
    with pytest.raises(MetricsError, match="cannot be reached"):
        await prometheus.instant("up")


async def test_the_next_question_after_a_failure_is_answered(fake: Fake, prometheus: Prometheus) -> None:
    fake.answer = says("", status=500)
    with pytest.raises(MetricsError):
        await prometheus.instant("up")
    fake.answer = says(VECTOR)
    assert await prometheus.instant("up") == ()


def dated(date: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=VECTOR, headers={"Date": date})

    return answer


@pytest.mark.parametrize(("seconds", "words"), [(95, "95 s ahead of"), (-3600, "3600 s behind")])
async def test_a_clock_that_is_wrong_is_no_evidence(fake: Fake, seconds: int, words: str) -> None:
    clock = FakeClock()
    fake.answer = dated(format_datetime(clock.now() + timedelta(seconds=seconds), usegmt=True))
    prometheus = Prometheus(fake.url, clock)
    with pytest.raises(MetricsError, match=f"the clock of Prometheus at http.* is {words} the operator's"):
        await prometheus.instant("up")
    await prometheus.close()


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 05 Jan 2026 12:00:00"])
async def test_who_does_not_say_the_time_is_believed(fake: Fake, date: str) -> None:
    fake.answer = dated(date)
    prometheus = Prometheus(fake.url, FakeClock())
    assert await prometheus.instant("up") == ()
    await prometheus.close()


async def test_clocks_differ_a_little(fake: Fake) -> None:
    clock = FakeClock()
    fake.answer = dated(format_datetime(clock.now() - CLOCKS_APART, usegmt=True))
    prometheus = Prometheus(fake.url, clock)
    assert await prometheus.instant("up") == ()
    await prometheus.close()
