"""What a label does to its prediction: the table of the rule."""

import pytest

from seatrial.contract.feedback import Refusal
from seatrial.contract.metrics import BOTH_RIGHT, BOTH_WRONG, CANDIDATE_RIGHT, STABLE_RIGHT
from seatrial.contract.schema import Output, Task
from seatrial_runtime.collector.joining import Labelled, Scalar, judge_label, judge_pair

RISK = Output("risk_level", Task.CLASSIFICATION, ("Low", "High"))
COUNT = Output("grade", Task.CLASSIFICATION, ("1", "2"))
PRICE = Output("price", Task.REGRESSION)


@pytest.mark.parametrize(
    ("output", "prediction", "label", "expected"),
    [
        (RISK, "High", "High", Labelled(True)),
        (RISK, "High", "Low", Labelled(False)),
        (RISK, "High", "high", Refusal.MALFORMED),
        (RISK, "High", 1, Refusal.MALFORMED),
        (COUNT, 1, 1.0, Labelled(True)),
        (COUNT, "1", 1, Labelled(True)),
        (COUNT, 1, 3, Refusal.MALFORMED),
        (PRICE, 3.5, 4, Labelled(None)),
        (PRICE, 3.5, "4", Refusal.MALFORMED),
        (PRICE, 3.5, True, Refusal.MALFORMED),
        (None, "High", "Unheard of", Labelled(False)),
        (None, "High", 1, Refusal.MALFORMED),
        (None, 1, "High", Refusal.MALFORMED),
        (None, 1, 1.0, Labelled(True)),
    ],
)
def test_a_label_counts_where_it_can_be_one(
    output: Output | None, prediction: Scalar, label: Scalar, expected: Labelled | Refusal
) -> None:
    assert judge_label(prediction, label, labelled=False, output=output) == expected


def test_a_second_label_is_refused_and_a_malformed_one_is_malformed_first() -> None:
    assert judge_label("High", "Low", labelled=True, output=RISK) is Refusal.DUPLICATE
    assert judge_label("High", "high", labelled=True, output=RISK) is Refusal.MALFORMED


@pytest.mark.parametrize(
    ("stable_right", "candidate", "label", "result"),
    [
        (True, "High", "High", BOTH_RIGHT),
        (True, "Low", "High", STABLE_RIGHT),
        (False, "High", "High", CANDIDATE_RIGHT),
        (False, "Low", "High", BOTH_WRONG),
        (True, "1", 1.0, BOTH_RIGHT),
        (False, "True", True, CANDIDATE_RIGHT),
    ],
)
def test_a_pair_says_who_was_right(stable_right: bool, candidate: str, label: Scalar, result: str) -> None:
    assert judge_pair(stable_right=stable_right, candidate=candidate, label=label) == result
