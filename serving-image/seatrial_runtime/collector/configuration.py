"""What the environment tells a collector."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from seatrial.contract import environment
from seatrial.contract.http import COLLECTOR_PORT
from seatrial.contract.layout import ModelHome

DATA_DIR = "SEATRIAL_DATA_DIR"
PORT = "SEATRIAL_COLLECTOR_PORT"
FLUSH_INTERVAL = "SEATRIAL_COLLECTOR_FLUSH_INTERVAL"  # seconds
FLUSH_ROWS = "SEATRIAL_COLLECTOR_FLUSH_ROWS"
TIME_TO_LIVE = "SEATRIAL_COLLECTOR_TIME_TO_LIVE"  # seconds
MAXIMUM_ROWS = "SEATRIAL_COLLECTOR_MAXIMUM_ROWS"
MAXIMUM_BYTES = "SEATRIAL_COLLECTOR_MAXIMUM_BYTES"


class ConfigurationError(ValueError):
    """The environment does not say what it must; the message names the variable."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much a collector keeps. Seconds and rows."""

    time_to_live: float = 24 * 3600.0  # of a prediction, for its label
    early: float = 60.0  # of a label, for its prediction: predictors post in the background
    maximum_rows: int = 1_000_000  # predictions; the oldest that are in the store are dropped first
    maximum_bytes: int = 3 << 30  # of all rows in the file, below the 4 GiB of its volume
    maximum_early: int = 100_000  # labels


@dataclass(frozen=True, slots=True)
class Configuration:
    """One collector: whose it is, where it stands, and when it writes to the store."""

    namespace: str
    name: str
    home: ModelHome
    folder: Path
    port: int = COLLECTOR_PORT
    flush_interval: float = 10.0  # seconds
    flush_rows: int = 20_000  # of one part (some 50 MB while it is written); as many waiting rows start a flush early
    limits: Limits = Limits()


def read_configuration(variables: Mapping[str, str]) -> Configuration:
    """Read the environment; raises ConfigurationError, InvalidNameError or InvalidLocationError."""
    return Configuration(
        namespace=_required(variables, environment.NAMESPACE),
        name=_required(variables, environment.NAME),
        home=ModelHome.at(_required(variables, environment.STORE), _required(variables, environment.MODEL)),
        folder=Path(variables.get(DATA_DIR) or "/data"),
        port=int(_number(variables, PORT, COLLECTOR_PORT, 1, 65_535)),
        flush_interval=_number(variables, FLUSH_INTERVAL, 10.0, 0.05, 3600),
        flush_rows=int(_number(variables, FLUSH_ROWS, 20_000, 1, 1_000_000)),
        limits=Limits(
            time_to_live=_number(variables, TIME_TO_LIVE, 24 * 3600.0, 60, 90 * 24 * 3600),
            maximum_rows=int(_number(variables, MAXIMUM_ROWS, 1_000_000, 1000, 100_000_000)),
            maximum_bytes=int(_number(variables, MAXIMUM_BYTES, 3 << 30, 16 << 20, 1 << 50)),
        ),
    )


def _required(variables: Mapping[str, str], name: str) -> str:
    value = variables.get(name, "")
    if not value:
        raise ConfigurationError(f"{name} is not set; the operator sets it on a collector's pod")
    return value


def _number(variables: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    text = variables.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise ConfigurationError(f"{name} is {text!r}; expected a number from {least:g} to {most:g}")
    return value
