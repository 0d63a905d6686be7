"""What should serve, as a recipe."""

from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.api.status import Stage, Status
from seatrial.core.observed import Observed, Unknown
from seatrial.core.recipe import Recipe
from seatrial.core.target import served_recipe, wanted_recipe
from tests.given import (
    MINUTE,
    UNKNOWN,
    in_probation,
    observed,
    on_trial,
    recipe,
    record,
    ref,
    rejected,
    serving,
    spec,
    target,
)

NEW_IMAGE = "runtime:2"


def wanted(world: Observed) -> Recipe:
    found = wanted_recipe(world)
    assert isinstance(found, Recipe)
    return found


def upgraded(world: Observed) -> Observed:
    """The same world under a newer operator."""
    return replace(world, defaults=replace(world.defaults, runtime_image=NEW_IMAGE))


def test_a_recipe_has_all_that_pods_run() -> None:
    made = spec(
        serving={
            "image": "mine:1",
            "timeout": "250ms",
            "batching": {"maxSize": 16, "maxDelay": "2ms"},
            "resources": {"requests": {"cpu": "2"}},
        },
        storage={"endpoint": "http://s3:7070", "region": "eu-1", "secretRef": {"name": "keys"}},
        monitoring={"accuracy": {}},
    )
    assert wanted(observed(wants="7", of=made)) == Recipe(
        store="s3://models/team",
        model="risk",
        version="7",
        digest=target("7").digest,
        endpoint="http://s3:7070",
        region="eu-1",
        secret="keys",
        image="mine:1",
        resources={"requests": {"cpu": "2"}},
        maximum_batch=16,
        maximum_delay=0.002,
        timeout=0.25,
        collects=True,
        image_by_default=False,
    )


@pytest.mark.parametrize("unknown", [{"target": UNKNOWN}, {"spec": UNKNOWN}])
def test_what_is_not_known_is_no_recipe(unknown: dict[str, Unknown]) -> None:
    assert wanted_recipe(replace(serving("1"), **unknown)) == UNKNOWN  # type: ignore[arg-type]


# The image


def test_a_new_version_has_the_operators_image() -> None:
    assert wanted(observed()).image == "runtime:1"
    assert wanted(observed()).image_by_default
    assert wanted(upgraded(serving("1", wants="2"))).image == NEW_IMAGE


def test_an_image_in_the_spec_is_what_runs() -> None:
    assert wanted(upgraded(replace(serving("1"), spec=spec(serving={"image": "mine:1"})))).image == "mine:1"


def before(version: str, status: Status) -> Observed:
    """A world in which a rejected version's recipe is still kept."""
    world = serving("1", wants=version, status=status)
    return replace(world, recipes={**world.recipes, ref(version).revision: recipe(version)})


@pytest.mark.parametrize(
    "world",
    [
        serving("1"),
        on_trial(Stage.CANARY),
        in_probation(since=MINUTE, wants="2"),
        in_probation(since=MINUTE, wants="1"),
        before("2", Status(stable=ref("1"), rejected=(rejected("2"),))),
    ],
    ids=["stable", "candidate", "promoted", "previous", "rejected"],
)
def test_a_newer_operator_changes_no_image_of_a_version_that_was_seen(world: Observed) -> None:
    assert wanted(upgraded(world)) == wanted(world)


def test_an_image_that_was_rejected_may_be_taken_out_of_the_spec() -> None:
    broken = spec(serving={"image": "broken:1"})
    status = Status(stable=ref("1"), rejected=(rejected("2", broken),))
    world = serving("1", wants="2", status=status)
    world = replace(world, recipes={**world.recipes, ref("2", broken).revision: recipe("2", broken)})
    assert wanted(world).image == "runtime:1"


NAMED = spec(serving={"image": "mine:1"})


@pytest.mark.parametrize(
    "world",
    [serving("1", of=NAMED), on_trial(Stage.CANARY, of=NAMED), in_probation(since=MINUTE, of=NAMED, wants="2")],
    ids=["stable", "candidate", "promoted"],
)
def test_an_image_that_is_taken_out_of_the_spec_is_the_default_again(world: Observed) -> None:
    assert wanted(world).image == "mine:1"
    assert wanted(replace(world, spec=spec())).image == "runtime:1"


# What served before


@pytest.mark.parametrize("serving_record", [None, Unknown(Reason.STORE_UNREACHABLE, "down"), record("2")])
def test_nothing_else_served_before(serving_record: Any) -> None:
    assert served_recipe(observed(serving=serving_record), recipe("2")) is None


def test_another_version_served_before() -> None:
    assert served_recipe(observed(serving=record("1")), recipe("2")) == recipe("1")


def test_what_served_before_is_still_there_as_it_was() -> None:
    other: Spec = spec(serving={"batching": {"maxSize": 8}})
    world = observed(serving=record("1", ref("1").revision), recipes={ref("1").revision: recipe("1")})
    assert served_recipe(world, recipe("2", other)) == recipe("1")
    assert served_recipe(world, recipe("1", other)) == recipe("1")


def test_a_recipe_of_another_digest_is_not_what_served() -> None:
    world = observed(serving=record("1", ref("3").revision), recipes={ref("3").revision: recipe("3")})
    assert served_recipe(world, recipe("2")) == recipe("1")
