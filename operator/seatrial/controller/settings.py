"""What the operator was installed with, from environment variables."""

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from seatrial.contract.metrics import OWN_LABELS
from seatrial.contract.names import SEGMENT_RULE, is_segment
from seatrial.core.observed import Defaults

IMAGE, PROMETHEUS, CLUSTER = "SEATRIAL_RUNTIME_IMAGE", "SEATRIAL_PROMETHEUS_URL", "SEATRIAL_CLUSTER"
WINDOWS, NAMESPACE, POD, LOG_LEVEL = "SEATRIAL_WINDOWS", "SEATRIAL_NAMESPACE", "POD_NAME", "SEATRIAL_LOG_LEVEL"
PORT, OWN_IDENTITY = "SEATRIAL_PORT", "SEATRIAL_OWN_IDENTITY"
NAMESPACE_LABEL, USER_QUERIES = "SEATRIAL_NAMESPACE_LABEL", "SEATRIAL_USER_QUERIES"
# Labels with these beginnings are Prometheus's: what it drops, and what pods said of their own where a target label is.
_TARGET_LABEL = re.compile(r"(?!__|exported_)[a-zA-Z_][a-zA-Z0-9_]*")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingError(ValueError):
    """A variable is missing or wrong; the message names it, its value and what would be right."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`namespace` is the operator's own, where its Lease is; `identity` tells it from other operators."""

    defaults: Defaults
    prometheus: str
    namespace: str
    identity: str
    log_level: str
    port: int


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; raises SettingError."""
    return Settings(
        defaults=Defaults(
            runtime_image=_required(environment, IMAGE, "the image of predictors, collectors and trainers"),
            cluster=_cluster(environment),
            windows=_windows(environment),
            namespace_label=_namespace_label(environment),
            own_identity=_flag(environment, OWN_IDENTITY, default="false"),
            user_queries=_flag(environment, USER_QUERIES, default="true"),
        ),
        prometheus=_url(environment, PROMETHEUS),
        namespace=environment.get(NAMESPACE) or "seatrial-system",
        identity=environment.get(POD) or socket.gethostname(),
        log_level=_level(environment),
        port=_port(environment),
    )


def _required(environment: Mapping[str, str], name: str, what: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise SettingError(f"{name} is not set; expected {what}")
    return value


def _cluster(environment: Mapping[str, str]) -> str:
    value = environment.get(CLUSTER) or "default"
    if not is_segment(value):
        raise SettingError(f"{CLUSTER} is {value!r}; expected this cluster's name in the store: {SEGMENT_RULE}")
    return value


def _windows(environment: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(filter(None, (window.strip() for window in environment.get(WINDOWS, "1h,24h").split(","))))


def _namespace_label(environment: Mapping[str, str]) -> str:
    value = environment.get(NAMESPACE_LABEL) or "namespace"
    if _TARGET_LABEL.fullmatch(value) is None or value in OWN_LABELS:
        what = "the label that scrape configurations set to a pod's namespace, such as kubernetes_namespace"
        raise SettingError(f"{NAMESPACE_LABEL} is {value!r}; expected {what}")
    return value


def _flag(environment: Mapping[str, str], name: str, *, default: str) -> bool:
    value = environment.get(name) or default
    if value not in ("true", "false"):
        raise SettingError(f"{name} is {value!r}; expected true or false")
    return value == "true"


def _url(environment: Mapping[str, str], name: str) -> str:
    value = _required(environment, name, "Prometheus's address, such as http://prometheus.monitoring:9090")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise SettingError(f"{name} is {value!r}; expected an address such as http://prometheus.monitoring:9090")
    return value


def _level(environment: Mapping[str, str]) -> str:
    value = environment.get(LOG_LEVEL) or "INFO"
    if value not in _LEVELS:
        raise SettingError(f"{LOG_LEVEL} is {value!r}; expected one of {', '.join(_LEVELS)}")
    return value


def _port(environment: Mapping[str, str]) -> int:
    value = environment.get(PORT) or "8080"
    if not value.isdecimal() or not 0 <= int(value) < 65536:
        raise SettingError(f"{PORT} is {value!r}; expected a port, or 0 for a free one")
    return int(value)
