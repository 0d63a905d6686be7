"""Bodies from outside: what is taken, and which field a complaint names."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from seatrial.contract.feedback import MAXIMUM_LABELS, MAXIMUM_PREDICTIONS, MAXIMUM_SHADOW_ANSWERS
from seatrial_runtime.collector.messages import (
    BadLabel,
    Label,
    ShadowAnswer,
    read_labels,
    read_predictions,
    read_shadow_answers,
)
from seatrial_runtime.collector.strict import BadBodyError

ID = "01" * 16


def item(**changes: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "at": "2026-11-21T03:00:00.25Z",
        "revision": "r1",
        "version": "7",
        "features": {"files": 3, "share": 0.5, "team": None, "ok": True},
        "prediction": "High",
    } | changes


def body(*items: object) -> bytes:
    return json.dumps({"predictions": items}).encode()


def test_a_prediction_is_read_to_the_microsecond() -> None:
    (prediction,) = read_predictions(body(item()))
    assert prediction.id.hex() == ID
    assert prediction.at == 1_795_230_000_250_000
    assert json.loads(prediction.features) == item()["features"]
    assert json.loads(prediction.prediction) == "High"


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"id": "7"}, "predictions[0].id", "32 hexadecimal digits"),
        ({"id": 7}, "predictions[0].id", "Expected `str`"),
        ({"at": "2026-11-21T03:00:00"}, "predictions[0].at", "zone"),
        ({"at": "yesterday"}, "predictions[0].at", "RFC3339"),
        ({"revision": "a/b"}, "predictions[0].revision", "1 to 63 letters"),
        ({"version": ""}, "predictions[0].version", "1 to 63 letters"),
        ({"features": {"files": [1]}}, "predictions[0].features[...]", "got `array`"),
        ({"features": {"files": 2**63}}, "predictions[0].features[...]", "Expected `int` <="),
        ({"prediction": None}, "predictions[0].prediction", "got `null`"),
    ],
)
def test_a_bad_prediction_is_refused_by_its_field(changes: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(BadBodyError, match=says) as refused:
        read_predictions(body(item(**changes)))
    assert refused.value.field == field


SHADOWED = {
    "id": ID,
    "at": "2026-11-21T03:00:00.25Z",
    "revision": "r2",
    "version": "8",
    "control": "r1",
    "prediction": "High",
}


def shadowed(**changes: Any) -> bytes:
    return json.dumps({"answers": [SHADOWED, SHADOWED | changes]}).encode()


def test_a_shadows_answer_is_read_and_what_a_newer_shadow_may_add_is_passed_over() -> None:
    answer = ShadowAnswer(bytes.fromhex(ID), "r2", "8", "r1", "High")
    assert read_shadow_answers(shadowed(confidence=[0.5])) == [answer, answer]


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"id": "7"}, "answers[1].id", "32 hexadecimal digits"),
        ({"at": "2026-11-21T03:00:00"}, "answers[1].at", "zone"),
        ({"revision": "a/b"}, "answers[1].revision", "1 to 63 letters"),
        ({"version": ""}, "answers[1].version", "1 to 63 letters"),
        ({"control": "../r1"}, "answers[1].control", "1 to 63 letters"),
        ({"control": None}, "answers[1].control", "Expected `str`"),
        ({"prediction": 1.5}, "answers[1].prediction", "Expected `str`"),
        ({"prediction": "x" * 1025}, "answers[1].prediction", "length <= 1024"),
    ],
)
def test_a_bad_shadow_answer_is_refused_by_its_field(changes: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(BadBodyError, match=says) as refused:
        read_shadow_answers(shadowed(**changes))
    assert refused.value.field == field


def test_a_batch_of_shadow_answers_is_bounded() -> None:
    with pytest.raises(BadBodyError, match="length <= 1000"):
        read_shadow_answers(json.dumps({"answers": [SHADOWED] * (MAXIMUM_SHADOW_ANSWERS + 1)}).encode())


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"predictions": 1}', b"\xff", b'{"predictions": [1]}'])
def test_a_body_that_is_no_batch_is_refused(text: bytes) -> None:
    with pytest.raises(BadBodyError):
        read_predictions(text)


@pytest.mark.parametrize(
    "text",
    [b"[" * 100_000, b'{"predictions":[],"x":' + b"[" * 100_000, b'{"id":' * 100_000, b'{"labels":' + b"[" * 9999],
)
def test_a_body_may_not_be_nested_without_end(text: bytes) -> None:
    with pytest.raises(BadBodyError, match="nested too deeply") as refused:
        read_labels(text)
    assert refused.value.field == "body"
    with pytest.raises(BadBodyError):
        read_predictions(text)


@pytest.mark.parametrize("read", [read_labels, read_predictions])
def test_a_text_that_is_no_utf_8_is_no_json(read: Callable[[bytes], object]) -> None:
    with pytest.raises(BadBodyError, match="the body is no JSON") as refused:
        read(b'{"predictions": [{"id": "\xff"}], "labels": [{"predictionId": "\xff"}], "predictionId": "\xff"}')
    assert refused.value.field == "body"


def test_no_depth_of_nesting_is_more_than_a_bad_label() -> None:
    refused = 0
    for depth in range(800, 1000):  # about as deep as Python reads, and then as deep as it writes
        nested = b"[" * depth + b"]" * depth
        for label in (b'"id":%s' % nested, b'"id":"%s","label":%s' % (ID.encode(), nested)):
            for text in (b"{%s}" % label, b'{"labels":[{%s}]}' % label):
                try:
                    (item,) = read_labels(text)
                except BadBodyError:
                    refused += 1
                else:
                    assert isinstance(item, BadLabel)
                    assert "[[[" in item.message
    assert 0 < refused < 800


def test_a_batch_is_bounded() -> None:
    assert len(read_predictions(body(*[item()] * MAXIMUM_PREDICTIONS))) == MAXIMUM_PREDICTIONS
    with pytest.raises(BadBodyError, match="length <= 1000"):
        read_predictions(body(*[item()] * (MAXIMUM_PREDICTIONS + 1)))


def test_one_label_and_many_are_read() -> None:
    assert read_labels(json.dumps({"id": ID, "label": "High"}).encode()) == [Label(bytes.fromhex(ID), "High")]
    many = {"labels": [{"id": ID, "label": 3}, {"id": ID, "label": 0.5}]}
    assert read_labels(json.dumps(many).encode()) == [Label(bytes.fromhex(ID), 3), Label(bytes.fromhex(ID), 0.5)]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"label": "High"}, "labels[1].id"),
        ({"id": "7", "label": "High"}, "labels[1].id"),
        ({"id": ID}, "labels[1].label"),
        ({"id": ID, "label": ["High"]}, "labels[1].label"),
        ({"id": ID, "label": "x" * 1025}, "labels[1].label"),
        ("High", "labels[1]"),
    ],
)
def test_a_bad_label_among_good_ones_is_named_and_the_others_are_kept(bad: object, field: str) -> None:
    good, refused = read_labels(json.dumps({"labels": [{"id": ID, "label": "High"}, bad]}).encode())
    assert isinstance(good, Label)
    assert isinstance(refused, BadLabel)
    assert refused.field == field


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"label": "High"}', b'{"labels": {}}', b"3"])
def test_a_feedback_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(BadBodyError):
        read_labels(text)


def test_a_feedback_is_bounded() -> None:
    with pytest.raises(BadBodyError, match="length <= 1000"):
        read_labels(json.dumps({"labels": [{}] * (MAXIMUM_LABELS + 1)}).encode())
