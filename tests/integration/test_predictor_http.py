"""A predictor on loopback, spoken to over HTTP."""

import asyncio
import io
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from seatrial.contract import metrics as names
from seatrial.contract.http import MAXIMUM_BODY
from seatrial.contract.names import is_prediction_id
from seatrial_runtime.loading import Loaded
from seatrial_runtime.predictor.connection import BoundedConnection
from tests.unit.predictor.given import (
    a_pipeline,
    a_predictor,
    a_risk_version,
    a_row,
    some_rows,
    their_risk,
    v2_columns,
)

V1, V2 = "/v1/models/risk:predict", "/v2/models/risk/infer"


class Caller:
    """A client of one predictor."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.address, self.session = address, session

    async def get(self, path: str) -> tuple[int, Any]:
        """Return status and JSON of a GET."""
        async with self.session.get(self.address + path) as answer:
            return answer.status, json.loads(await answer.read())

    async def post(self, path: str, document: Any, **headers: str) -> tuple[int, Any, Any]:
        """Return status, JSON and headers of a POST of JSON, or of raw bytes."""
        body = io.BytesIO(document if isinstance(document, bytes) else json.dumps(document).encode())
        given = {"content-type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        async with self.session.post(self.address + path, data=body, headers=given) as answer:
            return answer.status, json.loads(await answer.read()), answer.headers

    async def predict(self, *rows: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the answers to some rows."""
        status, document, _ = await self.post(V1, {"instances": list(rows)})
        assert status == 200, document
        found: list[dict[str, Any]] = document["predictions"]
        return found

    async def counted(self, name: str, path: str = "/metrics", **labels: str) -> float:
        """Return the sum of the samples that have these labels."""
        async with self.session.get(self.address + path) as answer:
            families = text_string_to_metric_families(await answer.text())
        samples = [s for family in families for s in family.samples if s.name == name]
        return sum(s.value for s in samples if labels.items() <= s.labels.items())


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return a_risk_version()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


@pytest.fixture
async def caller(loaded: Loaded, session: aiohttp.ClientSession) -> AsyncIterator[Caller]:
    async with a_predictor(loaded) as address:
        yield Caller(address, session)


async def test_an_answer_has_everything_that_a_caller_needs(caller: Caller) -> None:
    status, document, headers = await caller.post(V1, {"instances": [a_row(), a_row(files_changed=3)]})
    assert status == 200
    high, low = document["predictions"]
    assert (high["prediction"], low["prediction"]) == ("High", "Low")
    assert high["recommendation"] == "ask a senior engineer"
    assert high["confidence"] == high["probabilities"]["High"] > 0.9
    assert is_prediction_id(high["prediction_id"])
    assert high["prediction_id"] != low["prediction_id"]
    assert headers["x-prediction-id"] == high["prediction_id"]
    assert (headers["x-model-version"], headers["x-model-revision"]) == ("7", "0123456789")
    assert high["time"].endswith("Z")


async def test_both_protocols_say_the_same(caller: Caller) -> None:
    rows = [a_row(), a_row(team=None, load=None, files_changed=90)]
    by_v1 = await caller.predict(*rows)
    status, by_v2, headers = await caller.post(V2, v2_columns(rows) | {"id": "mine"})
    assert status == 200
    outputs = {tensor["name"]: tensor["data"] for tensor in by_v2["outputs"]}
    assert outputs["risk_level"] == [row["prediction"] for row in by_v1]
    assert outputs["confidence"] == [row["confidence"] for row in by_v1]
    assert outputs["probabilities"] == [p for row in by_v1 for p in row["probabilities"].values()]
    assert headers["x-prediction-id"] == outputs["prediction_id"][0]
    assert by_v2["id"] == "mine"


PATHS = [
    ("/v2", 200),
    ("/v2/health/live", 200),
    ("/v2/health/ready", 200),
    ("/v2/models/risk", 200),
    ("/v2/models/deploy-risk/versions/7", 200),
    ("/v2/models/risk/ready", 200),
    ("/v2/models/risk/versions/7/ready", 200),
    ("/v1/models/risk", 200),
    ("/v2/models/other", 404),
    ("/v2/models/risk/versions/8", 404),
    ("/v1/models/other", 404),
    ("/etc/passwd", 404),
    ("/v2/models/risk/infer", 405),
    ("/v1/models/risk:predict", 405),
    ("/internal/shadow", 405),
]


