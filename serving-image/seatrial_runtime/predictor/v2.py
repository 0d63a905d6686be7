"""The V2 protocol (Open Inference Protocol, REST): named tensors in, named tensors out.

In: one tensor a feature, shape [n] or [n, 1]; or, where all features are numbers, one tensor [n, features] of any
other name. Data are flat or nested, row by row; null is a missing value.
"""

from typing import Any

from seatrial.contract.schema import Kind, Output
from seatrial_runtime.predictor.invalid import InvalidInputError, listed, shown, shown_at
from seatrial_runtime.predictor.outputs import described, writers
from seatrial_runtime.predictor.protocol import Answer, Query, Stamp, encode, read_object
from seatrial_runtime.predictor.rows import Rows, Schema
from seatrial_runtime.predictor.tensors import Tensor, datatype_of, read_data, read_tensors

_NUMERIC = frozenset((Kind.NUMBER, Kind.INTEGER))


class V2:
    """Reads and writes V2 for one version of a model."""

    def __init__(self, schema: Schema, output: Output, version: str) -> None:
        self._schema, self._output, self._version = schema, output, version
        self._kinds = {feature.name: feature.kind for feature in schema.features}
        self._writers = writers(output)

    def read(self, body: bytes, model: str) -> Query:
        """Understand a request's body; raises InvalidInputError."""
        document = read_object(body, self._schema.most_values)
        tensors = read_tensors(document, "inputs")
        rows = self._matrix(tensors[0]) if self._is_matrix(tensors) else self._columns(tensors)
        return Query(rows, model, _id(document), self._outputs(document))

    def write(self, query: Query, answer: Answer, stamped: Stamp) -> bytes:
        """Return the body of the answer."""
        wanted = self._writers if query.outputs is None else query.outputs
        tensors = (self._writers[name](answer, stamped) for name in wanted)
        body: dict[str, Any] = {
            "model_name": query.model,
            "model_version": self._version,
            "parameters": {"prediction_id": stamped.ids[0], "time": stamped.time},
            "outputs": [made for made in tensors if made is not None],
        }
        if query.id is not None:
            body["id"] = query.id
        return encode(body)

    def metadata(self, model: str) -> dict[str, Any]:
        """Return the model's metadata."""
        inputs = [{"name": name, "datatype": datatype_of(kind), "shape": [-1]} for name, kind in self._kinds.items()]
        return {
            "name": model,
            "versions": [self._version],
            "platform": "seatrial",
            "inputs": inputs,
            "outputs": described(self._output),
        }

    def _is_matrix(self, tensors: list[Tensor]) -> bool:
        shape, name = tensors[0].get("shape"), tensors[0].get("name")
        known = isinstance(name, str) and name in self._kinds
        return len(tensors) == 1 and isinstance(shape, list) and len(shape) == 2 and not known

    def _matrix(self, given: Tensor) -> Rows:
        names = self._schema.names
        if not _NUMERIC.issuperset(self._kinds.values()):
            name = shown_at(given, "name")
            raise InvalidInputError(f"inputs has only {name}; expected a tensor for each of {listed(names)}", "inputs")
        count, data = read_data(given, "inputs[0]", Kind.NUMBER, len(names))
        return self._schema.from_columns({name: data[j :: len(names)] for j, name in enumerate(names)}, count)

    def _columns(self, tensors: list[Tensor]) -> Rows:
        columns: dict[str, list[Any]] = {}
        count = 0
        for i, given in enumerate(tensors):
            name, field = given.get("name"), f"inputs[{i}].name"
            if not isinstance(name, str) or name not in self._kinds or name in columns:
                expected = f"each of {listed(self._schema.names)} once"
                raise InvalidInputError(f"{field} is {shown_at(given, 'name')}; expected {expected}", field)
            rows, columns[name] = read_data(given, name, self._kinds[name])
            if i and rows != count:
                raise InvalidInputError(f"{name} has {rows} rows; expected {count}, as the first tensor has", name)
            count = rows
        return self._schema.from_columns(columns, count)

    def _outputs(self, document: dict[str, Any]) -> tuple[str, ...] | None:
        if not document.get("outputs"):
            return None
        names: list[str] = []
        for i, item in enumerate(read_tensors(document, "outputs")):
            name, field = item.get("name"), f"outputs[{i}].name"
            if not isinstance(name, str) or name not in self._writers or name in names:
                expected = f"one of {listed([*self._writers])}, each once"
                raise InvalidInputError(f"{field} is {shown_at(item, 'name')}; expected {expected}", field)
            names.append(name)
        return tuple(names)


def _id(document: dict[str, Any]) -> str | None:
    value = document.get("id")
    if value is not None and not isinstance(value, str):
        raise InvalidInputError(f"id is {shown(value)}; expected a string", "id")
    return value
