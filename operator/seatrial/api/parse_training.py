"""Reading `spec.training`."""

import re
from collections.abc import Mapping
from datetime import timedelta

from seatrial.api.fields import MILLISECOND, between, decimal, duration, member, resources, section
from seatrial.api.spec import Json, OnSuccess, Training, TrainingGates, TrainingJob
from seatrial.contract.layout import URI_RULE, InvalidLocationError, parse_location
from seatrial.contract.reading import Reader

MAXIMUM_CANDIDATES = 20
ESTIMATOR_RULE = "the import path of an estimator of scikit-learn, such as sklearn.tree.DecisionTreeClassifier"
_ESTIMATOR = re.compile(r"sklearn(\.[A-Za-z_][A-Za-z0-9_]*){2,}")  # the trainer imports no other package's
_FRACTION = re.compile(r"-?[0-9]{1,20}(?=[.e])(\.[0-9]{1,20})?(e-?[0-9]{1,2})?")
SHORTEST_TRAINING = timedelta(seconds=1)  # Kubernetes counts a Job's deadline in whole seconds


def parse_training(reader: Reader) -> Training:
    """Read the section; raises DocumentError."""
    try:
        parse_location(reader.text("dataset"))
    except InvalidLocationError:
        raise reader.fail("dataset", URI_RULE) from None
    triggers = reader.object("triggers", optional=True)
    split = reader.object("split", optional=True)
    default = Training("", "", ())
    return Training(
        dataset=reader.text("dataset"),
        target=reader.text("target"),
        candidates=_candidates(reader),
        include_feedback=reader.flag("includeFeedback", default=default.include_feedback),
        split=_split(split, default.split),
        split_by=_one_of(split, "by", ("Random", "Stratified"), default.split_by),
        cross_validation=between(reader, "crossValidation", 2, 20, default.cross_validation),
        metric=reader.text("metric", default.metric),
        seed=between(reader, "seed", 0, 2**31 - 1, default.seed),
        gates=section(reader, "gates", _gates, default.gates),
        on_drift=triggers.flag("drift", default=default.on_drift),
        on_accuracy=triggers.flag("accuracy", default=default.on_accuracy),
        cooldown=duration(reader, "cooldown", default.cooldown),
        on_success=member(reader, "onSuccess", OnSuccess.ROLLOUT),
        job=section(reader, "job", _job, default.job),
    )


def _candidates(reader: Reader) -> tuple[tuple[str, Mapping[str, tuple[Json, ...]]], ...]:
    candidates = tuple((_estimator(item), _grid(item)) for item in reader.objects("candidates"))
    if not 0 < len(candidates) <= MAXIMUM_CANDIDATES:
        raise reader.fail("candidates", f"1 to {MAXIMUM_CANDIDATES} candidates")
    return candidates


def _estimator(reader: Reader) -> str:
    path = reader.text("estimator")
    if not _ESTIMATOR.fullmatch(path):
        raise reader.fail("estimator", ESTIMATOR_RULE)
    return path


def _grid(reader: Reader) -> Mapping[str, tuple[Json, ...]]:
    grid = reader.object("grid", optional=True)
    for field in grid.fields():
        if not isinstance(grid.raw(field), list) or not grid.raw(field):
            raise grid.fail(field, "a list of values to try")
    return {field: tuple(_setting(grid, field, value) for value in grid.raw(field)) for field in grid.fields()}


def _setting(grid: Reader, field: str, value: object) -> Json:
    """Read a parameter's value: fractions and truth values are texts in this API."""
    match value:
        case None | int() | float():
            return value
        case "true" | "false":
            return value == "true"
        case str():
            return float(value) if _FRACTION.fullmatch(value) else value
        case _:
            raise grid.fail(field, 'integers, texts and null; fractions and truth values as text: "0.1", "true"')


def _split(reader: Reader, default: tuple[float, float, float]) -> tuple[float, float, float]:
    names = ("train", "validation", "test")
    train, validation, test = (decimal(reader, n, d, at_most=1) for n, d in zip(names, default, strict=True))
    if abs(train + validation + test - 1) > 1e-6 or min(train, validation, test) <= 0:
        raise reader.fail("train", "shares for train, validation and test that are above 0 and add up to 1")
    return (train, validation, test)


def _one_of(reader: Reader, field: str, values: tuple[str, ...], default: str) -> str:
    value = reader.text(field, default)
    if value not in values:
        raise reader.fail(field, "one of " + ", ".join(values))
    return value


def _gates(reader: Reader) -> TrainingGates:
    minimum = None if reader.raw("minimum") is None else decimal(reader, "minimum", 0.0)
    return TrainingGates(minimum, decimal(reader, "margin", 0.0), _latency(reader))


def _latency(reader: Reader) -> timedelta | None:
    if reader.raw("latencyP99") is None:
        return None
    return duration(reader, "latencyP99", timedelta(), at_least=MILLISECOND)


def _job(reader: Reader) -> TrainingJob:
    default = TrainingJob()
    return TrainingJob(
        resources=resources(reader, "resources"),
        active_deadline=duration(reader, "activeDeadline", default.active_deadline, at_least=SHORTEST_TRAINING),
        backoff_limit=between(reader, "backoffLimit", 0, 10, default.backoff_limit),
    )
