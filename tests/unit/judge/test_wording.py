"""How numbers read."""

from math import inf, log

import pytest

from seatrial.judge.counts import Counts
from seatrial.judge.wording import (
    counted,
    decimal,
    duration,
    e_value,
    evidence,
    number,
    odds,
    percent,
    points,
    points_as_set,
    ratio_as_set,
    share_as_set,
    times,
)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0.0 %"), (1, "100.0 %"), (0.0297, "3.0 %"), (0.001, "0.1 %"), (0.00033, "0.033 %"), (1e-6, "<0.001 %")],
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("log_e", "text"),
    [
        (0.0, "1:1"),
        (log(214.9), "214:1"),
        (log(199.99), "199:1"),  # never rounded up to what is needed
        (log(12_345), "12,345:1"),
        (log(1 / 55), "1:55"),
        (20.0, "over 1,000,000:1"),
        (-20.0, "under 1:1,000,000"),
        (1e300, "over 1,000,000:1"),
        (-inf, "under 1:1,000,000"),
    ],
)
def test_odds(log_e: float, text: str) -> None:
    assert odds(log_e) == text


def test_evidence_names_what_it_needs() -> None:
    assert evidence(log(214.5), log(200)) == "evidence 214:1, needs 200:1"


@pytest.mark.parametrize(("ratio", "text"), [(2.98, " · 3.0×"), (inf, " · none at stable"), (None, "")])
def test_times(ratio: float | None, text: str) -> None:
    assert times(ratio) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0005, "0.5 ms"), (0.064, "64 ms"), (0.0905097, "90.5 ms"), (1.44815, "1.45 s")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_counts_and_limits() -> None:
    assert counted(Counts(1380, 41)) == "41/1,380 (3.0 %)"
    assert [ratio_as_set(ratio) for ratio in (2.0, 1 + 1 / 0.07, 101.0)] == ["2×", "15.29×", "101×"]
    assert [share_as_set(share) for share in (0.01, 0.025, 0.1)] == ["1 %", "2.5 %", "10 %"]


def test_points() -> None:
    assert [points(share) for share in (0.0, 0.0313, 0.25)] == ["0.0 points", "3.1 points", "25.0 points"]
    assert [points_as_set(share) for share in (0.0, 0.01, 0.02, 0.005)] == [
        "0 points",
        "1 point",
        "2 points",
        "0.5 points",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.04166, "0.04166"), (1.2, "1.2"), (-3.14159, "-3.142"), (12_345.6, "12,346"), (2.5e15, "2.5e+15")],
)
def test_numbers_of_any_size(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1e-7, "0"),
        (0.000001, "0.000001"),
        (0.0031249, "0.00312"),
        (0.01, "0.01"),
        (0.9999, "0.999"),
        (1.0, "1"),
        (12.49, "12.4"),
        (299.99, "299.9"),  # never rounded up to what is needed
        (300.0, "300"),
        (2e6, "1000000"),
        (inf, "1000000"),
    ],
)
def test_decimals_have_no_exponent_and_an_end(value: float, text: str) -> None:
    assert decimal(value) == text


@pytest.mark.parametrize(
    ("log_e", "text"),
    [(-inf, "0"), (0.0, "1"), (log(12.45), "12.4"), (-log(0.01 / 3), "300"), (1e300, "1000000"), (inf, "1000000")],
)
def test_e_values(log_e: float, text: str) -> None:
    assert e_value(log_e) == text