async def test_only_known_paths_are_answered(caller: Caller) -> None:
    for path, status in PATHS:
        found, document = await caller.get(path)
        assert (path, found) == (path, status)
        assert ("error" in document) == (status >= 400)


async def test_every_path_of_a_prediction_leads_to_the_model(caller: Caller) -> None:
    for name in ("risk", "deploy-risk"):
        for path in (f"/v2/models/{name}/infer", f"/v2/models/{name}/versions/7/infer"):
            assert (await caller.post(path, v2_columns([a_row()])))[0] == 200
        assert (await caller.post(f"/v1/models/{name}:predict", {"instances": [a_row()]}))[0] == 200
    assert (await caller.post("/v2/models/risk/versions/8/infer", v2_columns([a_row()])))[0] == 404


BAD_REQUESTS: list[tuple[str, Any, dict[str, str], int, str]] = [
    (V1, b"", {}, 400, "body"),
    (V1, b'{"instances": [', {}, 400, "body"),
    (V1, b'{"instances": [{"load": NaN}]}', {}, 400, "body"),
    (V1, {"instances": [a_row(files_changed="x")]}, {}, 400, "files_changed"),
    (V1, {"instances": [a_row(environment="moon")]}, {}, 400, "environment"),
    (V1, {"instances": [a_row()] * 10_001}, {}, 400, "instances"),
    (V2, {"inputs": []}, {}, 400, "inputs"),
    (V1, {"instances": [a_row()]}, {"content_type": "text/plain"}, 415, "content-type"),
    (V1, {"instances": [a_row()]}, {"content_encoding": "gzip"}, 415, "content-encoding"),
    (V1, b"[" * 1_000_000, {}, 400, "body"),
    (V1, b" " * (MAXIMUM_BODY + 1), {}, 413, "body"),
]


async def test_a_bad_request_is_explained_counted_and_harms_nobody(caller: Caller) -> None:
    for i, (path, document, headers, status, field) in enumerate(BAD_REQUESTS):
        found, said, _ = await caller.post(path, document, **headers)
        assert (found, said["field"]) == (status, field), said
        assert said["error"]
        assert await caller.counted(names.REQUESTS, traffic=names.LIVE, outcome=names.INVALID) == i + 1
        assert (await caller.predict(a_row()))[0]["prediction"] == "High"
    assert await caller.counted(names.DURATION + "_count") == len(BAD_REQUESTS)  # of the good ones


