"""A status that somebody else wrote: well-formed, and not so."""

from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.conditions import Type
from seatrial.api.status import RevisionRef, Stage, Status
from seatrial.core.decide import decide
from seatrial.core.moves import Outcome
from seatrial.core.observed import Observed, Unknown
from tests.given import (
    MINUTE,
    NOW,
    STORE_DOWN,
    available,
    ended,
    in_probation,
    on_trial,
    recipe,
    record,
    ref,
    rejected,
    serving,
    spec,
    target,
)
from tests.unit.core.story import ROUTED, Story

INVENTED = RevisionRef("0123456789", "9", "sha256:" + "9" * 64)
TWO = ref("2").revision
KNOWN = replace(serving("1"), recipes={ref(one).revision: recipe(one) for one in ("1", "2")})


def with_stable(world: Observed, stable: RevisionRef) -> Observed:
    return replace(world, status=replace(world.status, stable=stable))


@pytest.mark.parametrize(
    "world",
    [
        with_stable(serving("1"), INVENTED),
        with_stable(replace(KNOWN, status=Status(rejected=(rejected("2"),))), ref("2")),
        with_stable(replace(serving("1"), target=STORE_DOWN), INVENTED),
    ],
    ids=["an invention", "a revision that was rejected", "and the wanted version is not known"],
)
def test_what_serves_by_the_record_and_has_pods_is_stable_again(world: Observed) -> None:
    decision = decide(world, NOW)
    assert decision.status.stable == ref("1")
    assert decision.serving is None
    assert not [one for one in decision.removals if ref("1").revision in one.name]


def test_while_what_should_serve_has_no_pods_what_has_some_serves_on() -> None:
    """A version that was rejected was made stable by hand, and the pods of the recorded one have gone."""
    world = with_stable(replace(KNOWN, status=Status(rejected=(rejected("2"),))), ref("2"))
    world = replace(world, pods={ref("1").revision: available(0), TWO: available(2)})
    decision = decide(world, NOW)
    assert (decision.status.stable, decision.removals, decision.serving) == (ref("2"), (), None)
    assert {one["metadata"]["name"] for one in decision.objects} == {f"risk-{ref('1').revision}"}
    stalled = next(one for one in decision.status.conditions if one.type == Type.STALLED)
    assert "version 1 takes over as soon as its pods are available: none is available yet" in stalled.message
    ready = replace(world, pods={**world.pods, ref("1").revision: available(1)})
    assert decide(ready, NOW).status.stable == ref("1")


def test_what_should_serve_is_brought_up_with_a_pod_at_least() -> None:
    world = with_stable(replace(serving("1", of=spec(replicas=0)), pods={TWO: available(1)}), INVENTED)
    [deployment] = [one for one in decide(world, NOW).objects if one["kind"] == "Deployment"]
    assert deployment["spec"]["replicas"] == 1


def test_where_nothing_has_pods_what_should_serve_is_stable_at_once() -> None:
    world = with_stable(replace(serving("1"), pods={ref("1").revision: available(0), TWO: available(0)}), INVENTED)
    assert decide(world, NOW).status.stable == ref("1")


def test_a_candidate_keeps_its_traffic_while_what_should_serve_has_no_pods() -> None:
    """Recipe and pods of stable are gone in mid-canary, and the record names a third version."""
    world = on_trial(Stage.CANARY, step=1, since=MINUTE)
    recipes, pods = {TWO: recipe("2")}, {TWO: available(2)}
    world = replace(world, recipes=recipes, pods=pods, serving=record("3", ref("3").revision))
    decision = decide(replace(world, target=target("3")), NOW)
    assert decision.status.stable == ref("1")
    assert {one["metadata"]["name"] for one in decision.objects} == {f"risk-{ref('3').revision}"}


THREE = ("1", "2", "3")
PAST = (ended("1"), ended("2"), ended("3", Outcome.ROLLED_BACK))


def all_run(**changes: Any) -> Observed:
    """All three versions have recipe and pods; status names an invention, and remembers what was promoted."""
    made = {ref(one).revision: recipe(one) for one in THREE}
    world = serving("1", recipes=made, pods={revision: available(1) for revision in made}, serving=None)
    return replace(with_stable(replace(world, status=replace(world.status, history=PAST)), INVENTED), **changes)


def test_without_a_record_what_was_promoted_last_is_stable_again() -> None:
    assert decide(all_run(), NOW).status.stable == ref("2")


@pytest.mark.parametrize("lost", ["pods", "recipes"])
def test_what_was_promoted_last_and_is_gone_is_not(lost: str) -> None:
    world = all_run()
    left: Any = {lost: {revision: it for revision, it in getattr(world, lost).items() if revision != TWO}}
    assert decide(replace(world, **left), NOW).status.stable == ref("1")


def test_a_record_goes_before_the_history() -> None:
    assert decide(all_run(serving=record("3", ref("3").revision)), NOW).status.stable == ref("3")


def test_a_record_whose_recipe_was_lost_is_made_of_the_spec_that_it_was_made_of() -> None:
    world = all_run(serving=record("1", ref("1").revision))
    rest = {revision: one for revision, one in world.recipes.items() if one.version != "1"}
    assert decide(replace(world, recipes=rest), NOW).status.stable == ref("1")
    other = replace(world, recipes=rest, spec=spec(serving={"batching": {"maxSize": 8}}))
    assert decide(other, NOW).status.stable == ref("2"), "or else what was promoted last"
    nothing = replace(other, status=replace(other.status, history=()))
    assert decide(nothing, NOW).objects == ()


