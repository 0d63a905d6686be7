"""The operator's settings: defaults, and errors that name the variable."""

import re

import pytest

from seatrial.contract.metrics import OWN_LABELS
from seatrial.controller.settings import SettingError, read_settings

NEEDED = {"SEATRIAL_RUNTIME_IMAGE": "runtime:1", "SEATRIAL_PROMETHEUS_URL": "http://prometheus:9090"}


def test_defaults() -> None:
    settings = read_settings({**NEEDED, "POD_NAME": "seatrial-0"})
    assert (settings.defaults.runtime_image, settings.prometheus) == ("runtime:1", "http://prometheus:9090")
    assert (settings.defaults.cluster, settings.namespace, settings.identity) == (
        "default",
        "seatrial-system",
        "seatrial-0",
    )
    assert (settings.log_level, settings.port, settings.defaults.own_identity) == ("INFO", 8080, False)
    assert (settings.defaults.namespace_label, settings.defaults.user_queries) == ("namespace", True)


def test_what_is_set_counts() -> None:
    chosen = {"SEATRIAL_CLUSTER": "eu-1", "SEATRIAL_WINDOWS": "1m, 1h", "SEATRIAL_NAMESPACE": "ops"}
    chosen |= {"SEATRIAL_LOG_LEVEL": "DEBUG", "SEATRIAL_PORT": "0", "SEATRIAL_OWN_IDENTITY": "true"}
    chosen |= {"SEATRIAL_NAMESPACE_LABEL": "kubernetes_namespace", "SEATRIAL_USER_QUERIES": "false"}
    settings = read_settings({**NEEDED, **chosen})
    assert (settings.defaults.cluster, settings.defaults.windows, settings.namespace) == ("eu-1", ("1m", "1h"), "ops")
    assert (settings.log_level, settings.port, settings.defaults.own_identity) == ("DEBUG", 0, True)
    assert (settings.defaults.namespace_label, settings.defaults.user_queries) == ("kubernetes_namespace", False)
    assert settings.identity, "the host's name where the pod's is not told"


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(SettingError, match=f"{name} is not set; expected "):
        read_settings({**NEEDED, name: " "})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEATRIAL_PROMETHEUS_URL", "prometheus:9090"),
        ("SEATRIAL_CLUSTER", "eu/1"),
        ("SEATRIAL_LOG_LEVEL", "loud"),
        ("SEATRIAL_PORT", "http"),
        ("SEATRIAL_PORT", "70000"),
        ("SEATRIAL_OWN_IDENTITY", "yes"),
        ("SEATRIAL_NAMESPACE_LABEL", "kubernetes namespace"),
        ("SEATRIAL_NAMESPACE_LABEL", '="x"} or up{a'),
        ("SEATRIAL_NAMESPACE_LABEL", "1namespace"),
        ("SEATRIAL_NAMESPACE_LABEL", "namespace\n"),
        ("SEATRIAL_NAMESPACE_LABEL", "__meta_kubernetes_namespace"),
        ("SEATRIAL_NAMESPACE_LABEL", "exported_namespace"),
        *(("SEATRIAL_NAMESPACE_LABEL", label) for label in sorted(OWN_LABELS)),
    ],
)
def test_what_is_wrong_is_named_with_its_value(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=re.escape(f"{name} is {value!r}; expected ")):
        read_settings({**NEEDED, name: value})
