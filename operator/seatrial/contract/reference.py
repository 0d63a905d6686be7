"""`reference.json`: how each feature and the prediction were distributed in the training data, as bins.

A numeric feature has inner edges (at most nine, the reference's deciles); its bins are `b0` … `b<n>`, then
`(missing)` and `(out of range)` (beyond the reference's extremes). A categorical one has a bin for each of its most
frequent values, then `(other)` and `(missing)`. The predictor counts live rows into the same bins.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from seatrial.contract.canonical import Json, canonical_json
from seatrial.contract.reading import Reader, is_number, read_document
from seatrial.contract.schema import MISSING, OTHER, OUT_OF_RANGE

REFERENCE = "reference.json"
MAXIMUM_BYTES = 1 << 20
MAXIMUM_WATCHED = 30  # features whose bins are counted
MAXIMUM_CATEGORY_BINS = 20


@dataclass(frozen=True, slots=True)
class NumericBins:
    """Bins of a number: bin i holds edges[i-1] <= x < edges[i], within [minimum, maximum]."""

    edges: tuple[float, ...]
    minimum: float
    maximum: float

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the bins, in the order of their counts."""
        return (*(f"b{i}" for i in range(len(self.edges) + 1)), MISSING, OUT_OF_RANGE)

    def index(self, value: float | None) -> int:
        """Return the index of the bin of a value; None and NaN are missing."""
        if value is None or value != value:
            return len(self.edges) + 1
        if not self.minimum <= value <= self.maximum:
            return len(self.edges) + 2
        return bisect_right(self.edges, value)


@dataclass(frozen=True, slots=True)
class CategoryBins:
    """Bins of a text, boolean or class: one for each value named here."""

    values: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the bins, in the order of their counts."""
        return (*self.values, OTHER, MISSING)

    def index(self, value: str | None) -> int:
        """Return the index of the bin of a value."""
        if value is None:
            return len(self.values) + 1
        return self.values.index(value) if value in self.values else len(self.values)


Bins = NumericBins | CategoryBins


@dataclass(frozen=True, slots=True)
class Distribution:
    """Bins, and how many reference rows were in each."""

    bins: Bins
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference of a version: distributions by feature name (`(prediction)` is the model's answer)."""

    rows: int
    features: Mapping[str, Distribution]

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical_json({"rows": self.rows, "features": {n: _document(d) for n, d in self.features.items()}})


def parse_reference(data: bytes) -> Reference:
    """Read a reference from its bytes; raises DocumentError."""
    reader = read_document("reference", data)
    features = reader.object("features")
    if len(features.fields()) > MAXIMUM_WATCHED + 1:
        raise reader.fail("features", f"at most {MAXIMUM_WATCHED} features and the prediction")
    return Reference(reader.integer("rows"), {name: _distribution(features.object(name)) for name in features.fields()})


def _document(distribution: Distribution) -> dict[str, Json]:
    counts: list[Json] = list(distribution.counts)
    match distribution.bins:
        case NumericBins(edges, minimum, maximum):
            return {"edges": list(edges), "minimum": minimum, "maximum": maximum, "counts": counts}
        case CategoryBins(values):
            return {"values": list(values), "counts": counts}


def _distribution(reader: Reader) -> Distribution:
    counts = reader.raw("counts")
    if not isinstance(counts, list) or not all(type(n) is int and n >= 0 for n in counts):
        raise reader.fail("counts", "a list of row counts")
    bins = _bins(reader)
    if len(counts) != len(bins.names):
        raise reader.fail("counts", f"{len(bins.names)} counts, one for each bin")
    return Distribution(bins, tuple(counts))


def _bins(reader: Reader) -> Bins:
    if reader.raw("values") is not None:
        values = reader.strings("values")
        if len(values) > MAXIMUM_CATEGORY_BINS:
            raise reader.fail("values", f"at most {MAXIMUM_CATEGORY_BINS} values")
        return CategoryBins(values)
    edges = reader.raw("edges")
    if not isinstance(edges, list) or not all(is_number(e) for e in edges) or edges != sorted(edges):
        raise reader.fail("edges", "a sorted list of numbers")
    return NumericBins(tuple(float(e) for e in edges), reader.number("minimum"), reader.number("maximum"))
