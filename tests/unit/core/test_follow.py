"""Following what is wanted, and coming back from what was lost."""

from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.api.status import Stage, Status, Trial
from seatrial.core.follow import follow
from seatrial.core.moves import Outcome
from seatrial.core.observed import Observed, Unknown
from seatrial.core.target import wanted_recipe
from tests.given import (
    MINUTE,
    NOW,
    STORE_DOWN,
    UNKNOWN,
    available,
    in_probation,
    observed,
    on_trial,
    recipe,
    record,
    ref,
    rejected,
    serving,
    spec,
)

OTHER_DIGEST = "sha256:" + "a" * 64
OTHER = spec(serving={"batching": {"maxSize": 8}})


def after(world: Observed) -> Status:
    return follow(world, world.status, wanted_recipe(world), NOW)


def outcomes(status: Status) -> list[tuple[str, str]]:
    return [(one.version, one.outcome) for one in status.history]


# A first version


def test_a_first_version_goes_on_trial() -> None:
    assert after(observed()).trial == Trial(ref("1"), Stage.PREPARING, began=NOW, stage_since=NOW)


def test_a_first_version_that_is_on_its_way_goes_on() -> None:
    world = replace(on_trial(Stage.PREPARING, since=MINUTE), serving=None)
    world = replace(world, status=replace(world.status, stable=None))
    assert after(world) == world.status


def test_a_first_version_is_replaced_before_it_served() -> None:
    world = on_trial(Stage.PREPARING, wants="3", world={"serving": None})
    status = after(replace(world, status=replace(world.status, stable=None)))
    assert status.trial is not None
    assert (status.trial.candidate, status.stable) == (ref("3"), None)
    assert outcomes(status) == [("2", "Superseded")]


def test_nothing_starts_before_it_is_known_whether_something_served() -> None:
    assert after(observed(serving=UNKNOWN)) == Status()


# An object that was made again


def test_what_the_store_remembers_is_stable_again() -> None:
    status = after(observed(wants="2", serving=record("1")))
    assert (status.stable, status.trial) == (ref("1"), None)
    assert outcomes(status) == []  # it was never tried here


def test_then_the_wanted_version_goes_on_trial() -> None:
    world = observed(wants="2", serving=record("1"))
    status = follow(world, after(world), wanted_recipe(world), NOW)
    assert status.trial is not None
    assert (status.stable, status.trial.candidate) == (ref("1"), ref("2"))


def test_what_the_store_remembers_is_what_is_wanted() -> None:
    status = after(observed(wants="1", serving=record("1")))
    assert status.trial is not None
    assert (status.stable, status.trial.candidate) == (None, ref("1"))


@pytest.mark.parametrize("wants", ["1", "2"])
def test_a_lost_status_does_not_lose_the_pods_that_serve(wants: str) -> None:
    """The spec has moved on since; made anew the old version would be another revision, and its pods would go."""
    world = serving("1", wants=wants)
    status = after(replace(world, status=Status(), spec=OTHER))
    assert status.stable == ref("1")


def test_a_lost_status_beside_a_store_that_says_nothing_leaves_what_runs_in_its_place() -> None:
    """The record was never written, or somebody deleted it: the wanted version is untried all the same."""
    lost = replace(serving("1", wants="2"), status=Status(), serving=None)
    status = after(lost)
    assert status.stable == ref("1")
    assert after(replace(lost, pods={})).stable is None, "what does not run does not serve"
    both = {**lost.pods, ref("2").revision: available(1)}
    assert after(replace(lost, recipes={**lost.recipes, recipe("2").revision: recipe("2")}, pods=both)).stable == ref(
        "1"
    )


def test_what_is_on_trial_is_not_stable_because_somebody_wrote_so() -> None:
    world = on_trial(Stage.CANARY, world={"serving": record("1", ref("1").revision)})
    status = after(replace(world, status=replace(world.status, stable=ref("2"))))
    assert (status.stable, status.trial) == (ref("1"), None)
    assert [one.revision for one in status.retiring] == [ref("2").revision]


def test_a_first_version_that_another_replaces_never_served() -> None:
    begun = after(replace(serving("1"), status=Status(), serving=None))
    assert begun.trial is not None
    replaced = after(replace(serving("1", wants="2"), status=begun, serving=None))
    assert replaced.trial is not None
    assert (replaced.stable, replaced.trial.candidate) == (None, ref("2"))


def test_a_lost_status_lets_a_candidate_retire_that_may_still_get_requests() -> None:
    world = on_trial(Stage.CANARY)
    status = after(replace(world, status=Status()))
    assert status.stable == ref("1")
    assert [one.revision for one in status.retiring] == [ref("2").revision]


