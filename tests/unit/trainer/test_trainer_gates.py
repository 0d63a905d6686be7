"""The gates: each passes and fails where it should, and says its numbers."""

import pytest

from seatrial.contract.manifest import Gate
from seatrial.contract.training import Gates
from seatrial_runtime.trainer.gates import Evidence, Serving, judge

SERVING = Serving("7", 0.88)


def gate(gates: Gates, name: str, **evidence: object) -> Gate:
    fields = {"metric": "accuracy", "score": 0.9, "baseline": 0.5, "serving": SERVING, **evidence}
    return next(found for found in judge(gates, Evidence(**fields)) if found.name == name)  # type: ignore[arg-type]


@pytest.mark.parametrize(("minimum", "passed"), [(0.89, True), (0.9, True), (0.91, False)])
def test_minimum(minimum: float, passed: bool) -> None:
    found = gate(Gates(minimum=minimum), "minimum")
    assert found.passed is passed
    assert found.detail == f"accuracy 0.9000; at least {minimum:g} is needed"


@pytest.mark.parametrize(
    ("score", "margin", "passed"), [(0.88, 0.0, True), (0.8799, 0.0, False), (0.87, 0.01, True), (0.8699, 0.01, False)]
)
def test_not_worse_than_serving_less_the_margin(score: float, margin: float, passed: bool) -> None:
    found = gate(Gates(margin=margin), "serving", score=score)
    assert found.passed is passed
    assert "version 7, which serves, has 0.8800 on the same rows" in found.detail


def test_a_serving_version_that_could_not_be_measured_fails_closed() -> None:
    found = gate(Gates(margin=1.0), "serving", serving=Serving("7", None, "file model.skops: digest differs"))
    assert not found.passed
    assert "version 7, which serves, could not be measured: file model.skops: digest differs" in found.detail


@pytest.mark.parametrize(("baseline", "passed"), [(0.8999, True), (0.9, False), (0.95, False)])
def test_better_than_always_the_same_answer(baseline: float, passed: bool) -> None:
    assert gate(Gates(), "baseline", baseline=baseline).passed is passed


@pytest.mark.parametrize(("measured", "passed"), [(0.02, True), (0.0201, False), (None, False)])
def test_latency(measured: float | None, passed: bool) -> None:
    assert gate(Gates(latency_p99=0.02), "latency", latency_p99=measured).passed is passed


def test_only_gates_that_apply_are_judged() -> None:
    nothing_serves = Evidence("accuracy", 0.9, 0.5, None)
    assert [found.name for found in judge(Gates(), nothing_serves)] == ["baseline"]
    everything = judge(Gates(minimum=0.1, latency_p99=1), Evidence("accuracy", 0.9, 0.5, SERVING, 0.1))
    assert [found.name for found in everything] == ["baseline", "minimum", "serving", "latency"]
