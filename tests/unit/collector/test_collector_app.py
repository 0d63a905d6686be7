"""The collector's HTTP, called as ASGI, with its threads, a file and a store in memory."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event, Semaphore
from typing import Any

import pytest
from pyarrow import parquet

from seatrial.contract.canonical import canonical_json
from seatrial.contract.http import (
    FEEDBACK_PATH,
    LIVE_PATH,
    MAXIMUM_BODY,
    METRICS_PATH,
    PREDICTIONS_PATH,
    READY_PATH,
    SHADOW_ANSWERS_PATH,
)
from seatrial.contract.schema import Output, Task
from seatrial.store.objects import DeniedError
from seatrial.store.s3 import Credentials
from seatrial_runtime.bodies import Receive
from seatrial_runtime.collector.access import Access
from seatrial_runtime.collector.app import App
from seatrial_runtime.collector.configuration import Configuration, Limits
from seatrial_runtime.collector.main import build
from seatrial_runtime.collector.troubles import Cause
from seatrial_runtime.collector.writer import Writer
from tests.fakes.objects import MemoryStore
from tests.given import manifest
from tests.unit.collector.builders import HOME, NOW, name_of
from tests.unit.collector.mounted import mount, pair
from tests.unit.predictor.given_clock import short_seconds, until


def at(number: int = 1, answer: str = "High") -> dict[str, Any]:
    return {
        "id": name_of(number).hex(),
        "at": "2026-09-21T14:13:20Z",
        "revision": "r1",
        "version": "1",
        "features": {"files_changed": number},
        "prediction": answer,
    }


POSTED = {"type": "http", "method": "POST", "path": FEEDBACK_PATH}


async def unheard(message: dict[str, Any]) -> None:
    raise AssertionError(message)  # nobody is there to hear it


class Caller:
    """Calls the application as uvicorn would."""

    def __init__(self, app: App, store: MemoryStore) -> None:
        self.app, self.store = app, store

    async def __call__(self, method: str, path: str, *parts: bytes) -> tuple[int, Any]:
        messages = [
            {"type": "http.request", "body": part, "more_body": i + 1 < len(parts)} for i, part in enumerate(parts)
        ]
        queue = iter(messages or [{"type": "http.request"}])

        async def receive() -> Any:
            return next(queue)

        status, headers, body = await self.sent(method, path, receive)
        return status, json.loads(body) if headers[b"content-type"] == b"application/json" else body.decode()

    async def sent(self, method: str, path: str, receive: Receive) -> tuple[int, dict[bytes, bytes], bytes]:
        """Return status, headers and body of the answer."""
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app({"type": "http", "method": method, "path": path}, receive, send)
        start, end = sent
        return start["status"], dict(start["headers"]), end["body"]

    async def post(self, path: str, document: object) -> tuple[int, Any]:
        return await self("POST", path, json.dumps(document).encode())

    async def shut_down(self) -> None:
        queue = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        sent: list[str] = []

        async def receive() -> Any:
            return next(queue)

        async def send(message: dict[str, Any]) -> None:
            sent.append(message["type"])

        await self.app({"type": "lifespan"}, receive, send)
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    def stored(self, kind: str) -> list[dict[str, Any]]:
        keys = self.store.list(HOME.logs(kind))
        parts = (parquet.read_table(io.BytesIO(self.store.get(key, maximum=1 << 20).body)) for key in keys)
        return [row for part in parts for row in part.to_pylist()]


class WatchedStore(MemoryStore):
    """Says when an object was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = Semaphore(0)

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        tag = super().put(key, body, if_absent=if_absent, if_match=if_match)
        self.written.release()
        return tag


@pytest.fixture
async def call(tmp_path: Path) -> AsyncIterator[Caller]:
    store = MemoryStore()
    caller = Caller(build(configuration(tmp_path), lambda: store, lambda: NOW), store)
    yield caller
    if caller.app.writer.alive:
        await caller.shut_down()


def configuration(folder: Path, **changes: Any) -> Configuration:
    return Configuration("ml", "deploy-risk", HOME, folder / "data", **{"flush_interval": 3600.0, **changes})


