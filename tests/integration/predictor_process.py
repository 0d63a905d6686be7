"""A predictor as the process that a pod runs, and the bucket from which it loads."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import pandas as pd
from aiohttp import web

from seatrial.contract import environment
from seatrial.contract.http import PREDICTOR_PORT
from seatrial.contract.layout import ModelHome
from seatrial.store.objects import NotFoundError
from seatrial.store.versions import publish
from seatrial_runtime.publish.write import Draft, write_version
from tests.fakes.objects import MemoryStore
from tests.unit.predictor.given import a_pipeline, some_rows, their_risk

HOME = ModelHome("models", "", "risk")

# The real main, but for the ports, which are fixed in a pod, and for the place of the last word.
MAIN = """
import sys
from functools import partial
from pathlib import Path
from seatrial_runtime.predictor import __main__ as predictor
from seatrial_runtime.predictor.server import leave_word, listen, serve
def on_loopback():
    listener = listen("127.0.0.1", 0)
    print(listener.getsockname()[1], flush=True)
    return listener
predictor.listen = on_loopback
predictor.serve = partial(serve, shadow_port=int(sys.argv[2]))
predictor.leave_word = lambda message: leave_word(message, Path(sys.argv[1]))
sys.exit(predictor.main())
"""


class Bucket:
    """An S3 endpoint on loopback that gives away a memory store's objects."""

    def __init__(self) -> None:
        self.store, self.url = MemoryStore(), ""
        self.digests: dict[str, str] = {}  # of the versions' manifests

    def publish(self, version: str, estimator: Any, rows: pd.DataFrame) -> None:
        """Let a fitted estimator be a version."""
        draft = Draft(
            model="risk",
            version=version,
            created="2025-01-01T00:00:00Z",
            estimator=estimator,
            rows=rows,
            target="risk_level",
        )
        with TemporaryDirectory() as name:
            manifest = write_version(draft, Path(name))
            published = publish(self.store, HOME, manifest, Path(name), by="a test", now=datetime.now(UTC))
        self.digests[version] = published.digest

    async def get(self, request: web.Request) -> web.Response:
        """Answer GetObject."""
        try:
            found = self.store.get(request.match_info["key"], maximum=1 << 30)
        except NotFoundError:
            body = "<Error><Code>NoSuchKey</Code><Message>absent</Message></Error>"
            return web.Response(status=404, text=body, content_type="application/xml")
        return web.Response(body=found.body, headers={"ETag": f'"{found.etag}"'})


@asynccontextmanager
async def a_bucket() -> AsyncIterator[Bucket]:
    """Give a bucket that has version 7."""
    bucket, rows = Bucket(), some_rows()
    bucket.publish("7", a_pipeline().fit(rows, their_risk(rows)), rows)
    application = web.Application()
    application.router.add_get("/models/{key:.*}", bucket.get)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bucket.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield bucket
    finally:
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
async def a_process(
    bucket: Bucket, folder: Path, variables: Mapping[str, str] | None = None, shadow_port: int = PREDICTOR_PORT
) -> AsyncIterator[Process]:
    """Run a predictor in an environment: of version 7, with these variables beside; `shadow_port` is where it posts."""
    said = {environment.VERSION: "7"} | dict(variables or {})
    place = folder / "termination-log"
    place.touch()
    given = {
        environment.NAMESPACE: "ml",
        environment.NAME: "deploy-risk",
        environment.REVISION: "0123456789",
        environment.STORE: "s3://models",
        environment.MODEL: "risk",
        environment.DIGEST: bucket.digests.get(said[environment.VERSION], ""),
        environment.ENDPOINT: bucket.url,
        environment.REGION: "us-east-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "TMPDIR": str(folder),
        "PATH": os.environ["PATH"],
    }
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MAIN, str(place), str(shadow_port), env=given | said, stdout=-1, stderr=-1
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
    """Wait until a predictor has its model."""
    async with asyncio.timeout(60):
        while process.running.returncode is None:
            async with session.get(process.address + "/v2/health/ready") as answer:
                if answer.status == 200:
                    return
            await asyncio.sleep(0.05)
    raise AssertionError("the predictor ended before it was ready")
