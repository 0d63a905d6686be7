"""What the environment may say."""

from pathlib import Path

import pytest

from seatrial_runtime.collector.configuration import ConfigurationError, read_configuration

LEAST = {
    "SEATRIAL_NAMESPACE": "ml",
    "SEATRIAL_NAME": "deploy-risk",
    "SEATRIAL_STORE": "s3://models/risk",
    "SEATRIAL_MODEL": "deploy-risk",
}


def test_the_least_environment_is_enough() -> None:
    read = read_configuration(LEAST)
    assert (read.namespace, read.name, read.folder, read.port) == ("ml", "deploy-risk", Path("/data"), 8080)
    assert read.home.root == "risk/deploy-risk/"
    assert (read.flush_interval, read.limits.time_to_live, read.limits.maximum_rows) == (10, 86_400, 1_000_000)


@pytest.mark.parametrize("name", LEAST)
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        read_configuration({k: v for k, v in LEAST.items() if k != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEATRIAL_COLLECTOR_FLUSH_INTERVAL", "soon"),
        ("SEATRIAL_COLLECTOR_FLUSH_INTERVAL", "nan"),
        ("SEATRIAL_COLLECTOR_FLUSH_ROWS", "0"),
        ("SEATRIAL_COLLECTOR_TIME_TO_LIVE", "-1"),
        ("SEATRIAL_COLLECTOR_MAXIMUM_ROWS", "1e12"),
        ("SEATRIAL_COLLECTOR_PORT", "70000"),
    ],
)
def test_a_number_out_of_its_range_is_named_with_the_range(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is '{value}'; expected a number from"):
        read_configuration({**LEAST, name: value})