async def test_a_body_that_comes_in_chunks_is_bounded_too(caller: Caller) -> None:
    async def chunks(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b" " * (1 << 20)

    headers = {"content-type": "application/json"}
    async with caller.session.post(caller.address + V1, data=chunks(9), headers=headers) as answer:
        assert answer.status == 413
        assert answer.headers["connection"] == "close"


async def test_the_largest_request_is_answered(caller: Caller) -> None:
    rows = [a_row(files_changed=i % 300) for i in range(10_000)]
    answers = await caller.predict(*rows)
    assert len(answers) == 10_000
    assert len({answer["prediction_id"] for answer in answers}) == 10_000
    some = await caller.predict(*rows[100:120])
    assert [answer["prediction"] for answer in answers[100:120]] == [answer["prediction"] for answer in some]


async def test_requests_at_once_get_their_own_answers(caller: Caller, loaded: Loaded) -> None:
    table = some_rows(300, seed=9).replace({np.nan: None})
    rows = table.to_dict("records")
    answers = await asyncio.gather(*(caller.predict(row) for row in rows))
    assert [answer[0]["prediction"] for answer in answers] == loaded.estimator.predict(some_rows(300, seed=9)).tolist()
    assert await caller.counted(names.BATCH_ROWS + "_sum") == 300
    assert await caller.counted(names.BATCH_ROWS + "_count") < 300
    assert await caller.counted(names.REQUESTS, traffic=names.LIVE, outcome=names.OK) == 300
    assert await caller.counted(names.DURATION + "_count", traffic=names.LIVE) == 300
    assert await caller.counted(names.PREDICTIONS, traffic=names.LIVE) == 300
    assert await caller.counted(names.PREDICTIONS, traffic=names.SHADOW) == 0
    bins = "/metrics/drift"
    assert await caller.counted(names.FEATURE_BINS, bins, feature="team") == 300
    missing = sum(row["team"] is None for row in rows)
    assert await caller.counted(names.FEATURE_BINS, bins, feature="team", bin="(missing)") == missing > 0


async def test_a_model_that_fails_is_a_500_that_says_why(loaded: Loaded, session: aiohttp.ClientSession) -> None:
    known = some_rows()[lambda rows: rows["team"] != "Mobile"]
    picky = replace(loaded, estimator=a_pipeline(handle_unknown="error").fit(known, their_risk(known)))
    async with a_predictor(picky) as address:
        caller = Caller(address, session)
        asked = [caller.post(V1, {"instances": [a_row(team=team)]}) for team in ("Platform", "Mobile", "Growth") * 5]
        found = [(status, document) for status, document, _ in await asyncio.gather(*asked)]
        assert [status for status, _ in found] == [200, 500, 500] * 5
        assert "unknown categories" in found[1][1]["error"]
        assert await caller.counted(names.REQUESTS, traffic=names.LIVE, outcome=names.ERROR) == 10
        assert await caller.counted(names.REQUESTS, traffic=names.LIVE, outcome=names.OK) == 5


class Gate:
    """An estimator that waits at a gate."""

    def __init__(self, estimator: Any) -> None:
        self._estimator, self.open = estimator, threading.Event()
        self.open.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._estimator, name)

    def predict_proba(self, rows: Any) -> Any:
        """Predict when the gate is open."""
        assert self.open.wait(30)
        return self._estimator.predict_proba(rows)


@pytest.fixture
async def gated(loaded: Loaded, session: aiohttp.ClientSession) -> AsyncIterator[tuple[Caller, Gate]]:
    gate = Gate(loaded.estimator)
    async with a_predictor(replace(loaded, estimator=gate), timeout=0.5) as address:
        yield Caller(address, session), gate
        gate.open.set()


async def test_a_model_that_hangs_costs_a_caller_the_timeout_and_the_process_nothing(
    gated: tuple[Caller, Gate],
) -> None:
    caller, gate = gated
    gate.open.clear()
    status, document, headers = await caller.post(V1, {"instances": [a_row()]})
    assert (status, headers["retry-after"]) == (503, "1")
    assert "0.5 s" in document["error"]
    assert (await caller.get("/v2/health/live"))[0] == 200
    assert await caller.counted(names.REQUESTS, traffic=names.LIVE, outcome=names.ERROR) == 1
    gate.open.set()
    assert (await caller.predict(a_row()))[0]["prediction"] == "High"
    assert await caller.counted(names.FEATURE_BINS, "/metrics/drift", feature="team") == 1


async def test_more_than_can_wait_is_shed(gated: tuple[Caller, Gate]) -> None:
    caller, gate = gated
    gate.open.clear()
    large = {"instances": [[3, "dev", None, None, True]] * 10_000}
    found = await asyncio.gather(*(caller.post(V1, large) for _ in range(4)))
    refused = [(status, document) for status, document, _ in found if "too much to do" in document.get("error", "")]
    assert len(refused) >= 1
    assert refused[0][0] == 503
    assert await caller.counted(names.REQUESTS, traffic=names.LIVE, outcome=names.SHED) == len(refused)


