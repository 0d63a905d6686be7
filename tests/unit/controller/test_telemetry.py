"""The operator's metrics page and its health, as Prometheus and the kubelet see them."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from seatrial.controller.server import Server
from seatrial.controller.telemetry import Telemetry
from seatrial.core.decision import Gauge
from seatrial.ports import Key

A, B = Key("ml", "a"), Key("ml", "b")
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(telemetry: Telemetry) -> Samples:
    text = telemetry.page().decode()
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    keys = [(sample.name, frozenset(sample.labels.items())) for sample in found]
    assert len(keys) == len(set(keys)), "a series twice is no page"
    return {key: sample.value for key, sample in zip(keys, found, strict=True)}


def of(found: Samples, name: str) -> dict[str, float]:
    return {dict(labels)["model_name"]: value for (one, labels), value in found.items() if one == name}


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry(lambda: 7, lambda: 1234.0)


def test_passes_are_counted(telemetry: Telemetry) -> None:
    telemetry.passed(0.02)
    telemetry.failed("RefusedError", 0.5)
    telemetry.swept()
    telemetry.repaired(3)
    found = samples(telemetry)
    none: frozenset[tuple[str, str]] = frozenset()
    assert found["seatrial_operator_reconcile_seconds_count", none] == 2
    assert found["seatrial_operator_reconcile_errors_total", frozenset({("kind", "RefusedError")})] == 1
    assert found["seatrial_operator_queue_depth", none] == 7
    assert found["seatrial_operator_last_sweep_timestamp_seconds", none] == 1234
    assert found["seatrial_operator_cache_repairs_total", none] == 3


def test_all_gauges_of_a_model_deployment_are_replaced_at_once(telemetry: Telemetry) -> None:
    telemetry.publish(A, [Gauge("seatrial_stable_info", {"revision": "1"}, 1), Gauge("seatrial_weight", {}, 5)])
    telemetry.publish(B, [Gauge("seatrial_stable_info", {"revision": "2"}, 1)])
    assert of(samples(telemetry), "seatrial_stable_info") == {"a": 1, "b": 1}
    telemetry.publish(A, [Gauge("seatrial_stable_info", {"revision": "3"}, 1)])
    found = samples(telemetry)
    assert of(found, "seatrial_weight") == {}
    revisions = {dict(labels).get("revision") for name, labels in found if name == "seatrial_stable_info"}
    assert revisions == {"2", "3"}


def test_what_is_deleted_leaves_no_series(telemetry: Telemetry) -> None:
    telemetry.publish(A, [Gauge("seatrial_weight", {}, 5)])
    telemetry.publish(A, [])
    assert of(samples(telemetry), "seatrial_weight") == {}


def test_series_say_whose_they_are(telemetry: Telemetry) -> None:
    telemetry.publish(A, [Gauge("seatrial_weight", {"version": 'odd "one"\n'}, 5)])
    labels = next(dict(labels) for name, labels in samples(telemetry) if name == "seatrial_weight")
    assert labels == {"model_namespace": "ml", "model_name": "a", "version": 'odd "one"\n'}


class Probes:
    """A running server; `wrong` is what its health says."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.wrong = ""
        self.server = Server(telemetry.page, lambda: self.wrong, lambda: self.wrong, port=0, host="127.0.0.1")
        self.port = 0

    async def get(self, path: str) -> tuple[int, str]:
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            answer = await session.get(f"http://127.0.0.1:{self.port}{path}")
            return answer.status, await answer.text()


@pytest.fixture
async def probes(telemetry: Telemetry) -> AsyncIterator[Probes]:
    probes = Probes(telemetry)
    probes.port = await probes.server.start()
    yield probes
    await probes.server.stop()


async def test_metrics_over_http(probes: Probes) -> None:
    status, text = await probes.get("/metrics")
    assert status == 200
    assert "seatrial_operator_queue_depth 7.0" in text


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_over_http(probes: Probes, path: str) -> None:
    assert await probes.get(path) == (200, "ok\n")
    probes.wrong = "no pass has ended for 400 s"
    assert await probes.get(path) == (503, "no pass has ended for 400 s\n")
