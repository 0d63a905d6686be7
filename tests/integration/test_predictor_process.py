"""A predictor as the process that a pod runs: it loads from S3, drains on SIGTERM, and ends with its reason."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from seatrial.contract import environment
from seatrial.contract.environment import REFUSED
from seatrial.contract.layout import ModelHome
from seatrial.store.objects import NotFoundError
from seatrial.store.versions import publish
from seatrial_runtime.publish.write import Draft, write_version
from tests.fakes.objects import MemoryStore
from tests.unit.predictor.given import a_pipeline, a_row, some_rows, their_risk

HOME = ModelHome("models", "", "risk")

# The real main, but for the port, which is fixed in a pod, and for the place of the last word.
MAIN = """
import sys
from pathlib import Path
from seatrial_runtime.predictor import __main__ as predictor
from seatrial_runtime.predictor.server import leave_word, listen
def on_loopback():
    listener = listen("127.0.0.1", 0)
    print(listener.getsockname()[1], flush=True)
    return listener
predictor.listen = on_loopback
predictor.leave_word = lambda message: leave_word(message, Path(sys.argv[1]))
sys.exit(predictor.main())
"""


class Bucket:
    """An S3 endpoint on loopback that gives away a memory store's objects."""

    def __init__(self) -> None:
        self.store, self.url, self.digest = MemoryStore(), "", ""

    async def get(self, request: web.Request) -> web.Response:
        """Answer GetObject."""
        try:
            found = self.store.get(request.match_info["key"], maximum=1 << 30)
        except NotFoundError:
            body = "<Error><Code>NoSuchKey</Code><Message>absent</Message></Error>"
            return web.Response(status=404, text=body, content_type="application/xml")
        return web.Response(body=found.body, headers={"ETag": f'"{found.etag}"'})


@pytest.fixture
async def bucket(tmp_path: Path) -> AsyncIterator[Bucket]:
    bucket, folder = Bucket(), tmp_path / "version"
    folder.mkdir()
    rows = some_rows()
    draft = Draft(
        model="risk",
        version="7",
        created="2025-01-01T00:00:00Z",
        estimator=a_pipeline().fit(rows, their_risk(rows)),
        rows=rows,
        target="risk_level",
    )
    manifest = write_version(draft, folder)
    bucket.digest = publish(bucket.store, HOME, manifest, folder, by="a test", now=datetime.now(UTC)).digest
    application = web.Application()
    application.router.add_get("/models/{key:.*}", bucket.get)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bucket.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield bucket
    await runner.cleanup()


@dataclass
class Process:
    """A predictor's process: its address, and after its end its exit code, log lines and last word."""

    running: asyncio.subprocess.Process
    address: str
    place: Path
    lines: list[dict[str, Any]] = field(default_factory=list)

    async def ended(self) -> int:
        """Wait for the end; return the exit code."""
        _, errors = await asyncio.wait_for(self.running.communicate(), 60)
        self.lines = [json.loads(line) for line in errors.splitlines()]
        assert self.running.returncode is not None
        return self.running.returncode

    @property
    def last_word(self) -> str:
        """What Kubernetes would show as the termination message."""
        return self.place.read_text()


@asynccontextmanager
async def a_process(bucket: Bucket, folder: Path, **variables: str) -> AsyncIterator[Process]:
    place = folder / "termination-log"
    place.touch()
    given = {
        environment.NAMESPACE: "ml",
        environment.NAME: "deploy-risk",
        environment.REVISION: "0123456789",
        environment.STORE: "s3://models",
        environment.MODEL: "risk",
        environment.VERSION: "7",
        environment.DIGEST: bucket.digest,
        environment.ENDPOINT: bucket.url,
        environment.REGION: "us-east-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "TMPDIR": str(folder),
        "PATH": os.environ["PATH"],
    }
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MAIN, str(place), env=given | variables, stdout=-1, stderr=-1
    )
    try:
        assert running.stdout is not None
        port = (await asyncio.wait_for(running.stdout.readline(), 60)).decode().strip()
        yield Process(running, f"http://127.0.0.1:{port}", place)
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.kill()
        await running.wait()


async def until_ready(process: Process, session: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(60):
        while process.running.returncode is None:
            async with session.get(process.address + "/v2/health/ready") as answer:
                if answer.status == 200:
                    return
            await asyncio.sleep(0.05)
    raise AssertionError("the predictor ended before it was ready")


async def test_it_loads_its_version_from_s3_and_ends_clean(bucket: Bucket, tmp_path: Path) -> None:
    async with a_process(bucket, tmp_path) as process, aiohttp.ClientSession() as session:
        await until_ready(process, session)
        body = {"instances": [a_row()]}
        async with session.post(process.address + "/v1/models/deploy-risk:predict", json=body) as answer:
            assert (await answer.json())["predictions"][0]["prediction"] == "High"
        process.running.send_signal(signal.SIGTERM)
        assert await process.ended() == 0
        assert [line["message"] for line in process.lines] == ["ready", "draining", "ended"]
        assert process.lines[0]["digest"] == bucket.digest
        assert all((line["namespace"], line["name"]) == ("ml", "deploy-risk") for line in process.lines)
        assert process.last_word == ""
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("version-")] == []  # noqa: ASYNC240