async def test_predictions_and_labels_are_taken_counted_and_stored(call: Caller) -> None:
    assert await call.post(PREDICTIONS_PATH, {"predictions": [at(1), at(2, "Low")]}) == (202, {"accepted": 2})
    labels = {"labels": [{"id": name_of(n).hex(), "label": "High"} for n in (1, 2, 2)]}
    status, answer = await call.post(FEEDBACK_PATH, labels)
    refused = [{"id": name_of(2).hex(), "reason": "duplicate"}]
    assert (status, answer) == (200, {"accepted": 2, "refused": refused})
    _, text = await call("GET", METRICS_PATH)
    assert 'seatrial_collector_labels_total{model_name="deploy-risk",model_namespace="ml",result="right"' in text
    await call.shut_down()
    assert [row["prediction"] for row in call.stored("predictions")] == ["High", "Low"]
    assert [(row["prediction"], row["label"], row["files_changed"]) for row in call.stored("labels")] == [
        ("High", "High", 1.0),
        ("Low", "High", 2.0),
    ]


async def test_shadow_answers_are_taken_and_paired_and_not_stored(call: Caller) -> None:
    shadowed = {key: value for key, value in at(1, "Low").items() if key != "features"}
    shadowed |= {"revision": "r2", "version": "2", "control": "r1"}
    assert await call.post(SHADOW_ANSWERS_PATH, {"answers": [shadowed]}) == (202, {"accepted": 1})
    await call.post(PREDICTIONS_PATH, {"predictions": [at(1)]})
    await call.post(FEEDBACK_PATH, {"id": name_of(1).hex(), "label": "High"})
    _, text = await call("GET", METRICS_PATH)
    (line,) = [line for line in text.splitlines() if 'result="stable_right"' in line]
    assert line.startswith("seatrial_collector_label_pairs_total{")
    assert line.endswith('revision="r2",version="2"} 1.0')
    status, answer = await call.post(SHADOW_ANSWERS_PATH, {"answers": [shadowed | {"control": "a/b"}]})
    assert (status, answer["field"]) == (400, "answers[0].control")
    await call.shut_down()
    assert [(row["revision"], row["prediction"]) for row in call.stored("predictions")] == [("r1", "High")]
    assert [(row["revision"], row["prediction"]) for row in call.stored("labels")] == [("r1", "High")]


async def test_a_bad_body_is_answered_with_its_field(call: Caller) -> None:
    bad = {**at(), "revision": 7}
    status, answer = await call.post(PREDICTIONS_PATH, {"predictions": [at(), bad]})
    assert (status, answer["field"]) == (400, "predictions[1].revision")
    status, answer = await call.post(FEEDBACK_PATH, {"id": name_of(1).hex()})
    assert (status, answer["field"]) == (400, "label")
    status, answer = await call.post(FEEDBACK_PATH, ["High"])
    assert (status, answer["field"]) == (400, "body")
    _, text = await call("GET", METRICS_PATH)
    assert 'reason="malformed"} 2.0' in text
    assert "seatrial_collector_predictions_total{" not in text


async def test_one_bad_label_does_not_spoil_the_others(call: Caller) -> None:
    await call.post(PREDICTIONS_PATH, {"predictions": [at(1)]})
    status, answer = await call.post(FEEDBACK_PATH, {"labels": [{"id": 7}, {"id": name_of(1).hex(), "label": "Low"}]})
    assert (status, answer["accepted"]) == (200, 1)
    assert answer["refused"][0]["reason"] == "malformed"
    assert "labels[0].id is '7'" in answer["refused"][0]["detail"]


