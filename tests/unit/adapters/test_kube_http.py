"""The client over HTTP: a bound on time, and no answer is 'unavailable'."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from seatrial.adapters import kube_client
from seatrial.adapters.apply_patch import APPLY
from seatrial.adapters.kube_client import KubeClient
from seatrial.ports import RefusedError, UnavailableError


class Server:
    """An HTTP server on loopback; `port` is where it listens."""

    def __init__(self) -> None:
        self.port, self.status = 0, 200
        self.seen: list[tuple[str, str, str]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, request.path_qs, request.content_type))
        if request.path == "/hang":
            assert request.transport is not None
            await request.read()
            await self.never()
        if request.path == "/nested":
            return web.Response(body=b"[" * 100_000, status=self.status)
        if request.path == "/broken":
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"got": (await request.text())})

    async def never(self) -> None:
        await asyncio.Event().wait()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    yield server
    await runner.cleanup()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[KubeClient]:
    configuration = Configuration()
    configuration.host = f"http://127.0.0.1:{server.port}"
    client = KubeClient(ApiClient(configuration))
    yield client
    await client.close()


async def test_an_apply_is_a_patch_of_json_as_yaml(server: Server, client: KubeClient) -> None:
    answer = await client.request(
        "PATCH", "/x", query=(("force", "true"),), body={"a": [1.5, None, "ü"]}, content_type=APPLY
    )
    assert server.seen == [("PATCH", "/x?force=true", "application/apply-patch+yaml")]
    assert answer == {"got": '{"a": [1.5, null, "\\u00fc"]}'}


async def test_no_answer_in_time(client: KubeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube_client, "TIMEOUT", 0.2)
    async with asyncio.timeout(5):  # without a bound of its own the request ends here, and the test fails
        with pytest.raises(UnavailableError, match=r"GET /hang: the API server did not answer within 0\.2 s"):
            await client.request("GET", "/hang")


async def test_an_answer_that_is_nested_without_end(server: Server, client: KubeClient) -> None:
    with pytest.raises(UnavailableError, match="GET /nested: the answer is nested too deeply"):
        await client.request("GET", "/nested")
    server.status = 403
    with pytest.raises(RefusedError, match=r"GET /nested: \[\[.* \(403\)"):
        await client.request("GET", "/nested")


async def test_a_connection_that_breaks(client: KubeClient) -> None:
    with pytest.raises(UnavailableError, match="cannot be reached"):
        await client.request("PATCH", "/broken", body={})


async def test_nobody_there(server: Server, client: KubeClient) -> None:
    configuration = Configuration()
    configuration.host = "http://127.0.0.1:9"
    nobody = KubeClient(ApiClient(configuration))
    with pytest.raises(UnavailableError, match="cannot be reached"):
        await nobody.request("GET", "/x")
    await nobody.close()
