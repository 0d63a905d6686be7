"""What the environment tells a predictor."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from seatrial.contract import environment
from seatrial.contract.http import WHOLE_SAMPLE
from seatrial.contract.layout import InvalidLocationError, ModelHome
from seatrial.contract.names import DIGEST_RULE, InvalidNameError, check_segment, is_digest

MAXIMUM_BATCH_ROWS = 10_000


class SettingsError(ValueError):
    """The environment does not say what it must; the message names the variable, its value and what is expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One predictor: whose it is, which version it serves, and how. Durations are in seconds."""

    namespace: str
    name: str
    revision: str
    home: ModelHome
    version: str
    digest: str | None  # of the manifest; None: whatever the store has
    endpoint: str | None = None  # None: AWS
    region: str | None = None
    maximum_batch: int = 64  # rows
    maximum_delay: float = 0.0  # that a batch may wait for more rows while the model is idle
    timeout: float = 1.0  # of one request, from its last byte to its answer
    pod_ip: str | None = None
    shadow_host: str | None = None
    shadow_sample: int = WHOLE_SAMPLE  # percent of the requests that are copied to this pod while it is the shadow
    collector_url: str | None = None


def read_settings(variables: Mapping[str, str]) -> Settings:
    """Read the environment; raises SettingsError."""
    settings = Settings(
        namespace=_required(variables, environment.NAMESPACE),
        name=_required(variables, environment.NAME),
        revision=_required(variables, environment.REVISION),
        home=_home(variables),
        version=_segment(variables, environment.VERSION),
        digest=_digest(variables),
        endpoint=variables.get(environment.ENDPOINT) or None,
        region=variables.get(environment.REGION) or None,
        maximum_batch=_whole(variables, environment.MAXIMUM_BATCH, 64, MAXIMUM_BATCH_ROWS),
        maximum_delay=_number(variables, environment.MAXIMUM_DELAY, 0.0, 0.0, environment.LONGEST_DELAY),
        timeout=_number(variables, environment.TIMEOUT, 1.0, 0.001, environment.LONGEST_TIMEOUT),
        pod_ip=variables.get(environment.POD_IP) or None,
        shadow_host=variables.get(environment.SHADOW_HOST) or None,
        shadow_sample=_whole(variables, environment.SHADOW_SAMPLE, WHOLE_SAMPLE, WHOLE_SAMPLE),
        collector_url=_url(variables),
    )
    if settings.shadow_host and not settings.pod_ip:
        raise SettingsError(f"{environment.POD_IP} is not set; with {environment.SHADOW_HOST} it must be the pod's IP")
    return settings


def _required(variables: Mapping[str, str], name: str) -> str:
    value = variables.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set; the operator sets it on a predictor's pod")
    return value


def _segment(variables: Mapping[str, str], name: str) -> str:
    try:
        return check_segment(name, _required(variables, name))
    except InvalidNameError as error:
        raise SettingsError(str(error)) from None


def _home(variables: Mapping[str, str]) -> ModelHome:
    model = _segment(variables, environment.MODEL)
    try:
        return ModelHome.at(_required(variables, environment.STORE), model)
    except InvalidLocationError as error:
        raise SettingsError(f"{environment.STORE}: {error}") from None


def _digest(variables: Mapping[str, str]) -> str | None:
    value = variables.get(environment.DIGEST) or None
    if value is not None and not is_digest(value):
        raise SettingsError(f"{environment.DIGEST} is {value!r}; expected {DIGEST_RULE}")
    return value


def _url(variables: Mapping[str, str]) -> str | None:
    value = variables.get(environment.COLLECTOR_URL) or None
    if value is not None and not value.startswith(("http://", "https://")):
        raise SettingsError(f"{environment.COLLECTOR_URL} is {value!r}; expected http://<host>[:port]")
    return None if value is None else value.rstrip("/")


def _number(variables: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    text = variables.get(name) or repr(default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise SettingsError(f"{name} is {text!r}; expected a number from {least:g} to {most:g}")
    return value


def _whole(variables: Mapping[str, str], name: str, default: int, most: int) -> int:
    value = _number(variables, name, default, 1, most)
    if not value.is_integer():
        raise SettingsError(f"{name} is {variables[name]!r}; expected a whole number from 1 to {most}")
    return int(value)