async def test_before_the_model_is_there_the_predictor_says_what_it_is_at(
    loaded: Loaded, session: aiohttp.ClientSession
) -> None:
    gate, at = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def load(_: Path) -> Loaded:
        loop.call_soon_threadsafe(at.set)
        assert gate.wait(30)
        return loaded

    async def look(url: str) -> None:
        caller = Caller(url, session)
        await at.wait()
        assert await caller.get("/v2/health/live") == (200, {"live": True})
        status, document = await caller.get("/v2/health/ready")
        assert (status, document["reason"]) == (503, "downloading")
        assert (await caller.get("/v2/models/risk"))[0] == 503
        assert (await caller.get("/v2/models/risk/ready"))[0] == 503
        status, document, headers = await caller.post(V1, {"instances": [a_row()]})
        assert (status, headers["retry-after"]) == (503, "1")
        assert "downloading" in document["error"]
        assert await caller.counted(names.REQUESTS, traffic=names.LIVE, outcome=names.OK) == 0
        gate.set()

    async with a_predictor(loaded, load=load, at=look) as url:
        assert (await Caller(url, session).get("/v2/health/ready"))[0] == 200


async def test_nobody_but_a_shadow_takes_shadow_traffic(caller: Caller) -> None:
    status, document, _ = await caller.post("/internal/shadow", {"request": {}, "answer": ["High"]})
    assert status == 404
    assert "no shadow" in document["error"]
    assert await caller.counted(names.REQUESTS, traffic=names.SHADOW) == 0


async def connected(caller: Caller) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = caller.address.removeprefix("http://").partition(":")
    return await asyncio.open_connection(host, int(port))


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """Return what still came before the other side closed the connection."""
    async with asyncio.timeout(20):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def test_a_head_without_end_ends_the_connection(caller: Caller) -> None:
    for part in (b"x-long: " + b"y" * 100_000, b"x-short: y\r\n" * 10_000):
        reader, writer = await connected(caller)
        writer.write(b"GET /v2 HTTP/1.1\r\nhost: x\r\n" + part)
        assert await until_closed(reader) == b""
        writer.close()
    assert (await caller.predict(a_row()))[0]["prediction"] == "High"


async def test_a_head_that_never_comes_or_never_ends_ends_the_connection(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatrial_runtime.predictor.connection._PATIENCE", 0.2)
    request = b"GET /v2 HTTP/1.1\r\nhost: x\r\n\r\n"
    for said, answers in ((b"", 0), (b"GET /v2 HT", 0), (request + b"GET /v2 HTTP/1.1\r\nho", 1)):
        reader, writer = await connected(caller)
        writer.write(said)
        assert (await until_closed(reader)).count(b"200 OK") == answers
        writer.close()


async def test_what_is_no_http_is_told_so(caller: Caller) -> None:
    reader, writer = await connected(caller)
    writer.write(b"\x16\x03\x01 hello\r\n\r\n")
    assert (await until_closed(reader)).startswith(b"HTTP/1.1 400 ")
    writer.close()


async def test_several_requests_at_once_on_one_connection_are_answered_in_order(caller: Caller) -> None:
    reader, writer = await connected(caller)
    bodies = [json.dumps({"instances": [a_row(files_changed=n)]}).encode() for n in (200, 3)]
    for body in bodies:
        head = f"POST {V1} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
    writer.write(b"GET /v2 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    said = await until_closed(reader)
    high, low = said.index(b'"prediction":"High"'), said.index(b'"prediction":"Low"')
    assert 0 < high < low < said.index(b'"name":"seatrial"')
    writer.close()


async def test_a_caller_who_goes_away_in_the_middle_harms_nobody(caller: Caller) -> None:
    _, writer = await connected(caller)
    writer.write(f"POST {V1} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{{".encode())
    await writer.drain()
    writer.transport.abort()
    assert (await caller.predict(a_row()))[0]["prediction"] == "High"
    assert await caller.counted(names.REQUESTS, outcome=names.INVALID) == 0


async def test_an_old_connection_is_closed_with_an_answer_and_a_young_one_is_kept(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_predictor(loaded) as address, aiohttp.ClientSession() as session:
        caller = Caller(address, session)
        assert "connection" not in (await caller.post(V1, {"instances": [a_row()]}))[2]
        monkeypatch.setattr(BoundedConnection, "maximum_age", 0.0)
        async with aiohttp.ClientSession() as late:
            status, _, headers = await Caller(address, late).post(V1, {"instances": [a_row()]})
        assert (status, headers["connection"]) == (200, "close")
