"""One value has one sequence of bytes, and so one digest."""

import hashlib
import json
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from seatrial.contract.canonical import Json, canonical_json, digest_of, digest_of_file
from seatrial.contract.names import is_digest

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)


@given(VALUES)
def test_a_value_comes_back_and_encodes_the_same_again(value: Json) -> None:
    data = canonical_json(value)
    assert json.loads(data) == value
    assert canonical_json(json.loads(data)) == data


@given(st.dictionaries(st.text(), SCALARS))
def test_the_order_of_keys_is_no_part_of_the_value(value: dict[str, Json]) -> None:
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


def test_the_bytes_are_these() -> None:
    assert canonical_json({"b": [1, 2.5, None], "a": "é\n"}) == '{"a":"é\\n","b":[1,2.5,null]}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(value)


def test_a_digest_is_sha256_of_bytes_and_of_files(tmp_path: Path) -> None:
    body = b"x" * (3 << 20)
    (tmp_path / "file").write_bytes(body)
    assert digest_of(body) == digest_of_file(tmp_path / "file") == "sha256:" + hashlib.sha256(body).hexdigest()
    assert is_digest(digest_of(body))