def test_while_the_store_is_down_the_history_alone_moves_nothing() -> None:
    decision = decide(all_run(serving=STORE_DOWN), NOW)
    assert (decision.status.stable, decision.objects, decision.removals) == (INVENTED, (), ())


def test_a_record_of_another_digest_counts_for_nothing() -> None:
    wrong = replace(record("1", ref("1").revision), digest=INVENTED.digest)
    assert decide(all_run(serving=wrong), NOW).status.stable == ref("2")


@pytest.mark.parametrize("outcome", [Outcome.ROLLED_BACK, Outcome.ABORTED])
def test_what_was_promoted_and_then_given_up_is_not(outcome: Outcome) -> None:
    world = all_run()
    past = (*world.status.history, ended("2", outcome))
    assert decide(replace(world, status=replace(world.status, history=past)), NOW).status.stable == ref("1")


def test_what_was_rejected_is_not_stable_though_it_still_has_pods() -> None:
    world = with_stable(all_run(), ref("3"))
    world = replace(world, status=replace(world.status, rejected=(rejected("3"),)))
    assert decide(world, NOW).status.stable == ref("2")


def test_what_was_promoted_last_is_made_again_without_a_record_too() -> None:
    """A store that may only be read has none; somebody has deleted what belongs to stable, in a canary."""
    world = on_trial(Stage.CANARY, world={"serving": None})
    rest = {TWO: recipe("2")}
    status = replace(world.status, history=(ended("1"),))
    world = replace(world, status=status, recipes=rest, pods={TWO: available(2)})
    made = {one["metadata"]["name"] for one in decide(world, NOW).objects if one["kind"] == "Deployment"}
    assert f"risk-{ref('1').revision}" in made


def test_what_was_lost_is_made_again_where_nothing_else_runs() -> None:
    """An operator whose cache is empty may see this, beside a record that could not be written yet."""
    world = serving("1", pods={}, recipes={TWO: recipe("2")}, serving=record("2", TWO))
    assert decide(world, NOW).status.stable == ref("1")


def test_what_is_recorded_is_made_again_though_something_else_runs() -> None:
    made = spec(serving={"batching": {"maxSize": 8}})
    world = serving("1", wants="2", pods={TWO: available(1)}, recipes={TWO: recipe("2")}, spec=made)
    assert decide(world, NOW).status.stable == ref("1", made)


def test_what_has_a_deployment_is_believed_whatever_the_record_says() -> None:
    world = serving("1", recipes={TWO: recipe("2")}, serving=record("2", TWO))
    world = replace(world, pods={**world.pods, TWO: available(1)})
    assert decide(world, NOW).status.stable == ref("1")


def test_in_mid_canary_the_trial_ends_and_begins_anew() -> None:
    decision = decide(with_stable(on_trial(Stage.CANARY), INVENTED), NOW)
    assert (decision.status.stable, decision.status.trial, decision.status.weight) == (ref("1"), None, 0)
    assert [(one.version, one.outcome) for one in decision.status.history] == [("2", Outcome.SUPERSEDED)]
    story = Story(with_stable(on_trial(Stage.CANARY, of=ROUTED), INVENTED))
    story.rest()
    assert story.world.status.stable == ref("2", ROUTED)


def test_a_probation_of_an_invention_is_none() -> None:
    status = decide(with_stable(in_probation(since=MINUTE), INVENTED), NOW).status
    assert (status.stable, status.probation) == (ref("2"), None)


@pytest.mark.parametrize("found", [STORE_DOWN, None], ids=["the store is down", "it has no record"])
def test_while_nothing_tells_what_serves_nothing_changes(found: Unknown | None) -> None:
    world = with_stable(serving("1", serving=found), INVENTED)
    decision = decide(world, NOW)
    assert (decision.objects, decision.removals, decision.serving) == ((), (), None)
    assert decision.status.stable == INVENTED


def test_the_store_may_be_down_where_the_recipe_of_what_was_deleted_is_known() -> None:
    world = replace(on_trial(Stage.CANARY), serving=STORE_DOWN, target=STORE_DOWN)
    world = replace(world, pods={ref("2").revision: available(2)})
    made = {one["metadata"]["name"] for one in decide(world, NOW).objects if one["kind"] == "Deployment"}
    assert made >= {f"risk-{ref('1').revision}", f"risk-{ref('2').revision}"}


def test_what_never_ran_is_not_recorded() -> None:
    world = with_stable(replace(serving("1", serving=record("2", "other")), pods={}), INVENTED)
    assert decide(world, NOW).serving is None


@pytest.mark.parametrize("wrong", [{"version": "9"}, {"digest": INVENTED.digest}])
def test_a_known_revision_is_of_the_version_in_its_recipe(wrong: dict[str, str]) -> None:
    world = with_stable(serving("1"), replace(ref("1"), **wrong))
    assert decide(world, NOW).status.stable == ref("1")


def test_a_status_that_was_emptied_is_restored_from_the_record() -> None:
    assert decide(replace(serving("1"), status=Status()), NOW).status.stable == ref("1")
