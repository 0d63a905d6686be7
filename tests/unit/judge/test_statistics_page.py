"""docs/statistics.md shows what the judge really says."""

import re
from math import nan
from pathlib import Path

import pytest

from seatrial.judge.accuracy import judge_paired_accuracy
from seatrial.judge.counts import ClassInterval, Counts, Interval, Pairs
from seatrial.judge.errors import judge_errors
from seatrial.judge.limits import RatioLimits
from seatrial.judge.predictions import judge_predictions
from seatrial.judge.query import Bound, QueryLimit, Reading, judge_query

PAGE = (Path(__file__).parents[3] / "docs" / "statistics.md").read_text(encoding="utf-8")
# The page's defaults: 1 % over two checks.
LIMITS = RatioLimits(maximum_ratio=1.2, pass_ratio=2.0, minimum_samples=500, alpha=0.01 / 2)


def minutes() -> list[Interval]:
    """The intervals of the page's example table."""
    rows = re.findall(r"^\| \d+ \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    return [Interval(Counts(int(n1), int(e1)), Counts(int(n0), int(e0))) for n1, e1, n0, e0 in rows]


@pytest.mark.parametrize(("line", "after"), [(0, 1), (1, 4)])
def test_the_worked_example_reads_as_the_page_says(line: int, after: int) -> None:
    lines = re.findall(r"^errors: .*$", PAGE, re.MULTILINE)
    assert len(lines) == 2
    assert len(minutes()) == 4
    assert judge_errors("errors", minutes()[:after], LIMITS).line() == lines[line]


def test_the_other_examples_read_as_the_page_says() -> None:
    broken, usual = Reading(0.042, 0.031), (120, 600, 480)
    readings = [*[broken] * 12, Reading(nan, 0.031), Reading(0.042, None)]
    classes, moved = ("high", "low", "medium"), [ClassInterval((180, 180, 240), usual)] * 5
    limits = RatioLimits(maximum_ratio=1.5, pass_ratio=2.0, minimum_samples=500, alpha=0.01 / 3)
    for found in (
        judge_paired_accuracy("accuracy", [Pairs(800, 10, 68, 22)], 0.02, 200, 0.01 / 3),
        judge_query("refunds", readings, QueryLimit(Bound.MAXIMUM_RATIO, 1.2), 5, 0.01 / 3),
        judge_predictions("predictions", classes, moved, limits),
    ):
        assert f"\n{found.line()}\n" in PAGE


def test_what_each_step_must_exclude_is_what_the_page_says() -> None:
    said = re.search(r"(\d+) times before 5 %, (\d+) times before 50 %, (\d+) times before\s+promotion", PAGE)
    assert said
    ratios = [RatioLimits(1.2, 2.0, 500, 0.005, exposure=share).ratio_to_exclude for share in (0.05, 0.5, 1.0)]
    assert [float(number) for number in said.groups()] == pytest.approx(ratios)
