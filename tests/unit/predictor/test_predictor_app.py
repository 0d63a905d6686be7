"""What comes first: the caller has the answer before anybody else hears of it."""

from collections.abc import Mapping, MutableMapping
from types import SimpleNamespace
from typing import Any

import pytest

from seatrial.contract.http import SHADOW_PATH, SHADOW_SAMPLE
from seatrial.contract.metrics import ERROR, LIVE
from seatrial.contract.schema import Feature, Kind
from seatrial_runtime.predictor.app import App
from seatrial_runtime.predictor.exposition import Exposition
from seatrial_runtime.predictor.inference import Inference
from seatrial_runtime.predictor.lifecycle import Lifecycle
from seatrial_runtime.predictor.metrics import Metrics
from seatrial_runtime.predictor.protocol import Answer, Answered, Query, Stamp
from seatrial_runtime.predictor.rows import Rows, Schema
from seatrial_runtime.predictor.server import identity
from seatrial_runtime.predictor.v1 import V1
from seatrial_runtime.predictor.worker import Worker
from tests.unit.predictor.given import RISK_OUTPUT, a_risk_version, settings_of


class Model:
    """Says High to one row, at once."""

    async def submit(self, rows: Rows, traffic: str) -> Answer:
        return Answer(["High"])


class Written(V1):
    """V1 that notes when it writes, or fails to."""

    def __init__(self, events: list[str], fails: bool = False) -> None:
        super().__init__(Schema((Feature("a", Kind.NUMBER),)), RISK_OUTPUT, "7")
        self._events, self._fails = events, fails

    def write(self, query: Query, answer: Answer, stamped: Stamp) -> bytes:
        if self._fails:
            raise ZeroDivisionError
        self._events.append("written")
        return super().write(query, answer, stamped)


def inference(events: list[str], metrics: Metrics | None = None) -> Inference:
    model: Any = Model()
    return Inference(model, metrics or Metrics(), Worker("parsing"), lambda *_: events.append("told"))


async def test_the_answer_is_sent_before_shadow_and_collector_hear_of_it() -> None:
    events, times = list[str](), iter(range(100))
    settings, lifecycle, metrics = settings_of(a_risk_version()), Lifecycle(lambda: float(next(times))), Metrics()
    app = App(settings, lifecycle, metrics, Exposition(identity(settings), metrics))
    serving: Any = SimpleNamespace(inference=inference(events), v1=Written(events))
    app.serving = serving

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": b'{"instances": [{"a": 1}]}'}

    async def send(message: MutableMapping[str, Any]) -> None:
        events.append(message["type"])
        assert lifecycle.quiet_for() == 0, "it is under way until the answer was sent"

    await app({"type": "http", "method": "POST", "path": "/v1/models/risk:predict", "headers": []}, receive, send)
    assert events == ["written", "http.response.start", "http.response.body", "told"]
    assert lifecycle.quiet_for() > 0


async def test_what_is_told_is_as_large_as_the_body_that_asked() -> None:
    model: Any = Model()
    told, body = list[Answered](), b'{"instances": [{"a": 1}]}'
    reply = await Inference(model, Metrics(), Worker("parsing"), told.append).reply(Written([]), "risk", body)
    reply.after()
    assert [(one.count, one.size, one.answer.predictions) for one in told] == [(1, len(body), ["High"])]


async def test_an_answer_that_could_not_be_written_is_an_error_of_which_nobody_hears() -> None:
    events, metrics = list[str](), Metrics()
    with pytest.raises(ZeroDivisionError):
        await inference(events, metrics).reply(Written(events, fails=True), "risk", b'{"instances": [{"a": 1}]}')
    assert events == []
    assert {outcome for outcome, count in metrics.requests[LIVE].by_value.items() if count} == {ERROR}


@pytest.mark.parametrize(("path", "said"), [(SHADOW_PATH, b"25"), ("/v1/models/risk:predict", None)])
async def test_who_posts_to_a_shadow_hears_which_share_of_the_requests_it_wants(path: str, said: bytes | None) -> None:
    settings, metrics = settings_of(a_risk_version(), shadow_sample=25), Metrics()
    app = App(settings, Lifecycle(lambda: 0.0), metrics, Exposition(identity(settings), metrics))
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": b"{}"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app({"type": "http", "method": "POST", "path": path, "headers": []}, receive, send)
    assert dict(sent[0]["headers"]).get(SHADOW_SAMPLE.encode()) == said
