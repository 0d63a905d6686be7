"""Rows as a model takes them, and the rules of the manifest's schema that they must keep.

Rows are kept by columns, as lists: the checks run at the speed of `map`, `set`, `min` and `max`, for one row as for
ten thousand. Values come from JSON, so a float is finite.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from seatrial.contract.schema import Feature
from seatrial_runtime.predictor.columns import check_of, expected, where
from seatrial_runtime.predictor.invalid import InvalidInputError, listed, shown

MAXIMUM_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Rows:
    """`count` rows: columns[j][i] is feature j (in the manifest's order) of row i; None is missing."""

    columns: tuple[list[Any], ...]
    count: int


def merge(batch: Sequence[Rows]) -> Rows:
    """Return the rows of several requests, one after the other."""
    if len(batch) == 1:
        return batch[0]
    columns = zip(*(rows.columns for rows in batch), strict=True)
    return Rows(tuple([*chain.from_iterable(parts)] for parts in columns), sum(rows.count for rows in batch))


class Schema:
    """The manifest's features, as a reader of rows. No request has more than `most_values` values and lists."""

    def __init__(self, features: tuple[Feature, ...]) -> None:
        self.features = features
        self.names = tuple(feature.name for feature in features)
        self._set = frozenset(self.names)
        # A value in a list of its own is a comma and a bracket, and a string may have some of either in it.
        self.most_values = 4 * MAXIMUM_ROWS * (len(self.names) + 1)
        self._checks = tuple(check_of(feature) for feature in features)

    def from_records(self, records: object) -> Rows:
        """Read a list of rows, each an object by feature name or a list in the manifest's order."""
        if not isinstance(records, list):
            raise InvalidInputError(f"instances is {shown(records)}; expected a list of rows", "instances")
        check_count(len(records), "instances")
        if type(records[0]) is dict:
            return self._checked([self._column(records, name) for name in self._agreed(records)], len(records))
        for i, record in enumerate(records):
            if type(record) is not list or len(record) != len(self.names):
                raise self._no_record(i, record)
        return self._checked([list(column) for column in zip(*records, strict=True)], len(records))

    def from_columns(self, columns: Mapping[str, Any], count: int) -> Rows:
        """Read `count` rows from one list a feature."""
        check_count(count, "inputs")
        if columns.keys() != self._set:
            raise self._wrong_names(columns, "")
        for name, values in columns.items():
            if type(values) is not list or len(values) != count:
                raise InvalidInputError(f"{name} is {shown(values)}; expected a list of {count} values", name)
        return self._checked([columns[name] for name in self.names], count)

    def _checked(self, columns: list[list[Any]], count: int) -> Rows:
        return Rows(tuple([check(column) for check, column in zip(self._checks, columns, strict=True)]), count)

    def _agreed(self, records: list[Any]) -> tuple[str, ...]:
        for i, record in enumerate(records):
            if type(record) is not dict:
                raise self._no_record(i, record)
            if record.keys() != self._set:
                raise self._wrong_names(record, where(i, len(records)))
        return self.names

    @staticmethod
    def _column(records: list[Any], name: str) -> list[Any]:
        return [record[name] for record in records]

    def _no_record(self, i: int, record: object) -> InvalidInputError:
        field = f"instances[{i}]"
        shape = f"an object by feature name, or a list of {len(self.names)} values, the same for all rows"
        return InvalidInputError(f"{field} is {shown(record)}; expected {shape}", field)

    def _wrong_names(self, given: Mapping[str, Any], where: str) -> InvalidInputError:
        for feature in self.features:
            if (name := feature.name) not in given:
                return InvalidInputError(f"{where}{name} is absent; expected {expected(feature)}", name)
        unknown = next(name for name in given if name not in self._set)
        return InvalidInputError(
            f"{where}{shown(unknown)} is no feature of the model; expected {listed(self.names)}", unknown
        )


def check_count(count: int, field: str) -> None:
    """Raise InvalidInputError where a request has no row or too many."""
    if not 1 <= count <= MAXIMUM_ROWS:
        raise InvalidInputError(f"{field} has {count:,} rows; expected 1 to {MAXIMUM_ROWS:,}", field)
