"""How numbers read."""

from math import inf, log

import pytest

from seatrial.judge.counts import Counts
from seatrial.judge.wording import (
    counted,
    duration,
    evidence,
    odds,
    percent,
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
