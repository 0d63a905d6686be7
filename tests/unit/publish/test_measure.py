"""How right answers are, on rows whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from seatrial.contract.schema import Output, Task
from seatrial_runtime.publish.describe import DescriptionError
from seatrial_runtime.publish.measure import check_truth, measure, most_frequent


def test_accuracy_counts_rows_whose_truth_is_known() -> None:
    truth = pd.Series(["High", "Low", None, "High"])
    assert measure(Task.CLASSIFICATION, truth, np.array(["High", "High", "Low", "High"])) == {"accuracy": 2 / 3}


def test_classes_are_compared_by_name() -> None:
    """A column of integers with one missing is a column of floats."""
    assert measure(Task.CLASSIFICATION, pd.Series([1, 0, None]), np.array([1, 1, 1])) == {"accuracy": 0.5}


def test_a_regression_has_r2_and_mean_absolute_error() -> None:
    measured = measure(Task.REGRESSION, pd.Series([1.0, 2.0, 3.0, None]), np.array([1, 2, 5, 9]))
    assert measured == {"mae": pytest.approx(2 / 3), "r2": pytest.approx(1 - 4 / 2)}


def test_a_constant_truth_has_no_r2() -> None:
    assert measure(Task.REGRESSION, pd.Series([1.0, 1.0]), np.array([1, 2])) == {"mae": 0.5}


def test_without_truth_there_is_nothing_to_say() -> None:
    assert measure(Task.REGRESSION, pd.Series([None, None]), np.array([1, 2])) == {}


FLAGS = Output("late", Task.CLASSIFICATION, ("False", "True"))


@pytest.mark.parametrize("values", [[True, False], ["True", None], ["maybe", "False"], [None], [np.bool_(True)]])
def test_a_truth_that_shares_a_class_with_the_model_or_has_none_is_taken(values: list[object]) -> None:
    check_truth(FLAGS, pd.Series(values))


def test_a_truth_that_shares_no_class_with_the_model_is_refused_by_a_few_of_both() -> None:
    with pytest.raises(DescriptionError, match=r"column late holds '1', '0', none .*; expected 'False', 'True'$"):
        check_truth(FLAGS, pd.Series([1, 0, 1, None]))
    with pytest.raises(DescriptionError, match=r"holds 'a', 'b', 'c', 'd', 'e' and 21 more, none"):
        check_truth(FLAGS, pd.Series(list("abcdefghijklmnopqrstuvwxyz")))


def test_a_number_is_no_class() -> None:
    check_truth(Output("price", Task.REGRESSION), pd.Series([1.5, 2]))


def test_the_most_frequent_class_is_counted_by_name_among_the_rows_with_a_truth() -> None:
    assert most_frequent(pd.Series([1, 0, 1.0, None])) == ("1", 2 / 3)
