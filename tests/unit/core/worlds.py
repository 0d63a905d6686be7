"""Strategies of observed worlds: whatever a status, a cluster and a store may say together, likely or not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from seatrial.api import requests
from seatrial.api.conditions import Reason
from seatrial.api.spec import Spec
from seatrial.api.status import Probation, RestartsLeftOut, RevisionRef, Stage, Status, TrainingStatus, Trial
from seatrial.contract import labels
from seatrial.core import compared
from seatrial.core.moves import Outcome, retire
from seatrial.core.observed import Alert, Evidence, Job, JobPhase, Observed, Pods, RouteState, Unknown
from seatrial.core.recipe import Recipe
from seatrial.core.stages import kept
from seatrial.ports import Restarts
from tests.given import (
    NOW,
    ROUTE,
    TRAINING,
    available,
    ended,
    failing,
    healthy,
    nothing_yet,
    observed,
    recipe,
    record,
    rejected,
    slow,
    spec,
    target,
    troubled,
)

VERSIONS = ("1", "2", "3")
ROLLOUTS: tuple[dict[str, Any], ...] = (
    {},
    {"shadow": {"enabled": False}},
    {"canary": {"enabled": False}},
    {"shadow": {"enabled": False}, "canary": {"enabled": False}, "probation": "0s"},
    {"canary": {"steps": [{"weight": 50}], "stepDuration": "1m"}},
    {"paused": True},
    {"onDeadline": "Rollback"},
    {"onDeadline": "Promote", "probation": "0s"},
)
BATCHES = (64, 8)


def _spec(rollout: dict[str, Any], replicas: int, batch: int, routed: bool, trains: bool) -> Spec:
    sections: dict[str, Any] = {"rollout": rollout, "serving": {"batching": {"maxSize": batch}}}
    sections |= {"route": ROUTE} if routed else {}
    sections |= {"training": {**TRAINING, "includeFeedback": False}} if trains else {}
    return spec(replicas=replicas, **sections)


# Parsing is slow, and what matters is few.
SPECS = {
    (i, replicas, batch, routed, trains): _spec(rollout, replicas, batch, routed, trains)
    for i, rollout in enumerate(ROLLOUTS)
    for replicas in (0, 1, 4)
    for batch in BATCHES
    for routed in (False, True)
    for trains in (False, True)
}
RECIPES: list[Recipe] = [
    recipe(version, spec(serving={"batching": {"maxSize": batch}})) for version in VERSIONS for batch in BATCHES
]
REFS = [RevisionRef(one.revision, one.version, one.digest) for one in RECIPES]
UNKNOWN = Unknown(Reason.STORE_UNREACHABLE, "it does not answer")

specs = st.sampled_from(sorted(SPECS)).map(lambda key: SPECS[key])
refs = st.sampled_from(REFS)
agos = st.sampled_from([0, 1, 31, 61, 660, 3600, 30_000, 10**6, -1, -60, -3600])
times = agos.map(lambda seconds: NOW - timedelta(seconds=seconds))
pods = st.sampled_from(
    [
        available(0),
        available(1),
        available(4),
        Pods(wanted=4, ready=4, available=2),
        Pods(4, 4, 4, restarts=Restarts(dict.fromkeys("abcd", 3), ending="exit code 137 (OOMKilled)")),
        Pods(1, 1, 1, restarts=Restarts({"a": 4}, frozenset("a"))),
        Pods(4, 4, 4, "the pods cannot be seen: no answer", None),
        troubled("ErrImagePull: no such image"),
        troubled("CrashLoopBackOff: refused: model.skops has not its digest"),
    ]
)
routes = st.none() | st.builds(
    RouteState,
    st.sampled_from([None, True, False]),
    st.just("in the gateway's words"),
    st.dictionaries(refs.map(lambda one: f"risk-{one.revision}"), st.sampled_from([0, 10, 90, 100]), max_size=3),
    st.sampled_from([(), (("gateways", "models"),), (("gateways", "models"), ("ml", "old"))]),
)
by_pod = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 4), max_size=3)
restarts_left_out = st.builds(RestartsLeftOut, by_pod, by_pod)
trials = st.builds(
    Trial,
    refs,
    st.sampled_from([Stage.PREPARING, Stage.SHADOW, Stage.CANARY]),
    times,
    times,
    st.integers(0, 6),
    st.none() | times,
    st.none() | times,
    st.sampled_from([0, 0, 600]),
    st.booleans(),
    restarts_left_out,
    st.sampled_from(["", "waits"]),
    st.sampled_from(["", Reason.PAUSED.value, Reason.DEADLINE_EXCEEDED.value]),
)
annotations = st.fixed_dictionaries(
    {},
    optional={
        labels.TRAIN: st.just("please"),
        requests.PROMOTE: refs.map(lambda one: one.revision) | refs.map(lambda one: f"{one.revision}/5"),
        requests.ABORT: refs.map(lambda one: one.revision),
        requests.RETRY: refs.map(lambda one: f"{one.revision}/now"),
    },
)
trainings = st.builds(
    TrainingStatus,
    st.just("risk-train-1"),
    st.just("drift"),
    st.just("PSI"),
    times,
    st.sampled_from(["", "Passed", "Rejected", "Failed"]),
)
jobs = st.sampled_from([{}, {"risk-train-1": Job(JobPhase.RUNNING)}, {"risk-train-1": Job(JobPhase.FAILED, "x")}])


@st.composite
def statuses(draw: st.DrawFn) -> Status:
    """Return a status in which a trial and a probation are not at once, as in every status that was ever written."""
    stable = draw(st.none() | refs)
    trial = draw(st.none() | trials)
    probation = (
        draw(st.none() | st.builds(Probation, refs, times, times, restarts_left_out)) if stable and not trial else None
    )
    status = Status(
        stable=stable,
        trial=trial,
        probation=probation,
        weight=draw(st.integers(0, 99)) if trial is not None and trial.stage is Stage.CANARY and stable else 0,
        rejected=tuple(rejected(version) for version in draw(st.sets(st.sampled_from(VERSIONS), max_size=2))),
        history=draw(st.sampled_from([(), (ended("1"),), (ended("2", Outcome.SUPERSEDED),)])),
        training=draw(st.none() | trainings),
    )
    retired = draw(st.lists(refs, max_size=2, unique=True))
    for one in retired:
        if one not in kept(status):
            status = retire(status, one, draw(times))
    return status


def _evidence(status: Status, kind: str, there: bool) -> Evidence | Unknown:
    since = compared.judged_since(status)
    if since is None or not there:
        return UNKNOWN if not there else nothing_yet(NOW)
    made = {"healthy": healthy, "failing": failing, "slow": slow, "nothing": nothing_yet}[kind](since)
    return replace(made, requests=made.requests[:4], latency={name: it[:4] for name, it in made.latency.items()})


@st.composite
def worlds(draw: st.DrawFn) -> Observed:
    """Return a world."""
    status, version = draw(statuses()), draw(st.sampled_from(VERSIONS))
    known = [RECIPES[i] for i in draw(st.sets(st.integers(0, len(RECIPES) - 1)))]
    served = draw(st.none() | st.sampled_from(RECIPES) | st.just(UNKNOWN))
    running = draw(st.dictionaries(refs.map(lambda one: one.revision), pods))
    alert = Alert("A", "drift", "PSI", status.stable.revision if status.stable else "")
    return observed(
        of=draw(specs),
        status=status,
        target=draw(st.just(target(version)) | st.just(UNKNOWN)) if draw(st.booleans()) else target(version),
        serving=record(served.version, served.revision) if isinstance(served, Recipe) else served,
        recipes={one.revision: one for one in known},
        pods=running,
        route=draw(routes),
        evidence=_evidence(
            status, draw(st.sampled_from(["healthy", "failing", "slow", "nothing"])), draw(st.booleans())
        ),
        alerts=draw(st.sampled_from([(), (alert,), UNKNOWN])),
        jobs=draw(jobs),
        annotations=draw(annotations),
        objects=frozenset(
            (api, kind, f"risk-{revision}")
            for revision in running
            for api, kind in (("apps/v1", "Deployment"), ("v1", "Service"))
        ),
        failure=draw(st.sampled_from([None, UNKNOWN, Unknown(Reason.APPLY_FAILED, "403: may not")])),
    )
