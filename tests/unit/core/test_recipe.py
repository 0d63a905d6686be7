"""A revision is the hash of what its pods run."""

import json
from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.core.recipe import Recipe, recipe_from, what_differs
from tests.given import recipe

OTHERS: dict[str, Any] = {
    "store": "s3://other/team",
    "model": "other",
    "version": "2",
    "digest": "sha256:" + "0" * 64,
    "endpoint": "http://s3:1",
    "region": "eu-1",
    "secret": "keys",
    "image": "other:1",
    "resources": {"limits": {"memory": "1Gi"}},
    "maximum_batch": 1,
    "maximum_delay": 0.5,
    "timeout": 2.0,
    "collects": True,
    "image_by_default": False,
    "shadow_sample": 10,
}
NO_PART = {"image_by_default", "shadow_sample"}


def test_the_fields_that_are_tried_are_all() -> None:
    assert OTHERS.keys() == {item.name for item in fields(Recipe)}


@pytest.mark.parametrize("name", sorted(OTHERS.keys() - NO_PART))
def test_another_value_of_any_field_is_another_revision(name: str) -> None:
    other = replace(recipe("1"), **{name: OTHERS[name]})
    assert other.revision != recipe("1").revision
    words = "need to collect (a check on accuracy, monitoring.accuracy, training)"
    assert what_differs(recipe("1"), other) == (words if name == "collects" else name.replace("_", " "),)


@pytest.mark.parametrize("name", sorted(NO_PART))
def test_what_makes_no_other_pods_makes_no_other_revision(name: str) -> None:
    assert replace(recipe("1"), **{name: OTHERS[name]}).revision == recipe("1").revision


def test_a_revision_fits_into_names_and_labels() -> None:
    assert len(recipe("1").revision) == 10
    assert set(recipe("1").revision) <= set("0123456789abcdef")


def test_a_field_that_a_newer_operator_adds_changes_no_revision() -> None:
    """What an older operator kept has no such field; read now, it has its default, and its pods stay what they are."""
    old = asdict(recipe("1"))
    for name in ("resources", "maximum_batch", "maximum_delay", "timeout", "collects", *NO_PART):
        del old[name]
    kept = recipe_from(old)
    assert kept is not None
    assert kept.revision == recipe("1").revision


def test_the_revision_of_a_known_recipe_is_this() -> None:
    """It may not change with a release: all pods of all users would be on trial again."""
    known = Recipe("s3://m", "risk", "1", "sha256:" + "a" * 64, None, None, None, "runtime:1")
    assert known.revision == "1e9b4b6ec8"


recipes = st.builds(
    Recipe,
    store=st.text(),
    model=st.text(),
    version=st.text(),
    digest=st.text(),
    endpoint=st.none() | st.text(),
    region=st.none() | st.text(),
    secret=st.none() | st.text(),
    image=st.text(),
    resources=st.dictionaries(st.text(), st.dictionaries(st.text(), st.text() | st.integers(0, 9))),
    maximum_batch=st.integers(1, 10_000),
    maximum_delay=st.floats(0, 3600),
    timeout=st.floats(0.001, 3600),
    collects=st.booleans(),
    image_by_default=st.booleans(),
)


@given(recipes)
def test_a_recipe_that_was_kept_is_the_recipe_that_was_made(made: Recipe) -> None:
    kept = recipe_from(json.loads(json.dumps(asdict(made))))
    assert kept == made
    assert kept is not None
    assert kept.revision == made.revision


@pytest.mark.parametrize(
    "changes",
    [{"a newer operator's": 1}, {"timeout": "soon"}, {"maximum_delay": None}],
)
def test_what_is_no_recipe_is_none(changes: dict[str, Any]) -> None:
    assert recipe_from({**asdict(recipe("1")), **changes}) is None


def test_half_a_recipe_is_none() -> None:
    assert recipe_from({"store": "s3://m"}) is None