async def test_a_body_is_bounded_however_it_comes(call: Caller) -> None:
    half = b" " * (MAXIMUM_BODY // 2)
    status, answer = await call("POST", PREDICTIONS_PATH, half, half, b" ")
    assert (status, answer["field"]) == (413, "body")


async def busy(writer: Writer) -> Event:
    """Keep the writer at work until an event is set."""
    begun, gate = Event(), Event()

    def work(*_: object) -> None:
        begun.set()
        gate.wait(10)

    writer.submit(work)
    await until(begun.is_set)
    return gate


def whole(body: bytes) -> Receive:
    """Return what sends a body at once."""

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": body}

    return receive


class Sender:
    """Sends a part of a body, and no more of it until it goes away."""

    def __init__(self, part: bytes) -> None:
        self._parts, self.gone = [part], asyncio.Event()

    async def receive(self) -> Mapping[str, Any]:
        if self._parts:
            return {"type": "http.request", "body": self._parts.pop(), "more_body": True}
        await self.gone.wait()
        return {"type": "http.disconnect"}


async def test_bodies_under_way_are_bounded_together(call: Caller) -> None:
    half_sent = [Sender(b" " * MAXIMUM_BODY) for _ in range(8)]
    asked = [asyncio.create_task(call.app(POSTED, sender.receive, unheard)) for sender in half_sent]
    await until(lambda: call.app.bodies.held == 8 * MAXIMUM_BODY)
    status, headers, body = await call.sent("POST", FEEDBACK_PATH, Sender(b" ").receive)
    assert (status, headers[b"retry-after"]) == (503, b"2")
    assert b"connection" not in headers  # so that a caller who still sends comes to read it
    assert b"try again" in body
    for sender in half_sent:
        sender.gone.set()
    await asyncio.gather(*asked)
    assert call.app.bodies.held == 0
    assert (await call.post(PREDICTIONS_PATH, {"predictions": [at(1)]}))[0] == 202
    assert call.app.bodies.held == 0


async def test_a_body_is_held_until_its_rows_are_committed(call: Caller) -> None:
    gate = await busy(call.app.writer)
    body = json.dumps({"predictions": [at(1)]}).encode()
    asked = asyncio.create_task(call("POST", PREDICTIONS_PATH, body))
    await until(lambda: call.app.bodies.held == len(body))
    await asyncio.sleep(0.02)
    assert call.app.bodies.held == len(body)
    gate.set()
    assert (await asked)[0] == 202
    assert call.app.bodies.held == 0


async def test_a_caller_who_goes_away_is_no_malformed_label(call: Caller) -> None:
    sender = Sender(b'{"id"')
    sender.gone.set()
    await call.app(POSTED, sender.receive, unheard)
    _, text = await call("GET", METRICS_PATH)
    assert 'reason="malformed"} 0.0' in text


async def test_a_body_that_does_not_end_is_given_up(call: Caller) -> None:
    with short_seconds():
        status, headers, _ = await call.sent("POST", FEEDBACK_PATH, Sender(b"{").receive)
    assert (status, headers[b"retry-after"], headers[b"connection"]) == (503, b"2", b"close")
    assert call.app.bodies.held == 0


async def test_a_writer_that_hangs_is_waited_for_a_while(call: Caller) -> None:
    gate = await busy(call.app.writer)
    with short_seconds():
        status, answer = await call.post(PREDICTIONS_PATH, {"predictions": [at(1)]})
    assert status == 503
    assert "try again" in answer["error"]
    gate.set()
    _, text = await call("GET", METRICS_PATH)
    assert "seatrial_collector_predictions_total{" not in text


@pytest.mark.parametrize("path", [FEEDBACK_PATH, PREDICTIONS_PATH, SHADOW_ANSWERS_PATH])
async def test_a_body_nested_without_end_is_refused_and_counted(call: Caller, path: str) -> None:
    status, answer = await call("POST", path, b'{"id":' * 100_000)
    assert (status, answer["field"]) == (400, "body")
    assert "nested too deeply" in answer["error"]
    _, text = await call("GET", METRICS_PATH)
    assert f'reason="malformed"}} {1.0 if path == FEEDBACK_PATH else 0.0}' in text


async def test_what_a_label_can_be_is_read_from_the_manifest_of_its_version(tmp_path: Path) -> None:
    store = MemoryStore()
    for version, classes in (("1", ("Low", "High")), ("2", ("Low", "High", "Medium"))):
        output = Output("risk_level", Task.CLASSIFICATION, classes)
        store.put(HOME.manifest(version), canonical_json(replace(manifest(version), output=output).document()))
    call = Caller(build(configuration(tmp_path, flush_rows=1), lambda: store, lambda: NOW), store)
    await call.post(PREDICTIONS_PATH, {"predictions": [at(1), at(2) | {"version": "2"}]})
    await until(lambda: not call.app.writer.submit(lambda _, ledger: ledger.versions_without_output(5)).result(10))
    _, answer = await call.post(
        FEEDBACK_PATH, {"labels": [{"id": name_of(n).hex(), "label": "Medium"} for n in (1, 2)]}
    )
    assert answer == {"accepted": 1, "refused": [{"id": name_of(1).hex(), "reason": "malformed"}]}
    await call.shut_down()


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", LIVE_PATH, 200),
        ("GET", READY_PATH, 200),
        ("GET", "/", 404),
        ("GET", FEEDBACK_PATH, 405),
        ("DELETE", PREDICTIONS_PATH, 405),
        ("GET", SHADOW_ANSWERS_PATH, 405),
        ("POST", METRICS_PATH, 405),
    ],
)
async def test_paths_and_methods(call: Caller, method: str, path: str, expected: int) -> None:
    assert (await call(method, path))[0] == expected


