"""The rules of the join: what a label does to the prediction that it is about, and to a pair of answers. Pure.

A prediction takes the first label that can be one; every other is refused with a reason. A label that comes before
its prediction is replayed when the prediction comes, so that the order of arrival changes no count.
"""

from dataclasses import dataclass

from seatrial.contract.feedback import Refusal
from seatrial.contract.metrics import BOTH_RIGHT, BOTH_WRONG, CANDIDATE_RIGHT, STABLE_RIGHT
from seatrial.contract.schema import Output, Task, class_name

Scalar = bool | int | float | str  # what a prediction or a label may be


@dataclass(frozen=True, slots=True)
class Labelled:
    """The label counts; `right` says whether the prediction was it, None where that is no question (a regression)."""

    right: bool | None


def judge_label(prediction: Scalar, label: Scalar, *, labelled: bool, output: Output | None) -> Labelled | Refusal:
    """Decide what a label does; `output` is the model's, None while its manifest could not be read yet.

    Without the manifest a label must at least be of the prediction's kind: a text for a text, a number for a number.
    """
    if not _can_be(prediction, label, output):
        return Refusal.MALFORMED
    if labelled:
        return Refusal.DUPLICATE
    if output is not None and output.task is Task.REGRESSION:
        return Labelled(None)
    return Labelled(class_name(prediction) == class_name(label))


def judge_pair(*, stable_right: bool, candidate: str, label: Scalar) -> str:
    """Return which of two answers to one row the label proves right; `candidate` is a class by its name."""
    match stable_right, candidate == class_name(label):
        case True, True:
            return BOTH_RIGHT
        case True, False:
            return STABLE_RIGHT
        case False, True:
            return CANDIDATE_RIGHT
        case _:
            return BOTH_WRONG


def _can_be(prediction: Scalar, label: Scalar, output: Output | None) -> bool:
    match output:
        case None:
            return isinstance(label, str) == isinstance(prediction, str)
        case Output(task=Task.REGRESSION):
            return not isinstance(label, str | bool)
        case Output(classes=classes):
            return class_name(label) in classes
