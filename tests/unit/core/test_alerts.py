"""Which alerts fire about which ModelDeployment."""

from collections.abc import Mapping, Sequence

from seatrial.core.alerts import QUERY, read_alerts
from seatrial.core.observed import Alert
from seatrial.ports import Key, Series

OURS = {"namespace": "ml", "model_namespace": "ml", "model_name": "risk", "revision": "abc"}
DRIFT = {**OURS, "alertname": "SeatrialDrift", "seatrial_reason": "drift", "feature": "team", "window": "1h"}


def series(**labels: str) -> Series:
    return Series(labels, ((0.0, 1.0),))


def read(found: Sequence[Series], namespace_label: str = "namespace") -> Mapping[Key, tuple[Alert, ...]]:
    return read_alerts(found, namespace_label)


def test_only_firing_alerts_that_ask_for_something_are_asked_for() -> None:
    assert QUERY == 'ALERTS{alertstate="firing",seatrial_action!=""}'


def test_an_alert_says_what_was_seen() -> None:
    assert read([series(**DRIFT)]) == {
        Key("ml", "risk"): (Alert("SeatrialDrift", "drift", "SeatrialDrift of team over 1h", "abc"),)
    }


def test_alerts_come_in_a_fixed_order() -> None:
    accuracy = {**OURS, "alertname": "SeatrialAccuracy", "seatrial_reason": "accuracy"}
    other = {**DRIFT, "feature": "environment"}
    one, two = (read([series(**labels) for labels in order]) for order in _orders(DRIFT, accuracy, other))
    assert one == two
    assert [alert.detail for alert in one[Key("ml", "risk")]] == [
        "SeatrialAccuracy",
        "SeatrialDrift of environment over 1h",
        "SeatrialDrift of team over 1h",
    ]


def test_alerts_of_others_are_theirs() -> None:
    found = read([series(**DRIFT), series(**{**DRIFT, "model_name": "fraud"})])
    assert found.keys() == {Key("ml", "risk"), Key("ml", "fraud")}


def test_an_alert_about_nobody_is_nobodys() -> None:
    assert read([series(alertname="SeatrialDrift", model_name="risk"), series()]) == {}


def test_an_alert_that_another_namespaces_pod_made_up_is_nobodys() -> None:
    elsewhere = {**DRIFT, "namespace": "evil"}
    assert read([series(**elsewhere)]) == {}
    assert read([series(**elsewhere, exported_namespace="ml")]) == {}


def test_an_alert_that_does_not_say_where_it_is_from_is_nobodys() -> None:
    assert read([series(**{name: value for name, value in DRIFT.items() if name != "namespace"})]) == {}


def test_the_label_that_counts_is_the_one_that_is_set() -> None:
    assert read([series(**DRIFT)], "kubernetes_namespace") == {}
    assert read([series(**{**DRIFT, "namespace": "x"}, kubernetes_namespace="ml")], "kubernetes_namespace").keys() == {
        Key("ml", "risk")
    }


def test_an_alert_of_somebodys_own_has_their_reason() -> None:
    found = read([series(**OURS, alertname="FraudSpike")])
    assert found[Key("ml", "risk")] == (Alert("FraudSpike", "alert", "FraudSpike", "abc"),)


def _orders(*labels: dict[str, str]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    return list(labels), list(reversed(labels))
