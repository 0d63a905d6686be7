"""The collector as a real process on loopback, killed at any moment: nothing that it acknowledged is lost or doubled.

The store is a small S3 server in this process, so that what the collector sent and when it was answered can be seen
and held up.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from seatrial.contract import metrics
from seatrial.contract.http import FEEDBACK_PATH, PREDICTIONS_PATH, READY_PATH
from seatrial.contract.names import new_prediction_id
from tests.integration.collector_process import PATIENCE, Collector, Objects, a_store
from tests.unit.collector.mounted import mount, pair


@pytest.fixture
def store() -> Iterator[Objects]:
    with a_store() as store:
        yield store


@pytest.fixture
def collector(store: Objects, tmp_path: Path) -> Iterator[Collector]:
    collector = Collector(store, tmp_path)
    collector.start()
    yield collector
    collector.kill()


def a_batch(rows: int) -> list[dict[str, Any]]:
    now = time.time_ns()
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now / 1e9))
    return [
        {
            "id": new_prediction_id(now // 1_000_000),
            "at": moment,
            "revision": "r1",
            "version": "1",
            "features": {"files_changed": number, "team": "Platform"},
            "prediction": "High" if number % 4 else "Low",
        }
        for number in range(rows)
    ]


class Client(Thread):
    """Posts predictions and their labels without pause, and remembers what was acknowledged."""

    def __init__(self, collector: Collector) -> None:
        super().__init__(daemon=True)
        self.collector = collector
        self.predictions: list[str] = []
        self.labels: list[str] = []

    def run(self) -> None:
        try:
            while True:
                self._post()
        except (OSError, http.client.HTTPException):
            return  # the process was killed

    def _post(self) -> None:
        batch = a_batch(20)
        status, _ = self.collector.request("POST", PREDICTIONS_PATH, {"predictions": batch})
        if status == 202:
            self.predictions += [item["id"] for item in batch]
        labels = [{"id": item["id"], "label": "High"} for item in batch]
        status, body = self.collector.request("POST", FEEDBACK_PATH, {"labels": labels})
        if status == 200:
            assert json.loads(body)["refused"] == []
            self.labels += [item["id"] for item in batch]


def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9(collector: Collector, store: Objects) -> None:
    clients: list[Client] = []
    for life in range(4):
        lives = [Client(collector) for _ in range(3)]
        for client in lives:
            client.start()
        seen = len(store.puts)
        deadline = time.monotonic() + PATIENCE
        while len(store.puts) < seen + 2 + life and time.monotonic() < deadline:
            time.sleep(0.003)
        collector.kill()
        for client in lives:
            client.join(PATIENCE)
        clients += lives
        collector.start()
    collected = collector.counter(metrics.COLLECTED, revision="r1", version="1")
    right, wrong = (collector.counter(metrics.LABELS, result=result) for result in (metrics.RIGHT, metrics.WRONG))
    assert collector.end() == 0
    predictions, labels = ([row["id"] for row in store.rows(kind)] for kind in ("predictions", "labels"))
    acknowledged = {name for client in clients for name in client.predictions}
    labelled = {name for client in clients for name in client.labels}
    assert len(labelled) > 100, "the clients came through"
    assert len(predictions) == len(set(predictions))
    assert len(labels) == len(set(labels))
    assert acknowledged <= set(predictions)
    assert labelled <= set(labels)
    assert collected == len(predictions)
    assert (right + wrong, wrong) == (len(labels), len(labels) / 4)


def test_a_part_that_arrived_just_before_the_kill_is_written_to_the_same_key_again(
    collector: Collector, store: Objects
) -> None:
    store.hold.set()
    batch = a_batch(10)
    assert collector.request("POST", PREDICTIONS_PATH, {"predictions": batch})[0] == 202
    assert store.held.wait(PATIENCE)
    collector.kill()
    store.hold.clear()
    (first,) = store.puts
    collector.start()
    assert collector.request("POST", PREDICTIONS_PATH, {"predictions": a_batch(5)})[0] == 202
    assert collector.end() == 0
    assert store.puts[1] == first
    assert len(store.rows("predictions")) == 15


def test_the_last_flush_comes_before_the_end(store: Objects, tmp_path: Path) -> None:
    collector = Collector(store, tmp_path, interval="3600")
    collector.start()
    batch = a_batch(10)
    collector.request("POST", PREDICTIONS_PATH, {"predictions": batch})
    assert store.puts == []
    assert collector.end() == 0
    assert {row["id"] for row in store.rows("predictions")} == {item["id"] for item in batch}


def test_a_request_under_way_is_answered_and_in_the_last_flush(store: Objects, tmp_path: Path) -> None:
    collector = Collector(store, tmp_path, interval="3600")
    collector.start()
    body = json.dumps({"predictions": a_batch(10)}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", collector.port, timeout=PATIENCE)
    connection.putrequest("POST", PREDICTIONS_PATH)
    connection.putheader("content-length", str(len(body)))
    connection.endheaders(body[:100])
    assert collector.request("GET", READY_PATH)[0] == 200, "the first part has been read"
    collector.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses(collector.port))
    connection.send(body[100:])
    assert connection.getresponse().status == 202
    connection.close()
    assert collector.process.wait(PATIENCE) == 0
    assert len(store.rows("predictions")) == 10


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_store_that_refuses_delays_rows_and_loses_none(collector: Collector, store: Objects) -> None:
    store.refuse = True
    batch = a_batch(10)
    collector.request("POST", PREDICTIONS_PATH, {"predictions": batch})
    assert collector.end() == 0
    assert store.puts == []
    store.refuse = False
    collector.start()
    collector.end()
    assert {row["id"] for row in store.rows("predictions")} == {item["id"] for item in batch}


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def by_secret(store: Objects, tmp_path: Path) -> Iterator[Collector]:
    """A collector that began before its Secret was there."""
    collector = Collector(store, tmp_path, secret=tmp_path / "credentials")
    collector.start()
    yield collector
    collector.kill()


def test_a_rotated_secret_is_taken_up_without_a_restart(by_secret: Collector, store: Objects) -> None:
    def post(rows: int) -> set[str]:
        batch = a_batch(rows)
        assert by_secret.request("POST", PREDICTIONS_PATH, {"predictions": batch})[0] == 202
        return {item["id"] for item in batch}

    def is_stored(names: set[str]) -> bool:
        return {row["id"] for row in store.rows("predictions")} == names

    def denied() -> float:
        return by_secret.counter(metrics.FLUSH_FAILURES, reason="denied")

    folder = by_secret.folder / "credentials"
    early = post(10)
    wait_until(lambda: denied() > 1)
    mount(folder, pair("key"))
    wait_until(lambda: is_stored(early))
    store.accepted = "new"
    seen, refused = denied(), post(10)
    wait_until(lambda: denied() > seen + 1)
    mount(folder, pair("new"))
    wait_until(lambda: is_stored(early | refused))
    assert by_secret.end() == 0
    log = [json.loads(line)["message"] for line in (by_secret.folder / "log").read_text().splitlines()]
    told = [message for message in log if message.startswith("flush ")]
    assert len(told) == 4, "each failure once, and each end"


def test_a_wrong_environment_ends_with_one_line_that_names_the_variable() -> None:
    command = [sys.executable, "-m", "seatrial_runtime.collector"]
    ended = subprocess.run(command, env={"PATH": os.environ["PATH"]}, capture_output=True, timeout=PATIENCE)
    assert ended.returncode == 2
    assert ended.stderr.decode().startswith("collector: SEATRIAL_NAMESPACE is not set")
    assert ended.stderr.count(b"\n") == 1
