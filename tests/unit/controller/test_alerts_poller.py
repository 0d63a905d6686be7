"""The shared poller: who is woken, and that no answer is not 'no alert'."""

from datetime import timedelta
from typing import Any

import pytest

from seatrial.api.conditions import Reason
from seatrial.contract import metrics
from seatrial.controller.alerts import HOLDS_FOR, Alerts
from seatrial.core.observed import Alert, Unknown
from seatrial.ports import Key, MetricsError
from tests.fakes.clock import FakeClock
from tests.fakes.metrics import FakeMetrics

RISK, OTHER = Key("ml", "risk"), Key("ml", "other")


class Scene:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.metrics = FakeMetrics(self.clock)
        self.woken: list[Key] = []
        self.alerts = Alerts(self.metrics, self.clock, self.woken.append, "namespace")

    def of(self, key: Key) -> tuple[Alert, ...] | Unknown:
        return self.alerts.of(key, self.clock.now())

    def fire(self, key: Key, revision: str = "aaaa", **labels: str) -> None:
        identity = {"namespace": key.namespace, metrics.NAMESPACE: key.namespace, metrics.NAME: key.name}
        identity[metrics.REVISION] = revision
        asks = {metrics.ACTION_LABEL: metrics.ACTION_RETRAIN, metrics.REASON_LABEL: "drift"}
        self.metrics.record("ALERTS", {"alertstate": "firing", "alertname": "Drift", **identity, **asks, **labels}, 1)


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_before_the_first_answer_nothing_is_known(scene: Scene) -> None:
    found = scene.of(RISK)
    assert isinstance(found, Unknown)
    assert found.reason is Reason.METRICS_UNAVAILABLE


async def test_an_answer_without_alerts_is_no_alert(scene: Scene) -> None:
    await scene.alerts.poll()
    assert scene.of(RISK) == ()
    assert scene.woken == []


async def test_only_whose_alerts_changed_is_woken(scene: Scene) -> None:
    scene.fire(RISK)
    await scene.alerts.poll()
    assert scene.woken == [RISK]
    found = scene.of(RISK)
    assert not isinstance(found, Unknown)
    assert [(alert.reason, alert.revision) for alert in found] == [("drift", "aaaa")]
    scene.fire(OTHER)
    await scene.alerts.poll()
    await scene.alerts.poll()
    assert scene.woken == [RISK, OTHER]
    scene.metrics.forget("ALERTS", {metrics.NAME: "risk"})
    await scene.alerts.poll()
    assert scene.woken == [RISK, OTHER, RISK]
    assert scene.of(RISK) == ()


async def test_pending_alerts_and_those_of_others_do_not_count(scene: Scene) -> None:
    scene.fire(RISK, alertstate="pending")
    scene.fire(RISK, **{metrics.ACTION_LABEL: ""})
    await scene.alerts.poll()
    assert scene.of(RISK) == ()


async def test_what_another_namespaces_pod_exposes_as_an_alert_wakes_nobody(scene: Scene) -> None:
    scene.fire(RISK, namespace="evil")
    await scene.alerts.poll()
    assert scene.of(RISK) == ()
    assert scene.woken == []


async def test_a_failed_query_keeps_the_last_answer_for_a_while(scene: Scene) -> None:
    scene.fire(RISK)
    await scene.alerts.poll()
    scene.metrics.before = _down
    scene.clock.advance(HOLDS_FOR)
    await scene.alerts.poll()
    assert not isinstance(scene.of(RISK), Unknown)
    scene.clock.advance(timedelta(seconds=1))
    found = scene.of(RISK)
    assert isinstance(found, Unknown)
    assert "down" in found.message
    assert scene.woken == [RISK], "silence wakes nobody"


def _down(call: str, arguments: tuple[Any, ...]) -> None:
    raise MetricsError("down")
