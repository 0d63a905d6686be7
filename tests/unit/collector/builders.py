"""Predictions, labels and ledgers for the tests of the collector."""

from seatrial.contract.layout import ModelHome
from seatrial.contract.schema import Output, Task
from seatrial_runtime.collector.messages import Label, Prediction, ShadowAnswer

SECOND = 1_000_000
NOW = 1_790_000_000 * SECOND  # microseconds since 1970
HOME = ModelHome("models", "risk", "deploy-risk")
RISK = Output("risk_level", Task.CLASSIFICATION, ("Low", "Medium", "High"))


def name_of(number: int, made: int = NOW) -> bytes:
    """Return the prediction id of a number, made at a time."""
    return (made // 1000).to_bytes(6, "big") + number.to_bytes(10, "big")


def prediction(
    number: int, answer: str = "High", *, revision: str = "r1", version: str = "1", at: int = NOW
) -> Prediction:
    """Return a prediction."""
    features = b'{"files_changed":%d,"team":"Platform"}' % number
    return Prediction(name_of(number), at, revision, version, features, b'"%s"' % answer.encode())


def label(number: int, value: str = "High") -> Label:
    """Return a label for the prediction of a number."""
    return Label(name_of(number), value)


def shadow_answer(number: int, answer: str = "High", *, revision: str = "r2", control: str = "r1") -> ShadowAnswer:
    """Return what a candidate would have answered where the prediction of a number was made."""
    return ShadowAnswer(name_of(number), revision, "2", control, answer)
