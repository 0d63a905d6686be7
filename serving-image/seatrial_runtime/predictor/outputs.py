"""The output tensors of V2: the prediction under the target's name, then what else an answer has."""

from collections.abc import Callable, Mapping
from itertools import chain

from seatrial.contract.schema import Output, Task
from seatrial_runtime.predictor.protocol import Answer, Stamp
from seatrial_runtime.predictor.tensors import Tensor, tensor

CONFIDENCE, PROBABILITIES = "confidence", "probabilities"
RECOMMENDATION, PREDICTION_ID = "recommendation", "prediction_id"

# Makes a tensor of an answer; None where this answer has no such output.
Writer = Callable[[Answer, Stamp], Tensor | None]


def writers(output: Output) -> Mapping[str, Writer]:
    """Return what writes each output tensor, by name, in the order of the answer."""
    name, datatype = output.name, _datatype(output)
    found: dict[str, Writer] = {name: lambda answer, _: tensor(name, datatype, answer.predictions)}
    if output.task is Task.CLASSIFICATION:
        found.setdefault(CONFIDENCE, _confidence)
        found.setdefault(PROBABILITIES, _probabilities(len(output.classes)))
    if output.recommendations:
        found.setdefault(RECOMMENDATION, _recommendation(output.recommendations))
    found.setdefault(PREDICTION_ID, lambda _, stamped: tensor(PREDICTION_ID, "BYTES", stamped.ids))
    return found


def described(output: Output) -> list[Tensor]:
    """Return the outputs' metadata."""
    return [_description(output, name) for name in writers(output)]


def _description(output: Output, name: str) -> Tensor:
    if name == output.name:
        return {"name": name, "datatype": _datatype(output), "shape": [-1]}
    shape = [-1, len(output.classes)] if name == PROBABILITIES else [-1]
    return {"name": name, "datatype": "FP64" if name in (CONFIDENCE, PROBABILITIES) else "BYTES", "shape": shape}


def _datatype(output: Output) -> str:
    return "BYTES" if output.task is Task.CLASSIFICATION else "FP64"


def _confidence(answer: Answer, _: Stamp) -> Tensor | None:
    return None if answer.confidences is None else tensor(CONFIDENCE, "FP64", answer.confidences)


def _probabilities(classes: int) -> Writer:
    def write(answer: Answer, _: Stamp) -> Tensor | None:
        if answer.probabilities is None:
            return None
        return tensor(PROBABILITIES, "FP64", [*chain.from_iterable(answer.probabilities)], classes)

    return write


def _recommendation(recommendations: Mapping[str, str]) -> Writer:
    def write(answer: Answer, _: Stamp) -> Tensor:
        return tensor(RECOMMENDATION, "BYTES", [recommendations.get(str(p), "") for p in answer.predictions])

    return write
