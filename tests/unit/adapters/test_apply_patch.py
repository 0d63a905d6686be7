"""The body of an apply: YAML that says just what the document says."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seatrial.adapters.apply_patch import apply_body

characters = st.characters(exclude_categories=["Cs"])
texts = st.text(characters)
keys = st.text(characters, max_size=80)  # YAML reads none of more than 1,024 characters, escapes counted
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(keys, documents, max_size=4))
def test_yaml_reads_what_was_written(document: dict[str, Any]) -> None:
    body = apply_body(document)
    # Python's YAML knows no raw DEL, which Go's does.
    assert yaml.safe_load(body.replace("\x7f", "\\x7f")) == document


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("now \U0001f680", r'"now \U0001F680"'),
        ("\ud83d alone", r'"\ufffd alone"'),
        ("\ude80", r'"\ufffd"'),
        (r"\ud83d\ude80", r'"\\ud83d\\ude80"'),
        ("ü\n", r'"\u00fc\n"'),
    ],
)
def test_each_character_is_one_escape(text: str, written: str) -> None:
    assert apply_body({"a": text}) == f'{{"a": {written}}}'


def test_plain_documents_are_plain_json() -> None:
    document = {"a": [1, None, True, {"b": "c"}]}
    assert json.loads(apply_body(document)) == document
