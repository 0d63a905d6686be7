"""One decision: what should be written, for what is observed at this moment. Total, pure, idempotent."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from math import isfinite

from seatrial.api import requests
from seatrial.api.spec import Spec
from seatrial.api.status import Finding as ReportedFinding
from seatrial.api.status import RevisionRef, Stage, Status
from seatrial.contract.records import Pointer
from seatrial.core import deadline, describe, moves, news
from seatrial.core.asked import spent
from seatrial.core.clocks import not_ahead
from seatrial.core.compared import judged_since
from seatrial.core.decision import Decision
from seatrial.core.desired import desired_objects, removals
from seatrial.core.follow import follow
from seatrial.core.gauges import gauges, rollout_gauges
from seatrial.core.judging import ALPHA, judge
from seatrial.core.objects.predictor import revision_objects
from seatrial.core.observed import Observed, Unknown
from seatrial.core.plan import plan, with_weight
from seatrial.core.recipe import Recipe
from seatrial.core.restarts import noted
from seatrial.core.rollout import advance
from seatrial.core.stages import fitted, kept, pods_of, routed
from seatrial.core.target import awaited, cannot_tell, wanted_recipe
from seatrial.core.training import next_training
from seatrial.judge.budget import alpha_left
from seatrial.judge.verdict import Finding
from seatrial.judge.wording import decimal, e_value

# What is judged is looked at most often: until the next look callers get a failing candidate's answers. What is settled
# is looked at as often as a channel should be noticed to have moved.
JUDGED, ON_ITS_WAY = timedelta(seconds=1), timedelta(seconds=2)
FOLLOWING, SETTLED = timedelta(seconds=10), timedelta(seconds=60)


def decide(observed: Observed, now: datetime) -> Decision:
    """Return what should be so, at `now` (UTC)."""
    now = now.replace(microsecond=0)  # what status can hold
    spec, said = _valid_spec(observed), observed.annotations
    if spec is None:
        return _say_only(observed, now)
    live = requests.unspent(said, observed.status.promoted)
    observed = replace(
        observed,
        recipes=_sound(observed.recipes),
        annotations=live,
        status=not_ahead(observed.status, now),
    )
    if cannot_tell(observed):
        return _say_only(observed, now)
    if (trial := observed.status.trial) is not None:
        observed = replace(observed, status=replace(observed.status, trial=fitted(spec.rollout, trial)))
    if (served := awaited(observed)) is not None:
        return _bring_up(observed, spec, served, now)
    sent = routed(observed, spec.rollout.progress_deadline, now)
    status = spent(observed.status, _next(observed, spec, sent, now), said)
    wanted = wanted_recipe(observed)
    chosen = plan(observed, spec, status, wanted, now)
    objects = desired_objects(observed, spec, status, chosen)
    described = _described(observed, status, now)
    return Decision(
        status=described,
        objects=objects,
        serving=_serving_record(observed, status, now),
        audits=news.audits(status, now),
        removals=removals(observed, spec, status, objects, sent),
        events=news.events(observed.status, described),
        gauges=gauges(observed, spec, status),
        requeue_after=_next_look(observed, spec, status),
    )


def _valid_spec(observed: Observed) -> Spec | None:
    """Return the spec; where it is not valid the last that was, while something is tried: that goes no further then.

    So that a candidate that fails is rolled back, and one that is aborted ends, although somebody made a mistake
    meanwhile.
    """
    if not isinstance(observed.spec, Unknown):
        return observed.spec
    tried = observed.status.trial is not None or observed.status.probation is not None
    return observed.last_spec if tried else None


def _sound(recipes: Mapping[str, Recipe]) -> Mapping[str, Recipe]:
    """Leave out recipes that are not what their revision says: somebody else wrote there."""
    return {revision: recipe for revision, recipe in recipes.items() if recipe.revision == revision}


def _next(observed: Observed, spec: Spec, sent: Collection[str], now: datetime) -> Status:
    """Return the next status: first what is wanted, then what the verdict asks, then the weight, then trainings.

    A pass makes one move. What follows from it is decided in the next, with evidence of the new stage.
    """
    before = moves.forget_retired(observed.status, sent, now)
    status = follow(observed, before, wanted_recipe(observed), now)
    if (status.trial, status.probation) == (before.trial, before.probation):
        findings = judge(observed, spec)
        status = advance(observed, spec, noted(observed, status), findings, now)
        status = _with_findings(observed.status, status, findings)
    status = moves.unretire(with_weight(observed, spec, status, now), kept(status))
    return next_training(observed, spec, status, now)


def _with_findings(before: Status, status: Status, findings: tuple[Finding, ...]) -> Status:
    """Keep the findings as long as the stage they are about goes on."""
    if status.stage is not before.stage or status.stage in (Stage.IDLE, Stage.PREPARING):
        return replace(status, alpha_left="")
    left = decimal(alpha_left(findings, ALPHA)) if findings else ""
    reported = tuple(_reported(finding, before.findings) for finding in findings)
    return replace(status, findings=reported, alpha_left=left)


def _reported(finding: Finding, before: tuple[ReportedFinding, ...]) -> ReportedFinding:
    """A Fail that stands while nothing can be asked keeps its numbers."""
    told = ReportedFinding(finding.check, finding.verdict.value, finding.sentence)
    if isfinite(finding.evidence):
        return replace(told, evidence=e_value(finding.evidence), needed=e_value(finding.threshold))
    return next((one for one in before if replace(one, evidence="", needed="") == told), told)


def _described(observed: Observed, status: Status, now: datetime) -> Status:
    conditions = describe.conditions(observed, status)
    available = pods_of(observed, status.stable.revision).available if status.stable is not None else 0
    return replace(
        status,
        observed_generation=observed.generation,
        replicas=available,
        conditions=conditions,
        changed=describe.changed(observed.status, conditions, now),
    )


def _serving_record(observed: Observed, status: Status, now: datetime) -> Pointer | None:
    """Return the serving record, where the store has another or none.

    What cannot be read is not written either, and nothing is recorded that never ran.
    """
    stable, record = status.stable, observed.serving
    if stable is None or isinstance(record, Unknown) or not pods_of(observed, stable.revision).available:
        return None
    if record is not None and RevisionRef(record.revision, record.version, record.digest) == stable:
        return None
    return Pointer(stable.version, stable.digest, now.isoformat(), news.WHO, revision=stable.revision)


def _say_only(observed: Observed, now: datetime) -> Decision:
    """A spec or a status that cannot be relied on changes nothing that runs; the conditions say what is wrong."""
    status = _described(observed, deadline.halted(observed.status, now), now)
    events = news.events(observed.status, status)
    return Decision(status=status, events=events, gauges=tuple(rollout_gauges(status)), requeue_after=SETTLED)


def _bring_up(observed: Observed, spec: Spec, served: Recipe, now: datetime) -> Decision:
    """Traffic stays with what has pods, whoever made it stable, until what should serve has some too."""
    objects = revision_objects(observed, served, max(1, spec.serving.replicas))
    return replace(_say_only(observed, now), objects=tuple(objects), requeue_after=ON_ITS_WAY)


def _next_look(observed: Observed, spec: Spec, status: Status) -> timedelta:
    """What is on its way is looked at often; a person who mends what is missing should not have to wait long."""
    if judged_since(status) is not None:
        return JUDGED
    if status.trial is not None or status.retiring:
        return ON_ITS_WAY
    unknown = isinstance(observed.target, Unknown) or (status.stable is None and isinstance(observed.serving, Unknown))
    return FOLLOWING if spec.model.channel is not None or unknown else SETTLED
