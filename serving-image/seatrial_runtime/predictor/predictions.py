"""What the collector is told of live answers: the log, the next training's rows, and labels' other half."""

from collections.abc import Iterator, Mapping
from typing import Any

from seatrial.contract.feedback import MAXIMUM_PREDICTIONS
from seatrial.contract.http import PREDICTIONS_PATH
from seatrial.contract.schema import Feature, Kind
from seatrial_runtime.predictor.chance import Draw, draw
from seatrial_runtime.predictor.collect import Item
from seatrial_runtime.predictor.protocol import Answered

_MAXIMUM_VALUES = 100_000  # of one post: keeps its body below the collector's bound for all but the longest texts
_MAXIMUM_TEXT = 4096  # characters of a value that the collector takes


class PredictionWriter:
    """Writes answered rows; `who` is the revision and version that answer."""

    path, name = PREDICTIONS_PATH, "predictions"

    def __init__(self, features: tuple[Feature, ...], who: Mapping[str, str], draw: Draw = draw) -> None:
        self._features, self._who, self._draw = features, who, draw
        self._texts = [j for j, feature in enumerate(features) if feature.kind is Kind.STRING]
        self.most = max(1, min(MAXIMUM_PREDICTIONS, _MAXIMUM_VALUES // len(features)))

    def fits(self, told: Answered) -> bool:
        """Say whether the collector would take all texts of these rows."""
        columns = (told.rows.columns[j] for j in self._texts)
        return all(len(value or "") <= _MAXIMUM_TEXT for column in columns for value in column)

    def items(self, told: Answered) -> Iterator[Item]:
        """Yield one item a row. Rows of one request are not independent, so one is drawn by which it is judged."""
        names, drawn = [feature.name for feature in self._features], self._draw(told.count)
        columns = map(_column, self._features, told.rows.columns)
        stamped = told.stamp
        said = zip(stamped.ids, told.answer.predictions, zip(*columns, strict=True), strict=True)
        for i, (name, prediction, values) in enumerate(said):
            features = dict(zip(names, values, strict=True))
            row = {"id": name, "at": stamped.time, **self._who, "features": features, "prediction": prediction}
            yield row if i == drawn else {**row, "drawn": False}


def _column(feature: Feature, column: list[Any]) -> list[Any]:
    """Numbers become doubles: an integer may be longer than any reader of the log takes."""
    if feature.kind is not Kind.NUMBER:
        return column
    return [None if value is None else float(value) for value in column]
