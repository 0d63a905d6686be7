"""What holds of every decision, in every world."""

import json
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.api.status import MAXIMUM_HISTORY, MAXIMUM_REJECTED, Status
from seatrial.api.status_document import read_status, status_document
from seatrial.core import deadline
from seatrial.core.decide import decide
from seatrial.core.decision import Decision
from seatrial.core.moves import Outcome
from seatrial.core.news import new_endings
from seatrial.core.observed import Evidence, Observed
from seatrial.core.stages import goes_untried, kept, pods_of
from seatrial.core.target import awaited, is_doubtful
from seatrial.core.traffic import weights
from seatrial.ports import Restarts
from tests.given import KEY, NOW
from tests.unit.core.carried_out import carried_out, weights_of
from tests.unit.core.worlds import UNKNOWN, worlds

MOMENTS = st.sampled_from([timedelta(0), timedelta(microseconds=999_999), timedelta(hours=-1), timedelta(days=3)])
# Passes until nothing more follows from the same evidence at the same instant: each makes one move.
LONGEST = 8

quick = settings(max_examples=60)


def shares(status: Status) -> dict[str, int]:
    """Who gets which part of the traffic."""
    if status.stable is None:
        return {}
    candidate = status.trial.candidate.revision if status.trial is not None else None
    return weights(status.stable.revision, candidate, status.weight)


def whole_seconds(value: Any) -> bool:
    if isinstance(value, datetime):
        return value.microsecond == 0
    if isinstance(value, tuple):
        return all(whole_seconds(item) for item in value)
    if isinstance(value, dict):
        return all(whole_seconds(item) for item in value.values())
    return not is_dataclass(value) or all(whole_seconds(getattr(value, item.name)) for item in fields(value))


def revisions_with_deployments(decision: Decision) -> set[str]:
    documents = (one for one in decision.objects if one["kind"] == "Deployment")
    found = (one["metadata"]["labels"].get("seatrial.dev/revision") for one in documents)
    return {revision for revision in found if revision}


@quick
@given(worlds(), MOMENTS)
def test_every_world_has_its_decision(world: Observed, later: timedelta) -> None:
    decision = decide(world, NOW + later)
    status = decision.status
    # Spec and status of the ModelDeployment are nobody's to apply but the user's and `status`' own.
    assert all(document["kind"] != "ModelDeployment" for document in decision.objects)
    assert all(removal.kind != "ModelDeployment" for removal in decision.removals)
    # What is removed is not applied, and what is applied is not removed.
    removed = {(one.api_version, one.kind, one.name) for one in decision.removals}
    applied = {(one["apiVersion"], one["kind"], one["metadata"]["name"]) for one in decision.objects}
    assert not removed & applied
    # Weights add up to 100.
    routed = weights_of(decision)
    assert sum(routed.values()) in (0, 100)
    assert (
        not routed
        or {f"risk-{revision}": share for revision, share in shares(status).items()}.items() <= routed.items()
    )
    # Status is bounded, and reads back as it was written.
    assert len(status.history) <= MAXIMUM_HISTORY
    assert len(status.rejected) <= MAXIMUM_REJECTED
    assert whole_seconds(status)
    assert read_status(json.loads(json.dumps(status_document(status, KEY.name)))) == status
    # Nothing runs but what is kept up; what serves does not retire; and each of them is one revision.
    running = [ref.revision for ref in kept(status)]
    running += [served.revision] if (served := awaited(world)) is not None else []
    assert revisions_with_deployments(decision) <= set(running)
    assert not status.stable or status.stable.revision not in {one.revision for one in status.retiring}
    # Each ending is told and written down with its digest.
    told = {(audit.version, audit.digest, audit.detail) for audit in decision.audits}
    assert {(one.version, one.digest, one.message) for one in new_endings(world.status, status)} <= told
    assert timedelta(0) < decision.requeue_after <= timedelta(seconds=60)


@quick
@given(worlds())
def test_traffic_never_moves_to_where_there_are_no_pods(world: Observed) -> None:
    """Unless nobody has any: then nothing is lost. What was lost and is made again has no traffic to lose either."""
    before, after = shares(world.status), shares(decide(world, NOW).status)
    gained = {revision for revision, share in after.items() if share > before.get(revision, 0)}
    lost = {revision for revision, share in before.items() if share > after.get(revision, 0)}
    if any(pods_of(world, revision).available for revision in lost):
        assert all(pods_of(world, revision).available for revision in gained)


