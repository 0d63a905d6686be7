"""Every document of the contract comes back as it was written, and a bad one says which field is bad."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.contract.canonical import canonical_json, digest_of
from seatrial.contract.manifest import Manifest, parse_manifest
from seatrial.contract.reading import DocumentError
from seatrial.contract.records import Pointer, parse_pointer
from seatrial.contract.reference import Reference, parse_reference
from seatrial.contract.training import MAXIMUM_ANSWER, Answer, Request, parse_answer, parse_request
from tests.unit.contract.documents import ANSWERS, POINTERS, REFERENCES, REQUESTS, manifests


@given(manifests())
def test_a_manifest_comes_back_with_its_digest(manifest: Manifest) -> None:
    found = parse_manifest(manifest.encode())
    assert found == manifest
    assert found.digest == manifest.digest == digest_of(manifest.encode())


@given(POINTERS)
def test_a_pointer_comes_back(pointer: Pointer) -> None:
    assert parse_pointer(pointer.encode(), "channel latest") == pointer


@given(REFERENCES)
def test_a_reference_comes_back(reference: Reference) -> None:
    assert parse_reference(reference.encode()) == reference


@given(REQUESTS)
def test_a_training_request_comes_back(request: Request) -> None:
    assert parse_request(request.encode()) == request


@given(ANSWERS)
def test_a_training_answer_comes_back(answer: Answer) -> None:
    assert parse_answer(answer.encode()) == answer


@given(st.text(min_size=500, max_size=6000) | st.sampled_from(["\x00", "€", "𝄞", '"']).map(lambda c: c * 6000))
def test_an_answer_fits_into_a_termination_message_whatever_it_says(message: str) -> None:
    text = Answer("Failed", "7", message).encode()
    assert len(text.encode()) <= MAXIMUM_ANSWER
    assert message.startswith(parse_answer(text).message)


MANIFEST: dict[str, Any] = {
    "format": 1,
    "model": "risk",
    "version": "7",
    "created": "2026-01-01T00:00:00Z",
    "files": {"model.skops": {"sha256": digest_of(b""), "size": 0}},
    "artifact": {"path": "model.skops", "format": "skops"},
    "features": [{"name": "x", "kind": "number"}],
    "output": {"name": "y", "task": "classification", "classes": ["a", "b"]},
    "estimator": {"class": "sklearn.tree.DecisionTreeClassifier"},
}

# path to a field, what stands there instead (None: nothing), the field as the error names it
BAD_MANIFESTS: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("format",), 2, "format"),
    (("model",), 7, "model"),
    (("version",), None, "version"),
    (("created",), 0, "created"),
    (("files",), [], "files"),
    (("files", "model.skops", "sha256"), "md5:0", "files.model.skops.sha256"),
    (("files", "model.skops", "size"), -1, "files.model.skops.size"),
    (("files", "model.skops", "size"), True, "files.model.skops.size"),
    (("files", "model.skops", "size"), 10**400, "files.model.skops.size"),
    (("files", "../model"), {}, "files.../model"),
    (("files", "a/b"), {}, "files.a/b"),
    (("files", ".hidden"), {}, "files..hidden"),
    (("artifact", "path"), "other.skops", "artifact.path"),
    (("artifact", "format"), "pickle", "artifact.format"),
    (("features",), [], "features"),
    (("features",), "x", "features"),
    (("features", 0, "kind"), "complex", "features[0].kind"),
    (("features", 0, "minimum"), "low", "features[0].minimum"),
    (("features", 0, "minimum"), float("nan"), "features[0].minimum"),
    (("features", 0, "maximum"), 10**400, "features[0].maximum"),
    (("features", 0, "nullable"), "no", "features[0].nullable"),
    (("features", 0, "categories"), [1], "features[0].categories"),
    (("features", 0, "categories"), ["a"] * 1001, "features[0].categories"),
    (("output", "task"), "ranking", "output.task"),
    (("output", "classes"), ["a"], "output.classes"),
    (("output", "recommendations"), {"a": 1}, "output.recommendations.a"),
    (("estimator",), "tree", "estimator"),
    (("estimator", "seed"), 0.5, "estimator.seed"),
    (("estimator", "parameters"), {"depth": 5}, "estimator.parameters.depth"),
    (("packages",), {"numpy": 2}, "packages.numpy"),
    (("data",), {"uri": "x", "sha256": "y"}, "data.rows"),
    (("metrics",), {"test": {"accuracy": "good"}}, "metrics.test.accuracy"),
    (("metrics",), {"test": {"accuracy": float("inf")}}, "metrics.test.accuracy"),
    (("gates",), [{"name": "minimum"}], "gates[0].passed"),
    (("lineage",), {"parent": 6}, "lineage.parent"),
]


@pytest.mark.parametrize(("path", "value", "field"), BAD_MANIFESTS)
def test_a_bad_manifest_names_its_field(path: tuple[str | int, ...], value: object, field: str) -> None:
    document = copy.deepcopy(MANIFEST)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(DocumentError) as caught:
        parse_manifest(json.dumps(document).encode())
    assert caught.value.field == field
    assert str(caught.value).startswith(f"manifest: {field} is ")
    assert "; expected " in str(caught.value)


def test_the_manifest_that_the_bad_ones_come_from_is_good() -> None:
    assert parse_manifest(json.dumps(MANIFEST).encode()).passed


def test_two_features_of_one_name_are_refused() -> None:
    with pytest.raises(DocumentError, match="features of different names"):
        parse_manifest(canonical_json({**MANIFEST, "features": MANIFEST["features"] * 2}))


@pytest.mark.parametrize("body", [b"", b"no JSON", b"\xff", b"[]", b"null", b"[" * 100_000])
def test_what_is_no_document_is_refused(body: bytes) -> None:
    for parse in (parse_manifest, parse_reference):
        with pytest.raises(DocumentError, match="the document"):
            parse(body)


GOOD_REFERENCE = {"rows": 3, "features": {"x": {"edges": [1.0], "minimum": 0, "maximum": 2, "counts": [1, 2, 0, 0]}}}
BAD_REFERENCES: list[tuple[dict[str, Any], str]] = [
    ({"counts": [1, 2, 0]}, "features.x.counts"),
    ({"counts": [1, 2, 0, -1]}, "features.x.counts"),
    ({"counts": [1, 2, 0, True]}, "features.x.counts"),
    ({"edges": [2.0, 1.0]}, "features.x.edges"),
    ({"edges": [float("nan")]}, "features.x.edges"),
    ({"edges": [True]}, "features.x.edges"),
    ({"minimum": None}, "features.x.minimum"),
    ({"values": ["a"] * 21}, "features.x.values"),
]


@pytest.mark.parametrize(("change", "field"), BAD_REFERENCES)
def test_a_bad_reference_names_its_field(change: dict[str, Any], field: str) -> None:
    document: dict[str, Any] = copy.deepcopy(GOOD_REFERENCE)
    assert parse_reference(json.dumps(document).encode()).rows == 3
    document["features"]["x"].update(change)
    with pytest.raises(DocumentError) as caught:
        parse_reference(json.dumps(document).encode())
    assert caught.value.field == field


def test_a_reference_of_too_many_features_is_refused() -> None:
    feature = {"values": [], "counts": [0, 0]}
    document = {"rows": 0, "features": {f"x{i}": feature for i in range(32)}}
    with pytest.raises(DocumentError, match="at most 30 features and the prediction"):
        parse_reference(json.dumps(document).encode())


def test_a_bad_pointer_names_what_it_is_and_its_field() -> None:
    with pytest.raises(DocumentError, match="channel latest: digest is 'sha256:1'; expected sha256: and 64"):
        parse_pointer(b'{"version": "7", "digest": "sha256:1"}', "channel latest")


def test_an_answer_of_no_outcome_is_refused() -> None:
    with pytest.raises(DocumentError, match="training answer: outcome is 'Maybe'; expected one of Passed"):
        parse_answer('{"outcome": "Maybe", "version": "7", "message": ""}')


def test_a_candidate_without_values_to_try_is_refused() -> None:
    request = Request("j", "drift", "", "s3://b/d.csv", "y", (), "1", "sha256:1").encode()
    document = {**json.loads(request), "candidates": [{"estimator": "a.B", "grid": {"depth": []}}]}
    with pytest.raises(DocumentError) as caught:
        parse_request(json.dumps(document))
    assert caught.value.field == "candidates[0].grid.depth"