def test_a_trial_that_began_before_the_record_was_read_ends() -> None:
    world = on_trial(Stage.PREPARING, world={"serving": record("1"), "recipes": {}})
    status = after(replace(world, status=replace(world.status, stable=None)))
    assert (status.stable, status.trial) == (ref("1"), None)
    assert outcomes(status) == [("2", "Superseded")]


def test_a_trial_of_what_the_record_names_needs_no_end() -> None:
    world = on_trial(Stage.PREPARING, world={"serving": record("2", ref("2").revision)})
    status = after(replace(world, status=replace(world.status, stable=None)))
    assert (status.stable, status.trial, outcomes(status)) == (ref("2"), None, [])


# While a version serves


def test_another_version_goes_on_trial() -> None:
    status = after(serving("1", wants="2"))
    assert status.trial is not None
    assert (status.trial.candidate, status.stable) == (ref("2"), ref("1"))


def test_another_way_to_serve_the_same_version_goes_on_trial() -> None:
    status = after(replace(serving("1"), spec=OTHER))
    assert status.trial is not None
    assert status.trial.candidate == ref("1", OTHER) != ref("1")


@pytest.mark.parametrize(
    "change",
    [
        {"spec": spec(replicas=9)},
        {"spec": spec(rollout={"paused": True})},
        {"spec": spec(monitoring={"drift": {}})},
        {"spec": spec(version="1")},
        {"generation": 7, "uid": "made again"},
    ],
)
def test_what_pods_do_not_run_makes_no_trial(change: dict[str, Any]) -> None:
    world = replace(serving("1"), **change)
    assert after(world) == world.status


def test_a_rejected_version_is_not_tried_again() -> None:
    world = serving("1", wants="2", status=Status(stable=ref("1"), rejected=(rejected("2"),)))
    assert after(world) == world.status


def test_a_rejected_version_is_tried_with_another_spec() -> None:
    world = serving("1", wants="2", status=Status(stable=ref("1"), rejected=(rejected("2"),)))
    status = after(replace(world, spec=OTHER))
    assert status.trial is not None
    assert status.trial.candidate == ref("2", OTHER)


@pytest.mark.parametrize("unknown", [{"target": STORE_DOWN}, {"spec": UNKNOWN}])
@pytest.mark.parametrize(
    "world",
    [observed(), serving("1"), on_trial(Stage.CANARY), in_probation(since=MINUTE), observed(serving=record("1"))],
)
def test_what_is_not_known_changes_nothing(world: Observed, unknown: dict[str, Any]) -> None:
    assert after(replace(world, **unknown)) == world.status


# While a trial goes on


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.SHADOW, Stage.CANARY])
@pytest.mark.parametrize(
    ("named", "said"),
    [
        (spec(version="99"), "version 99 is wanted"),
        (spec(digest=OTHER_DIGEST), f"spec.model.digest is {OTHER_DIGEST}, and version 2 has another"),
    ],
)
def test_what_the_spec_names_no_longer_ends_though_the_store_knows_nothing(
    stage: Stage, named: Spec, said: str
) -> None:
    missing = Unknown(Reason.VERSION_NOT_FOUND, "there is no such version")
    status = after(replace(on_trial(stage), spec=named, target=missing))
    assert (status.stable, status.trial) == (ref("1"), None)
    assert (status.history[-1].outcome, status.history[-1].message) == ("Superseded", said)


def test_what_the_spec_still_names_goes_on_though_the_store_knows_nothing() -> None:
    world = on_trial(Stage.CANARY)
    named = spec(version="2", digest=ref("2").digest)
    assert after(replace(world, spec=named, target=STORE_DOWN)).trial == world.status.trial


def test_a_newer_version_replaces_the_candidate() -> None:
    status = after(on_trial(Stage.CANARY, step=2, wants="3"))
    assert status.trial == Trial(ref("3"), Stage.PREPARING, began=NOW, stage_since=NOW)
    assert outcomes(status) == [("2", "Superseded")]
    assert status.history[-1].message == "by version 3"
    assert [one.revision for one in status.retiring] == [ref("2").revision]


def test_back_to_stable_ends_the_trial() -> None:
    status = after(on_trial(Stage.CANARY, step=2, wants="1"))
    assert (status.stable, status.trial) == (ref("1"), None)
    assert outcomes(status) == [("2", "Aborted")]


def test_back_to_a_rejected_version_ends_the_trial_without_another() -> None:
    world = on_trial(Stage.SHADOW, wants="3")
    status = after(replace(world, status=replace(world.status, rejected=(rejected("3"),))))
    assert status.trial is None
    assert outcomes(status) == [("2", "Superseded")]