@quick
@given(worlds())
def test_what_the_gateway_sends_traffic_to_is_not_removed(world: Observed) -> None:
    removed = {one.name for one in decide(world, NOW).removals}
    weights = world.route.weights if world.route is not None else {}
    assert not removed & {name for name, weight in weights.items() if weight}


@quick
@given(worlds())
def test_stable_changes_only_for_a_reason(world: Observed) -> None:
    after = decide(world, NOW).status
    before = world.status.stable
    if after.stable == before:
        return
    outcomes = {(one.revision, one.outcome) for one in new_endings(world.status, after)}
    assert after.stable is not None
    promoted = (after.stable.revision, Outcome.PROMOTED.value) in outcomes
    back = (Outcome.ROLLED_BACK.value, Outcome.ABORTED.value)
    reverted = before is not None and any((before.revision, outcome) in outcomes for outcome in back)
    ran = after.stable.revision in world.recipes and pods_of(world, after.stable.revision).available > 0
    restored = before is None and (world.serving is not None or ran)
    healed = before is not None and before.revision not in world.recipes | world.pods  # type: ignore[operator]
    invented = is_doubtful(world)
    assert promoted or reverted or restored or healed or invented


@quick
@given(worlds())
def test_what_was_rejected_is_not_tried_again(world: Observed) -> None:
    after = decide(world, NOW).status
    if after.trial is not None and after.trial != world.status.trial and after.stable is not None:
        fresh = world.status.trial is None or world.status.trial.candidate != after.trial.candidate
        assert not fresh or after.trial.candidate.revision not in {one.revision for one in after.rejected}


@quick
@given(worlds())
def test_a_promotion_rests_on_checks_that_passed_or_on_what_a_person_said(world: Observed) -> None:
    """By the spec's deadline, by an annotation, or by a window for what served before."""
    after = decide(world, NOW).status
    promoted = [one for one in new_endings(world.status, after) if one.outcome == Outcome.PROMOTED]
    if not promoted or world.status.stable is None or not isinstance(world.spec, Spec):
        return
    asked = world.status.trial is not None and goes_untried(world, world.status.trial)
    assert asked or isinstance(world.evidence, Evidence) or world.spec.rollout.canary is None
    assert pods_of(world, promoted[0].revision).available >= max(1, world.spec.serving.replicas)


@quick
@given(worlds())
def test_what_is_not_known_moves_nothing(world: Observed) -> None:
    """Store and Prometheus are away, and no process ends: what serves goes on serving, and nothing goes."""
    quiet = {revision: replace(pods, restarts=Restarts()) for revision, pods in world.pods.items()}
    unknown = {"target": UNKNOWN, "alerts": UNKNOWN, "evidence": UNKNOWN, "serving": UNKNOWN}
    blind = replace(world, pods=quiet, annotations={}, **unknown)  # type: ignore[arg-type]
    decision = decide(blind, NOW)
    after, before = decision.status, world.status
    canary = isinstance(world.spec, Spec) and world.spec.rollout.canary is not None
    returning = before.trial is not None and before.trial.returning
    if before.stable is not None and canary and not returning:
        assert after.stable == before.stable
    kept_up = {f"risk-{ref.revision}" for ref in kept(before)[:1]}
    assert not {one.name for one in decision.removals} & kept_up
    assert after.training == before.training or before.training is not None
    assert decision.serving is None


@quick
@given(worlds())
def test_an_invalid_spec_changes_nothing_but_the_clock(world: Observed) -> None:
    decision = decide(replace(world, spec=UNKNOWN), NOW)
    said = {"conditions": (), "changed": None, "observed_generation": 0, "replicas": 0}
    before = deadline.halted(world.status, NOW)
    assert replace(decision.status, **said) == replace(before, **said)  # type: ignore[arg-type]
    assert (decision.objects, decision.removals, decision.serving) == ((), (), None)
    assert {event.reason for event in decision.events} <= {Reason.INVALID_SPEC, UNKNOWN.reason}


@settings(quick, max_examples=30)
@given(worlds())
def test_a_decision_that_was_carried_out_leads_to_rest(world: Observed) -> None:
    """With the same evidence at the same instant nothing more is decided, once each move that is due was made."""
    for _ in range(LONGEST):
        decision = decide(world, NOW)
        after = carried_out(world, decision)
        if after.status == world.status:
            break
        world = after
    again = decide(after, NOW)
    assert again.status == after.status
    assert (again.events, again.removals, again.serving) == ((), (), None)
    assert carried_out(after, again) == after
