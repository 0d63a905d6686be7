"""A predictor as the process that a pod runs: it loads from S3, drains on SIGTERM, and ends with its reason."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from seatrial.contract import environment
from seatrial.contract.environment import REFUSED
from tests.integration.predictor_process import HOME, Bucket, a_bucket, a_process, until_ready
from tests.unit.predictor.given import a_row


@pytest.fixture
async def bucket() -> AsyncIterator[Bucket]:
    async with a_bucket() as bucket:
        yield bucket


async def test_it_loads_its_version_from_s3_and_ends_clean(bucket: Bucket, tmp_path: Path) -> None:
    async with a_process(bucket, tmp_path) as process, aiohttp.ClientSession() as session:
        await until_ready(process, session)
        body = {"instances": [a_row()]}
        async with session.post(process.address + "/v1/models/deploy-risk:predict", json=body) as answer:
            assert (await answer.json())["predictions"][0]["prediction"] == "High"
        process.running.send_signal(signal.SIGTERM)
        assert await process.ended() == 0
        assert [line["message"] for line in process.lines] == ["ready", "draining", "ended"]
        assert process.lines[0]["digest"] == bucket.digests["7"]
        assert all((line["namespace"], line["name"]) == ("ml", "deploy-risk") for line in process.lines)
        assert process.last_word == ""
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("version-")] == []  # noqa: ASYNC240


async def refused(bucket: Bucket, folder: Path, **variables: str) -> tuple[int, str, list[dict[str, Any]]]:
    async with a_process(bucket, folder, variables) as process:
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
    async with a_process(bucket, tmp_path, {environment.ENDPOINT: endpoint}) as process:
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
