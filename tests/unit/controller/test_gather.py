"""What a decision is told: read from cache, store and Prometheus, with a reason where it could not be read."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from seatrial.adapters.kube_kinds import MODEL_API
from seatrial.api import KIND
from seatrial.api.conditions import Reason
from seatrial.api.status import Probation, RevisionRef, Stage, Status, TrainingStatus, Trial
from seatrial.api.status_document import status_document
from seatrial.contract import labels, metrics
from seatrial.contract.canonical import digest_of
from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import File
from seatrial.contract.records import Pointer
from seatrial.contract.reference import REFERENCE, Reference
from seatrial.controller.cache import Place
from seatrial.controller.memory import Memory
from seatrial.core.observed import Evidence, Job, JobPhase, Observed, Pods, Unknown
from seatrial.judge.query import Reading
from seatrial.ports import Key, MetricsError, PodsSeen, Restarts, Source, UnavailableError
from seatrial.store.objects import UnreachableError
from tests.fakes.process import STORE, Process, World
from tests.given import DEFAULTS, manifest

KEY = Key("ml", "risk")
PLACE = Place(MODEL_API, KIND, "ml", "risk")
ONE, TWO = manifest("1"), manifest("2")
STABLE = RevisionRef("aaaa", "1", ONE.digest)


class Scene:
    """A world with one ModelDeployment, and an operator that looks at it."""

    def __init__(self) -> None:
        self.world = World()
        self.world.publish(ONE)
        self.memory = Memory()
        self.process = Process(self.world)

    def model(self, status: Status | None = None, **spec: Any) -> dict[str, Any]:
        self.world.user_wants(KEY, **spec)
        if status is not None:
            self.world.cluster.set_status(PLACE, status_document(status, "risk"))
        found = self.world.cluster.find(PLACE)
        assert found is not None
        return found

    def own(
        self,
        api_version: str,
        kind: str,
        name: str,
        revision: str = "",
        annotations: Mapping[str, str] = MappingProxyType({}),
        **parts: Any,
    ) -> Place:
        """Let an object of the ModelDeployment be there."""
        owner = self.world.cluster.find(PLACE)
        assert owner is not None
        metadata = {
            "namespace": "ml",
            "name": name,
            "labels": {labels.MODEL: "risk", **({labels.REVISION: revision} if revision else {})},
            "annotations": dict(annotations),
            "ownerReferences": [{"uid": owner["metadata"]["uid"]}],
        }
        self.world.cluster.user_apply({"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts})
        return Place(api_version, kind, "ml", name)

    async def look(self) -> Observed:
        self.process.see(self.world.cluster.take_events())
        document = self.world.cluster.find(PLACE)
        assert document is not None
        source = await self.process.gatherer.source(KEY, document)
        now = self.world.clock.now()
        return await self.process.gatherer.gather(KEY, document, source, self.memory, now)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def serving(**more: Any) -> Status:
    return Status(stable=STABLE, **more)


def on_trial(scene: Scene, stage: Stage = Stage.CANARY, minutes: float = 5) -> Status:
    since = scene.world.clock.now() - timedelta(minutes=minutes)
    trial = Trial(RevisionRef("bbbb", "2", TWO.digest), stage, began=since, stage_since=since)
    return serving(trial=trial)


async def test_a_new_model_deployment(scene: Scene) -> None:
    document = scene.model()
    observed = await scene.look()
    assert (observed.key, observed.uid, observed.generation) == (KEY, document["metadata"]["uid"], 1)
    assert observed.status == Status()
    assert not isinstance(observed.target, Unknown)
    assert observed.target.version == "1"
    assert observed.serving is None
    assert (observed.pods, observed.recipes, observed.jobs, observed.objects) == ({}, {}, {}, frozenset())
    assert observed.route is None
    assert observed.failure is None


async def test_a_spec_that_is_wrong_is_named_and_nothing_else_is_asked(scene: Scene) -> None:
    scene.model(model={"store": "nonsense", "version": "1"})
    scene.world.store.before = _never
    observed = await scene.look()
    assert isinstance(observed.spec, Unknown)
    assert observed.spec.reason is Reason.INVALID_SPEC
    assert "spec.model.store is 'nonsense'" in observed.spec.message
    for part in (observed.target, observed.serving, observed.evidence):
        assert part == observed.spec
    assert (observed.newest, observed.reference) == (None, None)


async def test_what_is_on_trial_is_judged_by_the_last_spec_that_was_valid(scene: Scene) -> None:
    """As the Service remembers it: an operator that has just started knows it too."""
    scene.model(on_trial(scene))
    before = await scene.look()
    assert before.last_spec == before.spec
    scene.own("v1", "Service", "risk", annotations={labels.LAST_VALID_SPEC: before.last_spec_text})
    scene.model(on_trial(scene), model={"store": "nonsense", "version": "1"})
    observed = await scene.look()
    assert isinstance(observed.spec, Unknown)
    assert (observed.last_spec, observed.last_spec_text) == (before.spec, before.last_spec_text)
    assert isinstance(observed.evidence, Evidence)
    assert isinstance(observed.target, Unknown)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"model": {"store": "nonsense"}}', "[" * 100_000])
async def test_what_somebody_else_wrote_there_is_no_spec(scene: Scene, text: str) -> None:
    scene.model(on_trial(scene), model={"store": "nonsense", "version": "1"})
    scene.own("v1", "Service", "risk", annotations={labels.LAST_VALID_SPEC: text})
    assert (await scene.look()).last_spec is None


async def test_a_secret_that_is_absent_leaves_everything_of_the_store_unknown(scene: Scene) -> None:
    scene.model(storage={"secretRef": {"name": "s3"}})
    observed = await scene.look()
    assert isinstance(observed.target, Unknown)
    assert observed.target.reason is Reason.SECRET_NOT_FOUND
    assert observed.serving == observed.target


async def test_pods_and_what_is_wrong_with_them(scene: Scene) -> None:
    scene.model()
    chosen = {"matchLabels": {labels.REVISION: "aaaa"}}
    place = scene.own("apps/v1", "Deployment", "risk-aaaa", "aaaa", spec={"replicas": 2, "selector": chosen})
    scene.world.cluster.seen["ml", f"{labels.REVISION}=aaaa"] = PodsSeen("ImagePullBackOff: no such image")
    scene.world.cluster.set_status(place, {"readyReplicas": 1})
    assert (await scene.look()).pods == {"aaaa": Pods(2, 1, 0)}
    scene.world.clock.advance(10)
    assert (await scene.look()).pods == {"aaaa": Pods(2, 1, 0, "ImagePullBackOff: no such image")}
    scene.world.cluster.set_status(place, {"readyReplicas": 2, "availableReplicas": 2})
    assert (await scene.look()).pods == {"aaaa": Pods(2, 2, 2)}


async def test_pods_that_a_quota_refuses_are_explained_by_the_deployment(scene: Scene) -> None:
    scene.model()
    chosen = {"matchLabels": {labels.REVISION: "aaaa"}}
    place = scene.own("apps/v1", "Deployment", "risk-aaaa", "aaaa", spec={"replicas": 2, "selector": chosen})
    refused = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: q"}
    fine = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated", "message": "progresses"}
    scene.world.cluster.set_status(place, {"conditions": [fine, refused]})
    scene.world.clock.advance(10)
    assert (await scene.look()).pods["aaaa"].trouble == "FailedCreate: exceeded quota: q"
    scene.world.cluster.set_status(place, {"conditions": [fine, {**refused, "status": "False"}]})
    assert (await scene.look()).pods["aaaa"].trouble == ""


async def test_trouble_that_cannot_be_seen_is_said_so(scene: Scene) -> None:
    scene.model()
    scene.own("apps/v1", "Deployment", "risk-aaaa", "aaaa", spec={"selector": {"matchLabels": {"a": "b"}}})
    scene.world.clock.advance(10)
    scene.world.cluster.before = _fails("pods", UnavailableError("no answer"))
    found = (await scene.look()).pods["aaaa"]
    assert (found.trouble, found.restarts) == ("the pods cannot be seen: no answer", None)


@pytest.mark.parametrize(("stage", "asked"), [("trial", True), ("probation", True), ("settled", False)])
async def test_pods_on_trial_are_asked_how_often_they_restarted_and_no_others(
    scene: Scene, stage: str, asked: bool
) -> None:
    other, now = RevisionRef("bbbb", "2", TWO.digest), scene.world.clock.now()
    statuses = {"trial": on_trial(scene), "probation": serving(probation=Probation(other, now, now))}
    scene.model(statuses.get(stage, serving()))
    often = Restarts({"a": 3}, ending="exit code 137 (OOMKilled)")
    for revision in ("aaaa", "bbbb", "cccc"):
        chosen = {"matchLabels": {labels.REVISION: revision}}
        place = scene.own("apps/v1", "Deployment", f"risk-{revision}", revision, spec={"selector": chosen})
        scene.world.cluster.set_status(place, {"readyReplicas": 1, "availableReplicas": 1})
        scene.world.cluster.seen["ml", f"{labels.REVISION}={revision}"] = PodsSeen(restarts=often)
    found = {revision: pods.restarts for revision, pods in (await scene.look()).pods.items()}
    assert found == {**dict.fromkeys(("aaaa", "bbbb"), often if asked else Restarts()), "cccc": Restarts()}


async def test_objects_of_an_earlier_one_of_that_name_do_not_count(scene: Scene) -> None:
    scene.model()
    scene.own("apps/v1", "Deployment", "risk-aaaa", "aaaa", spec={})
    scene.world.cluster.remove(PLACE)
    scene.model()
    observed = await scene.look()
    assert (observed.pods, observed.objects) == ({}, frozenset())


async def test_evidence_is_asked_for_since_the_stage_began(scene: Scene) -> None:
    status = on_trial(scene)
    scene.model(status)
    assert status.trial is not None
    asked: list[tuple[Any, ...]] = []
    scene.world.metrics.before = lambda call, arguments: asked.append(arguments)
    scene.world.clock.advance(-300)
    for errors in (0, 3):
        for revision in ("aaaa", "bbbb"):
            said = {metrics.NAMESPACE: "ml", metrics.NAME: "risk", metrics.REVISION: revision}
            traffic = {**said, metrics.TRAFFIC: metrics.LIVE, metrics.OUTCOME: metrics.ERROR}
            scene.world.metrics.record(metrics.REQUESTS, {**traffic, "namespace": "ml"}, errors)
            scene.world.metrics.record(metrics.REQUESTS, {**traffic, "namespace": "evil"}, 100 * errors)
        scene.world.clock.advance(150)
    observed = await scene.look()
    assert isinstance(observed.evidence, Evidence)
    assert observed.evidence.since == status.trial.stage_since
    bad = sum(interval.candidate.bad for interval in observed.evidence.requests)
    assert bad == 3, "what pods of another namespace say of themselves does not count"
    assert all(end == scene.world.clock.now() or end == status.trial.stage_since for _, _, end, _ in asked)


async def test_of_a_long_stage_long_ago_and_now_are_one_answer(scene: Scene) -> None:
    scene.model(on_trial(scene, minutes=180))
    said = {metrics.NAMESPACE: "ml", metrics.NAME: "risk", metrics.OUTCOME: metrics.OK, "namespace": "ml"}
    scene.world.clock.advance(-3 * 3600)
    for step in range(3 * 60 + 1):
        for revision in ("aaaa", "bbbb"):
            labelled = {**said, metrics.REVISION: revision, metrics.TRAFFIC: metrics.LIVE}
            scene.world.metrics.record(metrics.REQUESTS, labelled, 100 * step)
        scene.world.clock.advance(60 if step < 3 * 60 else 0)
    evidence = (await scene.look()).evidence
    assert isinstance(evidence, Evidence)
    counted = [interval.candidate.total for interval in evidence.requests]
    assert sum(counted) == 100 * 3 * 60
    assert set(counted[:-30]) == {200}, "every two minutes"
    assert set(counted[-30:]) == {100}, "every scrape"


async def test_a_prometheus_that_fails_is_no_evidence_and_no_alert(scene: Scene) -> None:
    scene.model(on_trial(scene))
    scene.world.metrics.before = _fails("range", MetricsError("down"))
    observed = await scene.look()
    assert observed.evidence == Unknown(Reason.METRICS_UNAVAILABLE, "down")
    assert isinstance(observed.alerts, Unknown)


OWN_CHECKS = {
    "checks": [
        {"name": "refunds", "query": {"candidate": 'refunds{revision="{{revision}}"}', "maximum": "3"}},
        {"name": "broken", "query": {"candidate": "sum(", "maximum": "3"}},
        {"name": "errors", "errors": {}},
    ]
}


async def test_a_users_query_is_asked_and_a_broken_one_breaks_nothing_else(scene: Scene) -> None:
    scene.model(on_trial(scene), rollout=OWN_CHECKS)
    scene.world.clock.advance(-60)
    scene.world.metrics.record("refunds", {"revision": "bbbb"}, 2.0)
    scene.world.clock.advance(60)
    evidence = (await scene.look()).evidence
    assert isinstance(evidence, Evidence)
    assert evidence.readings["refunds"] == (Reading(2.0, None),) * 2
    broken = evidence.readings["broken"]
    assert isinstance(broken, Unknown)
    assert broken.message.startswith("the candidate's query: parse error")


async def test_where_users_queries_are_switched_off_they_are_not_asked(scene: Scene) -> None:
    scene.model(on_trial(scene), rollout=OWN_CHECKS)
    scene.process.gatherer = scene.process.gatherer_with(replace(DEFAULTS, user_queries=False))
    asked: list[str] = []
    scene.world.metrics.before = lambda call, arguments: asked.append(str(arguments[0]))
    evidence = (await scene.look()).evidence
    assert isinstance(evidence, Evidence)
    assert not any("refunds" in query for query in asked)
    assert "prometheus.userQueries" in str(evidence.readings["refunds"])


async def test_nothing_on_trial_asks_prometheus_nothing(scene: Scene) -> None:
    scene.model(serving())
    scene.world.metrics.before = _never
    assert isinstance((await scene.look()).evidence, Evidence)


async def test_the_serving_record_is_read_now_and_then_while_something_serves(scene: Scene) -> None:
    scene.model(serving())
    source = Source(STORE, "risk", None, None, None)
    record = Pointer("1", ONE.digest, "2026-01-01T00:00:00+00:00", "seatrial")
    assert (await scene.look()).serving is None
    await scene.world.store.write_serving(source, "test", KEY, record)
    assert (await scene.look()).serving is None
    scene.world.clock.advance(61)
    assert (await scene.look()).serving == record


async def test_another_store_has_a_record_of_its_own(scene: Scene) -> None:
    scene.model(serving())
    assert (await scene.look()).serving is None
    moved = Source("s3://models/other", "risk", None, None, None)
    record = Pointer("1", ONE.digest, "2026-01-01T00:00:00+00:00", "seatrial")
    await scene.world.store.write_serving(moved, "test", KEY, record)
    scene.model(serving(), model={"store": moved.store, "version": "1"})
    assert (await scene.look()).serving == record


async def test_the_serving_record_is_always_read_while_nothing_serves(scene: Scene) -> None:
    scene.model()
    assert (await scene.look()).serving is None
    scene.world.store.before = _fails("serving", UnreachableError("no answer"))
    assert (await scene.look()).serving == Unknown(Reason.STORE_UNREACHABLE, "no answer")


async def test_an_unread_record_is_not_remembered(scene: Scene) -> None:
    scene.model(serving())
    scene.world.store.before = _fails("serving", UnreachableError("no answer"))
    assert isinstance((await scene.look()).serving, Unknown)
    scene.world.store.before = lambda call, arguments: None
    assert (await scene.look()).serving is None


async def test_newer_versions_are_looked_for_only_where_git_decides(scene: Scene) -> None:
    scene.world.publish(TWO, channel=None)
    scene.model()
    assert (await scene.look()).newest is None
    scene.model(model={"store": STORE, "version": "1"})
    assert (await scene.look()).newest == "2"
    scene.world.publish(manifest("10"), channel=None)
    assert (await scene.look()).newest == "2"
    scene.world.clock.advance(61)
    assert (await scene.look()).newest == "10"


async def test_the_reference_is_stables_where_drift_is_watched(scene: Scene) -> None:
    reference = Reference(10, {})
    body = reference.encode()
    files = {**ONE.files, REFERENCE: File(digest_of(body), len(body))}
    with_reference = replace(ONE, files=files)
    scene.world.publish(with_reference)
    scene.world.store.put(ModelHome.at(STORE, "risk").file("1", REFERENCE, digest_of(body)), body)
    stable = Status(stable=RevisionRef("aaaa", "1", with_reference.digest))
    scene.model(stable)
    assert (await scene.look()).reference is None
    scene.model(stable, monitoring={"drift": {}})
    assert (await scene.look()).reference == reference
    scene.model(Status(stable=STABLE), monitoring={"drift": {}})
    assert (await scene.look()).reference is None, "another manifest than the one that serves"


def _job(name: str) -> Status:
    since = World().clock.now()
    return serving(training=TrainingStatus(name, "drift", "PSI 0.3", since))


@pytest.mark.parametrize("kind", ["Complete", "Failed"])
async def test_the_answer_of_the_job_that_is_waited_for(scene: Scene, kind: str) -> None:
    scene.model(_job("train-1"))
    place = scene.own("batch/v1", "Job", "train-1")
    scene.own("batch/v1", "Job", "train-0")
    scene.world.cluster.messages["ml", "train-1"] = "the answer"
    assert (await scene.look()).jobs["train-1"] == Job(JobPhase.RUNNING)
    scene.world.cluster.set_status(place, {"conditions": [{"type": kind, "status": "True"}]})
    phase = JobPhase.SUCCEEDED if kind == "Complete" else JobPhase.FAILED
    assert (await scene.look()).jobs == {"train-0": Job(JobPhase.RUNNING), "train-1": Job(phase, "the answer")}


async def test_why_a_job_does_not_run(scene: Scene) -> None:
    scene.model(_job("train-1"))
    scene.own("batch/v1", "Job", "train-1")
    scene.own("batch/v1", "Job", "train-0")
    for name in ("train-0", "train-1"):
        scene.world.cluster.seen["ml", f"{labels.JOB}={name}"] = PodsSeen("Unschedulable: Insufficient cpu")
    waited = Job(JobPhase.RUNNING, trouble="Unschedulable: Insufficient cpu")
    assert (await scene.look()).jobs == {"train-0": Job(JobPhase.RUNNING), "train-1": waited}


async def test_an_answer_that_cannot_be_read_yet_is_no_failure(scene: Scene) -> None:
    scene.model(_job("train-1"))
    place = scene.own("batch/v1", "Job", "train-1")
    scene.world.cluster.set_status(place, {"conditions": [{"type": "Complete", "status": "True"}]})
    scene.world.cluster.before = _fails("termination_message", UnavailableError("no answer"))
    assert (await scene.look()).jobs == {"train-1": Job(JobPhase.RUNNING)}


async def test_the_last_failure_to_write_is_told(scene: Scene) -> None:
    scene.model()
    scene.memory.failure = Unknown(Reason.APPLY_FAILED, "Service risk: refused")
    scene.memory.refused = {("Service", "risk"): "Service risk: refused"}
    observed = await scene.look()
    assert observed.failure == scene.memory.failure
    assert observed.refused == {("Service", "risk"): "Service risk: refused"}


def _fails(name: str, error: Exception) -> Any:
    def fail(call: str, arguments: tuple[Any, ...]) -> None:
        if call == name:
            raise error

    return fail


def _never(call: str, arguments: tuple[Any, ...]) -> None:
    raise AssertionError(f"{call}{arguments} should not have been asked")
