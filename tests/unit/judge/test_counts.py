"""Counts refuse what cannot have been counted."""

from dataclasses import replace

import pytest

from seatrial.judge.counts import ClassInterval, Counts, Interval, LatencyInterval, Pairs, pool


@pytest.mark.parametrize(("total", "bad"), [(1, 2), (5, -1), (-1, 0)])
def test_more_bad_than_there_were_is_refused(total: int, bad: int) -> None:
    with pytest.raises(ValueError, match=f"bad is {bad} of total {total}"):
        Counts(total, bad)


def test_shares_and_sums() -> None:
    assert Counts(0, 0).share == 0
    assert Counts(8, 2).share == 0.25
    assert pool([Counts(8, 2), Counts(0, 0), Counts(2, 1)]) == Counts(10, 3)


def test_slower_than_an_edge_is_all_above_it() -> None:
    minute = LatencyInterval(candidate=(5, 3, 2), stable=(10, 0, 1))
    assert minute.slower_than(0) == Interval(Counts(10, 5), Counts(11, 1))
    assert minute.slower_than(1) == Interval(Counts(10, 2), Counts(11, 1))


def test_buckets_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="2 and 3 buckets"):
        LatencyInterval((1, 2), (1, 2, 3))
    with pytest.raises(ValueError, match="none below 0"):
        LatencyInterval((1, -2), (1, 2))


def test_pairs_are_counts_of_either_side() -> None:
    pairs = Pairs(both_right=7, candidate_right=1, stable_right=2, both_wrong=4)
    assert pairs.total == 14
    assert pairs.candidate == Counts(14, 6)
    assert pairs.stable == Counts(14, 5)


@pytest.mark.parametrize("field", ["both_right", "candidate_right", "stable_right", "both_wrong"])
def test_fewer_pairs_than_none_are_refused_by_name(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} is -1"):
        replace(Pairs(1, 1, 1, 1), **{field: -1})


def test_predictions_of_some_classes_are_counted_of_all() -> None:
    minute = ClassInterval(candidate=(5, 3, 2), stable=(10, 0, 1))
    assert minute.predicting([0]) == Interval(Counts(10, 5), Counts(11, 10))
    assert minute.predicting([1, 2]) == Interval(Counts(10, 5), Counts(11, 1))


def test_classes_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="2 and 3 classes: they share their classes"):
        ClassInterval((1, 2), (1, 2, 3))
    with pytest.raises(ValueError, match="classes hold counts, none below 0"):
        ClassInterval((1, -2), (1, 2))
