"""V1 and V2: the same rows, the same answers."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.contract.names import is_prediction_id
from seatrial.contract.schema import Feature, Kind, Output, Task
from seatrial_runtime.predictor.invalid import InvalidInputError
from seatrial_runtime.predictor.protocol import Answer, Dialect, Stamp, stamp
from seatrial_runtime.predictor.rows import MAXIMUM_ROWS, Schema
from seatrial_runtime.predictor.v1 import V1
from seatrial_runtime.predictor.v2 import V2
from tests.unit.predictor.given import RISK, RISK_OUTPUT, a_row, v2_columns

SCHEMA = Schema(RISK)
RISK_V1, RISK_V2 = V1(SCHEMA, RISK_OUTPUT, "7"), V2(SCHEMA, RISK_OUTPUT, "7")
NUMBERS = Schema(tuple(Feature(name, Kind.NUMBER) for name in "abc"))
NUMBERS_V2 = V2(NUMBERS, Output("price", Task.REGRESSION), "7")
ANSWER = Answer(["High", "Low"], [0.9, 0.6], [[0.9, 0.1, 0.0], [0.3, 0.6, 0.1]])
STAMP = Stamp(["a" * 32, "b" * 32], "2025-01-01T00:00:00.000Z")


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_both_protocols_read_the_same_rows() -> None:
    rows = [a_row(), a_row(team=None, load=None, files_changed=3)]
    by_v1 = RISK_V1.read(body({"instances": rows}), "risk")
    by_v2 = RISK_V2.read(body(v2_columns(rows)), "risk")
    assert by_v1.rows == by_v2.rows
    assert by_v1.rows.count == 2


def test_v1_answers_with_everything_row_by_row() -> None:
    query = RISK_V1.read(body({"instances": [a_row()] * 2}), "risk")
    first, second = json.loads(RISK_V1.write(query, ANSWER, STAMP))["predictions"]
    assert first == {
        "prediction": "High",
        "confidence": 0.9,
        "probabilities": {"High": 0.9, "Low": 0.1, "Medium": 0.0},
        "recommendation": "ask a senior engineer",
        "model_version": "7",
        "prediction_id": "a" * 32,
        "time": "2025-01-01T00:00:00.000Z",
    }
    assert second["recommendation"] is None
    assert second["probabilities"] == {"High": 0.3, "Low": 0.6, "Medium": 0.1}


def test_v1_of_a_regression_has_neither_probabilities_nor_recommendation() -> None:
    v1 = V1(NUMBERS, Output("price", Task.REGRESSION), "7")
    query = v1.read(body({"instances": [[1, 2, 3]]}), "risk")
    (row,) = json.loads(v1.write(query, Answer([12.5]), Stamp(["a" * 32], "t")))["predictions"]
    assert row == {
        "prediction": 12.5,
        "confidence": None,
        "model_version": "7",
        "prediction_id": "a" * 32,
        "time": "t",
    }


def test_v2_answers_in_tensors() -> None:
    query = RISK_V2.read(body(v2_columns([a_row()] * 2) | {"id": "mine"}), "deploy-risk")
    answer = json.loads(RISK_V2.write(query, ANSWER, STAMP))
    assert answer["id"] == "mine"
    assert (answer["model_name"], answer["model_version"]) == ("deploy-risk", "7")
    assert answer["parameters"] == {"prediction_id": "a" * 32, "time": "2025-01-01T00:00:00.000Z"}
    assert answer["outputs"] == [
        {"name": "risk_level", "datatype": "BYTES", "shape": [2], "data": ["High", "Low"]},
        {"name": "confidence", "datatype": "FP64", "shape": [2], "data": [0.9, 0.6]},
        {"name": "probabilities", "datatype": "FP64", "shape": [2, 3], "data": [0.9, 0.1, 0.0, 0.3, 0.6, 0.1]},
        {"name": "recommendation", "datatype": "BYTES", "shape": [2], "data": ["ask a senior engineer", ""]},
        {"name": "prediction_id", "datatype": "BYTES", "shape": [2], "data": ["a" * 32, "b" * 32]},
    ]


def test_v2_leaves_out_what_the_model_does_not_give_and_the_caller_does_not_want() -> None:
    asked = {"outputs": [{"name": "prediction_id"}, {"name": "confidence"}, {"name": "risk_level"}]}
    query = RISK_V2.read(body(v2_columns([a_row()] * 2) | asked), "risk")
    names = [tensor["name"] for tensor in json.loads(RISK_V2.write(query, ANSWER, STAMP))["outputs"]]
    assert names == ["prediction_id", "confidence", "risk_level"]
    bare = json.loads(RISK_V2.write(query, Answer(["High", "Low"]), STAMP))
    assert [tensor["name"] for tensor in bare["outputs"]] == ["prediction_id", "risk_level"]


def test_v2_metadata_come_from_the_manifest() -> None:
    metadata = RISK_V2.metadata("risk")
    assert metadata["versions"] == ["7"]
    assert [(t["name"], t["datatype"], t["shape"]) for t in metadata["inputs"]] == [
        ("files_changed", "INT64", [-1]),
        ("environment", "BYTES", [-1]),
        ("team", "BYTES", [-1]),
        ("load", "FP64", [-1]),
        ("frozen", "BOOL", [-1]),
    ]
    assert [(t["name"], t["datatype"], t["shape"]) for t in metadata["outputs"]] == [
        ("risk_level", "BYTES", [-1]),
        ("confidence", "FP64", [-1]),
        ("probabilities", "FP64", [-1, 3]),
        ("recommendation", "BYTES", [-1]),
        ("prediction_id", "BYTES", [-1]),
    ]
    assert [(t["name"], t["datatype"]) for t in NUMBERS_V2.metadata("m")["outputs"]] == [
        ("price", "FP64"),
        ("prediction_id", "BYTES"),
    ]


def test_a_target_named_like_another_output_is_still_the_prediction() -> None:
    v2 = V2(NUMBERS, Output("confidence", Task.CLASSIFICATION, ("x", "y")), "7")
    query = v2.read(body({"inputs": [{"name": "m", "datatype": "FP64", "shape": [1, 3], "data": [1, 2, 3]}]}), "m")
    written = json.loads(v2.write(query, Answer(["x"], [0.7], [[0.7, 0.3]]), Stamp(["a" * 32], "t")))
    assert written["outputs"][0] == {"name": "confidence", "datatype": "BYTES", "shape": [1], "data": ["x"]}
    assert v2.metadata("m")["outputs"][0]["datatype"] == "BYTES"


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(-10, 10), min_size=3, max_size=3), min_size=1, max_size=5))
def test_one_matrix_flat_or_nested_is_the_same_as_columns(rows: list[list[float]]) -> None:
    flat = [value for row in rows for value in row]
    shape = [len(rows), 3]
    nested = NUMBERS_V2.read(body({"inputs": [{"name": "x", "datatype": "FP64", "shape": shape, "data": rows}]}), "m")
    whole = NUMBERS_V2.read(body({"inputs": [{"name": "x", "datatype": "FP32", "shape": shape, "data": flat}]}), "m")
    columns = [
        {"name": name, "datatype": "FP64", "shape": [len(rows), 1], "data": [[row[j]] for row in rows]}
        for j, name in enumerate("abc")
    ]
    assert nested.rows == whole.rows == NUMBERS_V2.read(body({"inputs": columns}), "m").rows
    assert whole.rows.columns[1] == [row[1] for row in rows]


def changed(position: int, **changes: Any) -> dict[str, Any]:
    request = v2_columns([a_row(), a_row()])
    request["inputs"][position] |= changes
    return request


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ([], "body"),
        ({}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": [3]}, "inputs"),
        (changed(0, name="colour"), "inputs[0].name"),
        (changed(0, name=None), "inputs[0].name"),
        (changed(1, name="files_changed"), "inputs[1].name"),
        (changed(0, datatype="BYTES"), "files_changed"),
        (changed(0, datatype=["INT64"]), "files_changed"),
        (changed(3, datatype="INT32"), "load"),  # its data are 0.5
        (changed(0, shape=[3]), "files_changed"),
        (changed(0, shape=[1], data=[1]), "environment"),
        (changed(0, shape=[-1]), "files_changed"),
        (changed(0, shape=[True]), "files_changed"),
        (changed(0, shape="2"), "files_changed"),
        (changed(0, shape=[2, 2], data=[1, 2, 3, 4]), "files_changed"),
        (changed(0, shape=[2, 1], data=[[1], [2, 3]]), "files_changed"),
        (changed(0, shape=[10**12]), "files_changed"),
        (changed(0, data="ab"), "files_changed"),
        (changed(0, data=None), "files_changed"),
        (changed(0, data=[1, "x"]), "files_changed"),
        (changed(1, data=["prod", "moon"]), "environment"),
        ({"inputs": v2_columns([a_row()])["inputs"][1:]}, "files_changed"),
        ({"inputs": [{"name": "x", "datatype": "FP64", "shape": [1, 5], "data": [1, 2, 3, 4, 5]}]}, "inputs"),
        (v2_columns([a_row()]) | {"id": 3}, "id"),
        (v2_columns([a_row()]) | {"outputs": [{"name": "colour"}]}, "outputs[0].name"),
        (v2_columns([a_row()]) | {"outputs": [{"name": "confidence"}] * 2}, "outputs[1].name"),
    ],
)
def test_v2_names_what_is_wrong(request_: Any, field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        RISK_V2.read(body(request_), "risk")
    assert refused.value.field == field


def without(key: str) -> dict[str, Any]:
    request = v2_columns([a_row(), a_row()])
    del request["inputs"][0][key]
    return request


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({}, "inputs is absent; expected a list of tensors"),
        ({"inputs": None}, "inputs is null; expected a list of tensors"),
        (changed(0, name=None), "inputs[0].name is null; expected each of files_changed"),
        (without("name"), "inputs[0].name is absent; expected each of files_changed"),
        (changed(0, datatype=None), "files_changed: datatype is null; expected one of INT64"),
        (without("datatype"), "files_changed: datatype is absent; expected one of INT64"),
        (changed(0, shape=[True]), "files_changed: shape is [true]; expected [n] or [n, 1]"),
        (without("shape"), "files_changed: shape is absent; expected [n] or [n, 1]"),
        (changed(0, data=None), "files_changed: data is null; expected 2 values"),
        (without("data"), "files_changed: data is absent; expected 2 values"),
        (v2_columns([a_row()]) | {"id": False}, "id is false; expected a string"),
    ],
)
def test_v2_says_what_it_found_in_the_words_of_json(request_: Any, says: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        RISK_V2.read(body(request_), "risk")
    assert str(refused.value).startswith(says)


def numbers(datatype: str, value: Any) -> dict[str, Any]:
    return {"inputs": [{"name": "x", "datatype": datatype, "shape": [1, 3], "data": [1, value, None]}]}


NULLABLE_V2 = V2(
    Schema(tuple(Feature(name, Kind.NUMBER, nullable=True) for name in "abc")), Output("price", Task.REGRESSION), "7"
)


@pytest.mark.parametrize(
    ("datatype", "value"),
    [("FP64", 0.1), ("FP32", 0.1), ("INT64", -(2**63)), ("UINT64", 2**64 - 1), ("INT8", -128), ("UINT8", 255)],
)
def test_v2_takes_every_datatype_whose_values_json_can_write(datatype: str, value: Any) -> None:
    assert NULLABLE_V2.read(body(numbers(datatype, value)), "m").rows.columns == ([1], [value], [None])


@pytest.mark.parametrize("datatype", ["FP16", "BF16", "BOOL", "BYTES"])
def test_v2_names_the_datatypes_that_a_number_may_have(datatype: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        NULLABLE_V2.read(body(numbers(datatype, 1)), "m")
    accepted = "FP64, FP32, INT64, INT32, INT16, INT8, UINT64, UINT32, UINT16, UINT8"
    assert str(refused.value) == f"inputs[0]: datatype is {datatype!r}; expected one of {accepted}"


@pytest.mark.parametrize(
    ("datatype", "value", "says"),
    [
        ("INT8", 128, "128 is in a tensor of INT8; expected integers from -128 to 127"),
        ("UINT16", -1, "-1 is in a tensor of UINT16; expected integers from 0 to 65535"),
        ("INT32", 0.5, "0.5 is in a tensor of INT32; expected integers from -2147483648 to 2147483647"),
    ],
)
def test_v2_refuses_a_number_that_its_datatype_cannot_hold(datatype: str, value: Any, says: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        NULLABLE_V2.read(body(numbers(datatype, value)), "m")
    assert str(refused.value) == f"inputs[0]: {says}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "no JSON"),
        (b'{"instances": [', "no JSON"),
        (b"\xff", "no JSON"),
        (b'{"instances": [{"team": "\xff"}]}', "no JSON"),
        (b'{"instances": [{"load": NaN}]}', "null is a missing value"),
        (b'{"instances": [{"load": 1e999}]}', "no JSON"),
        (b'{"instances": ' + b"[" * 100_000, "nested too deeply"),
        (b"[]", "expected an object"),
        (b"{}", "instances is absent"),
    ],
)
def test_a_body_that_is_no_request_is_refused(text: bytes, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        RISK_V1.read(text, "risk")


@pytest.mark.parametrize("value", [b"[],", b"{},", b"1,", b"[[[],[]]],"])
@pytest.mark.parametrize("dialect", [RISK_V1, RISK_V2])
def test_more_values_than_a_model_is_ever_asked_about_are_refused_unparsed(dialect: Dialect, value: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"the body has [\d,]+ values or lists; expected at most"):
        dialect.read(b'{"instances": [' + value * 500_000, "risk")


@pytest.mark.parametrize("values", [1, MAXIMUM_ROWS])
def test_as_many_rows_as_may_be_are_read_in_whatever_shape(values: int) -> None:
    rows = [a_row()] * values
    assert RISK_V1.read(body({"instances": rows}), "risk").rows.count == values
    assert RISK_V1.read(body({"instances": [list(row.values()) for row in rows]}), "risk").rows.count == values
    assert RISK_V2.read(body(v2_columns(rows)), "risk").rows.count == values


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_break_the_readers(text: bytes) -> None:
    for dialect in (RISK_V1, RISK_V2):
        with pytest.raises(InvalidInputError):
            dialect.read(text, "risk")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "shape", "x"]), inner),
    max_leaves=8,
)

TENSORS = st.dictionaries(
    st.sampled_from(["name", "shape", "data", "datatype", "files_changed"]),
    JSON | st.just("files_changed") | st.just("INT64"),
)


@settings(deadline=None)
@given(st.sampled_from(["inputs", "instances"]), st.lists(TENSORS) | JSON)
def test_no_json_breaks_the_readers(key: str, value: Any) -> None:
    for dialect in (RISK_V1, RISK_V2):
        with pytest.raises(InvalidInputError):
            dialect.read(body({key: value}), "risk")


def test_a_stamp_has_an_id_a_row_and_a_time_in_utc() -> None:
    made = stamp(3, 1_735_689_600_123_456_789)
    assert made.time == "2025-01-01T00:00:00.123Z"
    assert len(set(made.ids)) == 3
    assert all(map(is_prediction_id, made.ids))
    assert stamp(1, 1_735_689_601_000_000_000).ids[0] > max(made.ids)