async def test_a_full_collector_says_so_and_takes_nothing(tmp_path: Path) -> None:
    store = MemoryStore()
    limited = configuration(tmp_path, limits=Limits(maximum_rows=2))
    call = Caller(build(limited, lambda: store, lambda: NOW), store)
    assert (await call.post(PREDICTIONS_PATH, {"predictions": [at(1), at(2)]}))[0] == 202
    status, answer = await call.post(PREDICTIONS_PATH, {"predictions": [at(3)]})
    assert status == 503
    assert "try again" in answer["error"]
    await call.shut_down()
    assert len(call.stored("predictions")) == 2


async def test_a_dead_writer_is_seen_by_the_probes(call: Caller) -> None:
    await call.shut_down()
    assert (await call("GET", LIVE_PATH))[0] == 503


async def test_enough_rows_start_a_flush_before_its_time(tmp_path: Path) -> None:
    store = WatchedStore()
    call = Caller(build(configuration(tmp_path, flush_rows=2), lambda: store, lambda: NOW), store)
    await call.post(PREDICTIONS_PATH, {"predictions": [at(1), at(2), at(3)]})
    for _ in range(2):
        assert await asyncio.to_thread(store.written.acquire, timeout=20)
    assert sorted(row["files_changed"] for row in call.stored("predictions")) == [1, 2, 3]
    await call.shut_down()


async def test_nothing_is_taken_that_would_miss_the_last_flush(tmp_path: Path) -> None:
    store = MemoryStore()
    app = build(configuration(tmp_path), lambda: store, lambda: NOW)
    begun, gate = Event(), Event()

    def close() -> None:
        begun.set()
        gate.wait(10)
        app.close()

    call = Caller(replace(app, close=close), store)
    ended = asyncio.create_task(call.shut_down())
    await until(begun.is_set)
    body = json.dumps({"predictions": [at()]}).encode()
    status, headers, _ = await call.sent("POST", PREDICTIONS_PATH, whole(body))
    assert (status, headers[b"retry-after"], headers[b"connection"]) == (503, b"2", b"close")
    assert call.app.bodies.held == 0
    gate.set()
    await ended
    assert call.stored("predictions") == []


class RefusingStore(MemoryStore):
    """Takes nothing."""

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        raise DeniedError("the key was revoked")


async def test_rows_wait_for_the_secrets_next_credentials(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    store, folder = MemoryStore(), tmp_path / "credentials"

    def open_store(credentials: Credentials) -> MemoryStore:
        return store if credentials.access_key == "new" else RefusingStore()

    app = build(configuration(tmp_path, flush_interval=0.01), Access(folder, open_store).connect, lambda: NOW)
    call = Caller(app, store)
    await call.post(PREDICTIONS_PATH, {"predictions": [at(1)]})
    await until(lambda: app.failures[Cause.DENIED] > 2)
    mount(folder, pair("old"))
    seen = app.failures[Cause.DENIED]
    await until(lambda: app.failures[Cause.DENIED] > seen + 2)
    _, text = await call("GET", METRICS_PATH)
    assert (
        'seatrial_collector_flush_failures_total{model_name="deploy-risk",model_namespace="ml",reason="denied"}' in text
    )
    mount(folder, pair("new"))
    await until(lambda: bool(call.stored("predictions")))
    await call.shut_down()
    assert len(call.stored("predictions")) == 1
    missing, refused, again = [one for one in caplog.messages if one.startswith("flush ")]
    assert "spec.storage.secretRef" in missing
    assert (refused, again) == ("flush failed, to be tried again: the key was revoked", "flush succeeds again")


async def test_rows_that_are_stored_are_no_failures(call: Caller) -> None:
    await call.post(PREDICTIONS_PATH, {"predictions": [at(1)]})
    await call.shut_down()
    assert not call.app.failures
