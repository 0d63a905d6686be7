"""Prometheus's answers, read: what is whole and well formed counts, everything else is an error."""

import json
from typing import Any

import pytest

from seatrial.adapters.prometheus import read_answer
from seatrial.ports import MetricsError, Series


def answer(kind: str, *result: Any, **more: Any) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": list(result)}, **more}).encode()


def test_a_vector() -> None:
    body = answer("vector", {"metric": {"pod": "a"}, "value": [1767614400.5, "3"]})
    assert read_answer(body, "vector") == (Series({"pod": "a"}, ((1767614400.5, 3.0),)),)


def test_a_matrix() -> None:
    body = answer("matrix", {"metric": {}, "values": [[1, "1e3"], [2, "0.5"]]})
    assert read_answer(body, "matrix") == (Series({}, ((1.0, 1000.0), (2.0, 0.5))),)


def test_nothing_is_an_answer() -> None:
    assert read_answer(answer("matrix"), "matrix") == ()


def test_what_is_no_number_is_left_out() -> None:
    values = [[1, "NaN"], [2, "+Inf"], [3, "-Inf"], [4, "7"], [5, "1.7e308"], [6, "-1e17"]]
    assert read_answer(answer("matrix", {"metric": {}, "values": values}), "matrix")[0].points == ((4.0, 7.0),)


def test_a_note_is_no_warning() -> None:
    assert read_answer(answer("vector", infos=["metric might not be a counter"]), "vector") == ()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>login</html>", "malformed"),
        (b"", "malformed"),
        (b"[]", "malformed"),
        (b'{"status": "success"}', "malformed"),
        (b'{"status": "error", "error": "query timed out"}', "query timed out"),
        (answer("scalar"), "a scalar; expected a vector"),
        (answer("vector", {"metric": {}}), "malformed"),
        (answer("vector", {"metric": None, "value": [1, "1"]}), "malformed"),
        (answer("vector", {"metric": {}, "value": [1]}), "malformed"),
        (answer("vector", {"metric": {}, "value": [1, "one"]}), "malformed"),
        (answer("vector", {"metric": {}, "value": 1}), "malformed"),
        (answer("vector", "text"), "malformed"),
        (answer("vector", {"metric": {}, "value": [1, "1"]}, warnings=["a store is down"]), "a store is down"),
        (b"[" * 100_000, "is malformed"),
    ],
)
def test_what_is_no_answer_says_why(body: bytes, words: str) -> None:
    with pytest.raises(MetricsError, match=words):
        read_answer(body, "vector")
