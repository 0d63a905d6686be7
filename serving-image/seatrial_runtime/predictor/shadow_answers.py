"""What the collector is told of a shadow's answers: the candidate's half of the pairs that labels will make.

One row of a request is told, the one that was compared: the judge's test takes pairs for independent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from seatrial.contract.feedback import MAXIMUM_SHADOW_ANSWERS
from seatrial.contract.http import SHADOW_ANSWERS_PATH
from seatrial_runtime.predictor.collect import Item

_MAXIMUM_TEXT = 1024  # characters of a class's name that the collector takes


@dataclass(frozen=True, slots=True)
class ShadowAnswer:
    """The class that this model predicts, at a time (RFC 3339, UTC), of the row that `control` answered under `id`."""

    id: str
    at: str
    control: str  # a revision
    prediction: str

    @property
    def count(self) -> int:
        """It is one row."""
        return 1

    @property
    def size(self) -> int:
        """Its bytes, as far as they can be many."""
        return len(self.prediction)


class ShadowAnswerWriter:
    """Writes what a shadow would have answered; `who` is its revision and version."""

    path, name, most = SHADOW_ANSWERS_PATH, "answers", MAXIMUM_SHADOW_ANSWERS

    def __init__(self, who: Mapping[str, str]) -> None:
        self._who = who

    def fits(self, told: ShadowAnswer) -> bool:
        """Say whether the collector would take the class's name."""
        return len(told.prediction) <= _MAXIMUM_TEXT

    def items(self, told: ShadowAnswer) -> Iterator[Item]:
        """Yield the one item."""
        head = {"id": told.id, "at": told.at, **self._who}
        yield {**head, "control": told.control, "prediction": told.prediction}
