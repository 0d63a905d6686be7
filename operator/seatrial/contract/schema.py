"""What goes into a model and what comes out: the part of a manifest that the predictor and the judge live by."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from seatrial.contract.reading import Reader

E = TypeVar("E", bound=StrEnum)

OTHER, MISSING, OUT_OF_RANGE = "(other)", "(missing)", "(out of range)"
MAXIMUM_CATEGORIES = 1000
MAXIMUM_FEATURES = 10_000


class Kind(StrEnum):
    """What a feature's values are."""

    NUMBER = "number"
    INTEGER = "integer"
    STRING = "string"
    BOOLEAN = "boolean"


class Task(StrEnum):
    """What a model predicts."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"


def class_name(value: bool | int | float | str) -> str:
    """Return the text by which a class, or a value of a text or boolean feature, is named and counted.

    1 and 1.0 are "1", true is "True".
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


@dataclass(frozen=True, slots=True)
class Feature:
    """One input, in the order in which the model was fitted.

    `minimum` and `maximum` bound numbers (None: unbounded); `categories` are the values that a string had in the
    training data (others are allowed and counted as unknown, unless `closed`).
    """

    name: str
    kind: Kind
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()
    closed: bool = False

    def document(self) -> dict[str, object]:
        """The feature as JSON."""
        return {
            "name": self.name,
            "kind": self.kind.value,
            "nullable": self.nullable,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "categories": list(self.categories),
            "closed": self.closed,
        }


@dataclass(frozen=True, slots=True)
class Output:
    """The target, its classes in the model's order, and what to recommend for a class, if anything."""

    name: str
    task: Task
    classes: tuple[str, ...] = ()
    recommendations: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """The output as JSON."""
        return {
            "name": self.name,
            "task": self.task.value,
            "classes": list(self.classes),
            "recommendations": self.recommendations,
        }


def read_feature(reader: Reader) -> Feature:
    """Read one feature; raises DocumentError."""
    bounds = [None if reader.raw(end) is None else reader.number(end) for end in ("minimum", "maximum")]
    categories = reader.strings("categories", ())
    if len(categories) > MAXIMUM_CATEGORIES:
        raise reader.fail("categories", f"at most {MAXIMUM_CATEGORIES} of them")
    return Feature(
        name=reader.text("name"),
        kind=_member(reader, "kind", Kind),
        nullable=reader.flag("nullable", default=False),
        minimum=bounds[0],
        maximum=bounds[1],
        categories=categories,
        closed=reader.flag("closed", default=False),
    )


def read_output(reader: Reader) -> Output:
    """Read the output; raises DocumentError."""
    recommendations = reader.object("recommendations", optional=True)
    output = Output(
        name=reader.text("name"),
        task=_member(reader, "task", Task),
        classes=reader.strings("classes", ()),
        recommendations={key: recommendations.text(key) for key in recommendations.fields()},
    )
    if output.task is Task.CLASSIFICATION and len(output.classes) < 2:
        raise reader.fail("classes", "at least two classes for a classification")
    return output


def _member(reader: Reader, name: str, kind: type[E]) -> E:
    value = reader.text(name)
    try:
        return kind(value)
    except ValueError:
        raise reader.fail(name, "one of " + ", ".join(kind)) from None
