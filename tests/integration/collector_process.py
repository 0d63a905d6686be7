"""A collector as a real process on loopback, and the store that it writes to.

The store is a small S3 server in this process, so that what the collector sent and when it was answered can be seen
and held up.
"""

import contextlib
import http.client
import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from pyarrow import parquet

from seatrial.contract.http import METRICS_PATH, READY_PATH

PATIENCE = 30.0


class Objects(ThreadingHTTPServer):
    """One bucket over HTTP: what was put, in order; the answers to puts wait while `hold` is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.puts: list[tuple[str, bytes]] = []
        self.hold, self.held = Event(), Event()
        self.refuse = False
        self.accepted = "key"  # the access key that is taken; all others are refused

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def rows(self, kind: str) -> list[dict[str, Any]]:
        parts = {key: body for key, body in self.puts if f"/{kind}/" in key}
        tables = (parquet.read_table(io.BytesIO(body)) for body in parts.values())
        return [row for table in tables for row in table.to_pylist()]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Objects

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.server.refuse or f"Credential={self.server.accepted}/" not in self.headers["authorization"]:
            return self._answer(403)
        self.server.puts.append((self.path, body))
        if self.server.hold.is_set():
            self.server.held.set()
            while self.server.hold.is_set():
                time.sleep(0.01)
        return self._answer(200)

    def do_GET(self) -> None:
        self._answer(404)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("etag", '"tag"')
        self.send_header("content-length", "0")
        self.end_headers()


@dataclass
class Collector:
    """A collector process that can be killed and started again on the same folder."""

    store: Objects
    folder: Path
    interval: str = "0.1"
    secret: Path | None = None  # the Secret's files; without them the credentials are in the environment
    keeps_port: bool = False  # when it is started again
    port: int = 0
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        if not (self.keeps_port and self.port):
            self.port = a_lasting_port() if self.keeps_port else a_port(0)
        environment = {
            **os.environ,
            "SEATRIAL_NAMESPACE": "ml",
            "SEATRIAL_NAME": "deploy-risk",
            "SEATRIAL_STORE": "s3://models/risk",
            "SEATRIAL_MODEL": "deploy-risk",
            "SEATRIAL_S3_ENDPOINT": self.store.url,
            "SEATRIAL_S3_REGION": "us-east-1",
            **self._credentials(),
            "SEATRIAL_DATA_DIR": str(self.folder),
            "SEATRIAL_COLLECTOR_PORT": str(self.port),
            "SEATRIAL_COLLECTOR_FLUSH_INTERVAL": self.interval,
        }
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "seatrial_runtime.collector"]
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        self._wait_until_ready()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def request(self, method: str, path: str, document: object = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, None if document is None else json.dumps(document))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def counter(self, name: str, **labels: str) -> float:
        families = text_string_to_metric_families(self.request("GET", METRICS_PATH)[1].decode())
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())

    def _credentials(self) -> dict[str, str]:
        if self.secret is None:
            return {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
        return {"SEATRIAL_CREDENTIALS_DIR": str(self.secret)}

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.request("GET", READY_PATH)[0] == 200:
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError((self.folder / "log").read_text())


def a_port(wanted: int) -> int:
    """Return a port that is free now: the wanted one, or any (0)."""
    with socket.create_server(("127.0.0.1", wanted)) as free:
        found: int = free.getsockname()[1]
        return found


def a_lasting_port() -> int:
    """Return a free port that no connection gets by itself while nobody listens there: one below the ephemeral ones."""
    while True:
        with contextlib.suppress(OSError):
            return a_port(random.randrange(20_000, 32_000))


@contextmanager
def a_store() -> Iterator[Objects]:
    """Serve a bucket."""
    server = Objects()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.hold.clear()
    server.shutdown()
    server.server_close()
