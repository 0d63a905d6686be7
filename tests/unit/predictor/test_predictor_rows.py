import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.contract.schema import Feature, Kind
from seatrial_runtime.predictor.invalid import InvalidInputError
from seatrial_runtime.predictor.rows import MAXIMUM_ROWS, Rows, Schema, merge
from tests.unit.predictor.given import RISK, a_row

SCHEMA = Schema(RISK)


def refusal(records: Any) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as refused:
        SCHEMA.from_records(records)
    return refused.value


def test_rows_by_name_and_rows_in_order_are_the_same() -> None:
    by_name = SCHEMA.from_records([a_row(), a_row(team=None, load=3)])
    in_order = SCHEMA.from_records([[200, "prod", "Platform", 0.5, False], [200, "prod", None, 3, False]])
    assert by_name == in_order
    assert by_name == Rows(
        ([200, 200], ["prod", "prod"], ["Platform", None], [0.5, 3], [False, False]),
        2,
    )


def test_the_order_of_names_does_not_matter() -> None:
    assert SCHEMA.from_records([dict(reversed(a_row().items()))]) == SCHEMA.from_records([a_row()])


def test_an_integer_may_be_written_as_a_double() -> None:
    column = SCHEMA.from_records([a_row(files_changed=200.0)]).columns[0]
    assert column == [200]
    assert type(column[0]) is int


def test_an_unknown_category_is_allowed_where_the_feature_is_open() -> None:
    assert SCHEMA.from_records([a_row(team="Growth")]).columns[2] == ["Growth"]


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"files_changed": "x"}, "files_changed", "'x'; expected an integer from 0 to 100000"),
        ({"files_changed": 1.5}, "files_changed", "1.5; expected an integer"),
        ({"files_changed": True}, "files_changed", "is true; expected an integer"),
        ({"files_changed": None}, "files_changed", "is null; expected an integer"),
        ({"files_changed": -1}, "files_changed", "-1; expected an integer from 0"),
        ({"files_changed": 100_001}, "files_changed", "100001; expected an integer from 0 to 100000"),
        ({"files_changed": 10**30}, "files_changed", "expected an integer"),
        ({"environment": "moon"}, "environment", "'moon'; expected one of dev, prod"),
        ({"environment": 3}, "environment", "3; expected one of dev, prod"),
        ({"team": 3}, "team", "3; expected a string, or null"),
        ({"load": "NaN"}, "load", "'NaN'; expected a number, or null"),
        ({"load": [1]}, "load", "[1]; expected a number, or null"),
        ({"load": [None, {"a": False}]}, "load", "[null, {'a': false}]; expected a number, or null"),
        ({"load": 10**400}, "load", "expected a number"),
        ({"frozen": 0}, "frozen", "0; expected true or false"),
        ({"frozen": "no"}, "frozen", "'no'; expected true or false"),
        ({"colour": "red"}, "colour", "no feature of the model; expected files_changed, environment"),
    ],
)
def test_a_value_that_breaks_its_rule_is_named(changes: dict[str, Any], field: str, says: str) -> None:
    alone, second = refusal([a_row(**changes)]), refusal([a_row(), a_row(**changes)])
    assert alone.field == second.field == field
    assert says in str(alone)
    assert str(second).startswith("row 1: ")
    assert alone.status == 400


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("files_changed", "an integer from 0 to 100000"),
        ("environment", "one of dev, prod"),
        ("team", "a string, or null"),
        ("load", "a number, or null"),
        ("frozen", "true or false"),
    ],
)
def test_a_feature_that_is_absent_is_named_with_what_it_may_be(name: str, accepted: str) -> None:
    row = a_row()
    del row[name]
    assert str(refusal([row])) == f"{name} is absent; expected {accepted}"
    with pytest.raises(InvalidInputError, match=f"^{name} is absent; expected {accepted}$"):
        SCHEMA.from_columns({feature: [value] for feature, value in row.items()}, 1)


def test_a_value_is_named_in_the_words_of_json() -> None:
    assert str(refusal(None)) == "instances is null; expected a list of rows"
    assert str(refusal([True])).startswith("instances[0] is true; expected an object by feature name")


@pytest.mark.parametrize(
    ("records", "field"),
    [
        (None, "instances"),
        ({}, "instances"),
        ([], "instances"),
        ([3], "instances[0]"),
        ([a_row(), [1]], "instances[1]"),
        ([[1, 2]], "instances[0]"),
        ([[200, "prod", "Platform", 0.5, False], a_row()], "instances[1]"),
        ([a_row()] * (MAXIMUM_ROWS + 1), "instances"),
    ],
)
def test_what_is_no_list_of_rows_is_refused(records: Any, field: str) -> None:
    assert refusal(records).field == field


def test_the_largest_request_is_taken() -> None:
    assert SCHEMA.from_records([a_row()] * MAXIMUM_ROWS).count == MAXIMUM_ROWS


def test_a_huge_value_makes_no_huge_message() -> None:
    error = refusal([a_row(files_changed="x" * 100_000)])
    assert len(str(error)) < 300
    assert len(refusal([a_row() | {"y" * 100_000: 1}]).field) <= 256


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.just("prod"),
    st.lists(st.integers(), max_size=2),
)


def allowed(feature: Feature, value: Any) -> bool:
    """The schema's rules once more, one value at a time."""
    if value is None:
        return feature.nullable
    match feature.kind:
        case Kind.BOOLEAN:
            return isinstance(value, bool)
        case Kind.STRING:
            return isinstance(value, str) and (not feature.closed or value in feature.categories)
        case Kind.NUMBER | Kind.INTEGER:
            if isinstance(value, bool) or not isinstance(value, int | float):
                return False
            if feature.kind is Kind.INTEGER and (value != int(value) or not -(2**63) <= value < 2**63):
                return False
            try:
                return (feature.minimum or -math.inf) <= float(value) <= (feature.maximum or math.inf)
            except OverflowError:
                return False


@settings(deadline=None)
@given(st.lists(st.fixed_dictionaries({f.name: VALUES for f in RISK}), min_size=1, max_size=4))
def test_rows_are_taken_exactly_where_each_value_is_allowed(records: list[dict[str, Any]]) -> None:
    if not all(allowed(feature, record[feature.name]) for record in records for feature in RISK):
        assert refusal(records).field in SCHEMA.names
        return
    rows = SCHEMA.from_records(records)
    assert [dict(zip(SCHEMA.names, row, strict=True)) for row in zip(*rows.columns, strict=True)] == records


@settings(deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_merged_rows_follow_each_other(counts: list[int]) -> None:
    batch = [Rows(([i] * count, [str(i)] * count), count) for i, count in enumerate(counts)]
    whole = merge(batch)
    assert whole.count == sum(counts)
    assert whole.columns[0] == [i for i, count in enumerate(counts) for _ in range(count)]
    assert [str(i) for i in whole.columns[0]] == whole.columns[1]
    assert batch[0].columns[0] == [0] * counts[0]
