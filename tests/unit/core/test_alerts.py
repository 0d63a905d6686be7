"""Which alerts fire about which ModelDeployment."""

from seatrial.core.alerts import QUERY, read_alerts
from seatrial.core.observed import Alert
from seatrial.ports import Key, Series

OURS = {"model_namespace": "ml", "model_name": "risk", "revision": "abc"}
DRIFT = {**OURS, "alertname": "SeatrialDrift", "seatrial_reason": "drift", "feature": "team", "window": "1h"}


def series(**labels: str) -> Series:
    return Series(labels, ((0.0, 1.0),))


def test_only_firing_alerts_that_ask_for_something_are_asked_for() -> None:
    assert QUERY == 'ALERTS{alertstate="firing",seatrial_action!=""}'


def test_an_alert_says_what_was_seen() -> None:
    assert read_alerts([series(**DRIFT)]) == {
        Key("ml", "risk"): (Alert("SeatrialDrift", "drift", "SeatrialDrift of team over 1h", "abc"),)
    }


def test_alerts_come_in_a_fixed_order() -> None:
    accuracy = {**OURS, "alertname": "SeatrialAccuracy", "seatrial_reason": "accuracy"}
    other = {**DRIFT, "feature": "environment"}
    one, two = (read_alerts([series(**labels) for labels in order]) for order in _orders(DRIFT, accuracy, other))
    assert one == two
    assert [alert.detail for alert in one[Key("ml", "risk")]] == [
        "SeatrialAccuracy",
        "SeatrialDrift of environment over 1h",
        "SeatrialDrift of team over 1h",
    ]


def test_alerts_of_others_are_theirs() -> None:
    found = read_alerts([series(**DRIFT), series(**{**DRIFT, "model_name": "fraud"})])
    assert found.keys() == {Key("ml", "risk"), Key("ml", "fraud")}


def test_an_alert_about_nobody_is_nobodys() -> None:
    assert read_alerts([series(alertname="SeatrialDrift", model_name="risk"), series()]) == {}


def test_an_alert_of_somebodys_own_has_their_reason() -> None:
    found = read_alerts([series(**OURS, alertname="FraudSpike")])
    assert found[Key("ml", "risk")] == (Alert("FraudSpike", "alert", "FraudSpike", "abc"),)


def _orders(*labels: dict[str, str]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    return list(labels), list(reversed(labels))
