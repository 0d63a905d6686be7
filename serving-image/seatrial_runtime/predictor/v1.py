"""The V1 protocol: `{"instances": [row, …]}` → `{"predictions": [answer, …]}`, one object a row."""

from collections.abc import Iterator
from typing import Any

from seatrial.contract.schema import Output
from seatrial_runtime.predictor.invalid import InvalidInputError
from seatrial_runtime.predictor.protocol import Answer, Query, Stamp, encode, read_object
from seatrial_runtime.predictor.rows import Schema


class V1:
    """Reads and writes V1 for one version of a model."""

    def __init__(self, schema: Schema, output: Output, version: str) -> None:
        self._schema, self._output, self._version = schema, output, version

    def read(self, body: bytes, model: str) -> Query:
        """Understand a request's body; raises InvalidInputError."""
        document = read_object(body, self._schema.most_values)
        if "instances" not in document:
            raise InvalidInputError('instances is absent; expected {"instances": [row, …]}', "instances")
        return Query(self._schema.from_records(document["instances"]), model)

    def write(self, query: Query, answer: Answer, stamped: Stamp) -> bytes:
        """Return the body of the answer."""
        return encode({"predictions": list(self._rows(answer, stamped))})

    def _rows(self, answer: Answer, stamped: Stamp) -> Iterator[dict[str, Any]]:
        classes, recommendations = self._output.classes, self._output.recommendations
        for i, prediction in enumerate(answer.predictions):
            row: dict[str, Any] = {"prediction": prediction}
            row["confidence"] = None if answer.confidences is None else answer.confidences[i]
            if answer.probabilities is not None:
                row["probabilities"] = dict(zip(classes, answer.probabilities[i], strict=True))
            if recommendations:
                row["recommendation"] = recommendations.get(str(prediction))
            row["model_version"] = self._version
            row["prediction_id"] = stamped.ids[i]
            row["time"] = stamped.time
            yield row