async def refused(bucket: Bucket, folder: Path, **variables: str) -> tuple[int, str, list[dict[str, Any]]]:
    async with a_process(bucket, folder, **variables) as process:
        code = await process.ended()
        return code, process.last_word, process.lines


async def test_another_digest_than_the_pinned_one_never_serves(bucket: Bucket, tmp_path: Path) -> None:
    code, word, lines = await refused(bucket, tmp_path, **{environment.DIGEST: "sha256:" + "0" * 64})
    assert code == 1
    assert word.startswith(REFUSED)
    again = f"the version could not be loaded; trying again: {word.removeprefix(REFUSED)}"
    assert [line["message"] for line in lines] == [again, again, word]


async def test_a_file_that_was_swapped_never_serves(bucket: Bucket, tmp_path: Path) -> None:
    (key,) = [key for key in bucket.store.list(HOME.folder("7")) if key.endswith(".skops")]
    body = bytearray(bucket.store.get(key, maximum=1 << 30).body)
    body[100] ^= 1
    bucket.store.put(key, bytes(body))
    code, word, _ = await refused(bucket, tmp_path)
    assert code == 1
    assert word.startswith(REFUSED)
    assert "model.skops" in word


async def test_a_version_that_is_absent_ends_the_pod_with_its_reason(bucket: Bucket, tmp_path: Path) -> None:
    code, word, _ = await refused(bucket, tmp_path, **{environment.VERSION: "8"})
    assert code == 1
    assert not word.startswith(REFUSED)
    assert "8" in word


async def test_an_environment_that_says_nothing_is_explained() -> None:
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "seatrial_runtime.predictor", env={"PATH": os.environ["PATH"]}, stderr=-1
    )
    _, errors = await asyncio.wait_for(running.communicate(), 60)
    assert running.returncode == 2
    assert "SEATRIAL_NAMESPACE is not set" in json.loads(errors)["message"]


async def test_a_start_that_hangs_does_not_keep_the_pod_from_ending(bucket: Bucket, tmp_path: Path) -> None:
    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with a_process(bucket, tmp_path, **{environment.ENDPOINT: endpoint}) as process:
        async with asyncio.timeout(60):
            while not held:  # noqa: ASYNC110 - the other side comes when it comes
                await asyncio.sleep(0.02)
        process.running.send_signal(signal.SIGTERM)
        assert await process.ended() == 0
    for writer in held:
        writer.close()
    server.close()


@dataclass
class Client:
    """Asks over one connection until it is told to go: each request must be answered."""

    host: str
    port: int
    answered: int = 0
    told_to_go: bool = False

    async def run(self, pause: float) -> None:
        """Ask again and again; raises where an answer fails to come."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        body = json.dumps({"instances": [a_row()]}).encode()
        lines = ("POST /v1/models/risk:predict HTTP/1.1", "host: x", "content-type: application/json")
        head = "\r\n".join((*lines, f"content-length: {len(body)}", "", ""))
        while not self.told_to_go:
            writer.write(head.encode() + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            assert answer.startswith("http/1.1 200 "), answer
            length = int(answer.partition("content-length: ")[2].partition("\r\n")[0])
            assert b'"prediction":"High"' in await reader.readexactly(length)
            self.answered += 1
            self.told_to_go = "connection: close" in answer
            await asyncio.sleep(pause)
        assert await reader.read() == b""
        writer.close()


async def test_sigterm_drops_no_request(bucket: Bucket, tmp_path: Path) -> None:
    async with a_process(bucket, tmp_path) as process, aiohttp.ClientSession() as session:
        await until_ready(process, session)
        host, _, port = process.address.removeprefix("http://").partition(":")
        clients = [Client(host, int(port)) for _ in range(16)]
        running = [asyncio.create_task(client.run(0.02 + 0.002 * i)) for i, client in enumerate(clients)]
        async with asyncio.timeout(60):
            while sum(client.answered for client in clients) < 400:  # noqa: ASYNC110 - other tasks count
                await asyncio.sleep(0.01)
        before = [client.answered for client in clients]
        process.running.send_signal(signal.SIGTERM)
        await asyncio.gather(*running)
        assert all(client.told_to_go for client in clients)
        assert all(client.answered > count for client, count in zip(clients, before, strict=True))
        # Who comes anew while it drains is answered too, and everybody else is told that it is not ready.
        late = Client(host, int(port))
        await late.run(0.0)
        assert late.answered == 1
        async with session.get(process.address + "/v2/health/ready") as answer:
            assert answer.status == 503
            assert (await answer.json())["reason"] == "draining"
        assert await process.ended() == 0