def test_the_spec_changed_in_mid_canary() -> None:
    status = after(on_trial(Stage.CANARY, world={"spec": OTHER}))
    assert status.trial is not None
    assert status.trial.candidate == ref("2", OTHER)
    assert status.history[-1].message == "by version 2 with other settings: maximum batch"


@pytest.mark.parametrize("wants", ["1", "3"])
def test_the_candidate_keeps_its_traffic_while_stable_has_no_pods(wants: str) -> None:
    world = on_trial(Stage.CANARY, wants=wants, stable_pods=available(0))
    assert after(world) == world.status


# In probation


def test_back_to_the_version_before_needs_no_trial() -> None:
    status = after(in_probation(since=MINUTE, wants="1"))
    assert (status.stable, status.trial, status.probation) == (ref("1"), None, None)
    assert outcomes(status)[-1] == ("2", "Aborted")
    assert status.rejected == ()  # a person's wish says nothing of the version
    assert [one.revision for one in status.retiring] == [ref("2").revision]


def test_back_to_the_version_before_waits_for_its_pods() -> None:
    world = in_probation(since=MINUTE, wants="1")
    world = replace(world, pods={ref("2").revision: available(2)})
    assert after(world) == world.status


def test_the_version_before_keeps_its_image_though_the_default_has_changed() -> None:
    world = in_probation(since=MINUTE, wants="1")
    world = replace(world, defaults=replace(world.defaults, runtime_image="runtime:2"))
    assert after(world).stable == ref("1")


def test_the_version_before_comes_back_first_where_its_pods_are_to_be_others() -> None:
    """What is warm takes the traffic back at once; then its version is tried with the pods that the spec asks for."""
    back = after(replace(in_probation(since=MINUTE, wants="1"), spec=OTHER))
    assert (back.stable, back.probation, back.trial) == (ref("1"), None, None)
    assert outcomes(back)[-1] == ("2", "Aborted")
    tried = after(replace(serving("1"), status=back, spec=OTHER))
    assert tried.trial is not None
    assert (tried.stable, tried.trial.candidate) == (ref("1"), ref("1", OTHER))


def test_other_pods_of_the_promoted_version_are_no_way_back() -> None:
    status = after(replace(in_probation(since=MINUTE), spec=OTHER))
    assert status.trial is not None
    assert (status.stable, status.trial.candidate) == (ref("2"), ref("2", OTHER))


def test_a_third_version_ends_the_probation() -> None:
    status = after(in_probation(since=MINUTE, wants="3"))
    assert status.trial is not None
    assert (status.stable, status.trial.candidate, status.probation) == (ref("2"), ref("3"), None)
    assert [one.revision for one in status.retiring] == [ref("1").revision]


# What was lost


def test_a_revision_that_was_lost_is_made_again_as_the_spec_is_today() -> None:
    world = replace(serving("1", wants="2"), spec=OTHER, recipes={}, pods={})
    status = after(world)
    assert status.stable == ref("1", OTHER)


@pytest.mark.parametrize(
    "left", [{"pods": {}}, {"recipes": {}}], ids=["its Deployment was deleted", "its ControllerRevision was deleted"]
)
def test_a_revision_of_which_something_is_left_is_not_made_again(left: dict[str, Any]) -> None:
    world = replace(serving("1", wants="1"), spec=OTHER, **left)
    assert after(world).stable == ref("1")


def test_the_version_before_is_made_again_too() -> None:
    world = in_probation(since=MINUTE)
    kept = {ref("2").revision: recipe("2")}
    status = after(replace(world, spec=spec(), recipes=kept, pods={ref("2").revision: available(2)}))
    assert status.probation is not None
    assert status.probation.previous == ref("1")


def test_a_probation_of_a_revision_by_itself_is_none() -> None:
    """Only the way of serving was on trial; what was lost is made again as the spec is today, which is stable."""
    world = in_probation(since=MINUTE)
    assert world.status.probation is not None
    before = replace(ref("2"), revision="0123456789")
    status = replace(world.status, probation=replace(world.status.probation, previous=before))
    assert after(replace(world, status=status)).probation is None


def test_stable_that_is_made_again_as_the_candidate_is_on_no_trial() -> None:
    world = on_trial(Stage.CANARY)
    lost = replace(ref("2"), revision="0123456789")
    status = after(replace(world, status=replace(world.status, stable=lost), serving=record("2", lost.revision)))
    assert (status.stable, status.trial) == (ref("2"), None)
    assert outcomes(status) == [("2", Outcome.ABORTED)]
