"""The API server's view of ModelDeployment: what it refuses and in which words, what it fills in, what it keeps."""

import json
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from seatrial.api.conditions import Condition, Reason, Truth, Type
from seatrial.api.parse import parse_spec
from seatrial.api.status import (
    Ended,
    Finding,
    Probation,
    Rejected,
    RestartsLeftOut,
    Retiring,
    RevisionRef,
    Stage,
    Status,
    TrainingStatus,
    Trial,
)
from seatrial.api.status_document import read_status, status_document
from tests.cluster.cluster import Cluster
from tests.system.kubectl import CommandError, Commands
from tests.unit.api.schema import CRD, Document, defaulted, example, with_value

pytestmark = pytest.mark.cluster
NAMESPACE = f"seatrial-test-crd-{secrets.token_hex(4)}"  # tests run side by side
NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    """A cluster that has the definition and an empty namespace."""
    cluster = Cluster()
    kubeconfig = Path(os.environ.get("KUBECONFIG") or cluster.kubeconfig)
    found = Commands(kubeconfig, cluster.bin("kubectl"), cluster.bin("helm"))
    found.ctl("apply", "--server-side", "--force-conflicts", "-f", str(CRD))
    found.ctl("wait", "--for=condition=Established", "--timeout=30s", "crd/modeldeployments.seatrial.dev")
    found.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    yield found
    found.ctl("delete", "namespace", NAMESPACE, "--wait=false")


def placed(document: Document) -> Document:
    """Return the document in the tests' namespace."""
    return with_value(document, ("metadata",), {**document["metadata"], "namespace": NAMESPACE})


def tried(commands: Commands, document: Document) -> Document:
    """Return what the API server would make of a document; raises CommandError where it refuses it."""
    words = ("create", "--dry-run=server", "--validate=strict", "-o", "json", "-f", "-")
    found: Document = json.loads(commands.ctl(*words, stdin=json.dumps(placed(document))))
    return found


def changed(path: str, value: Any) -> Document:
    """Return the full example with one field changed; `[]` is the first item that has the field."""
    return with_value(example("full"), ("spec", *path.split(".")), value)


def with_grid(values: list[Any]) -> Document:
    """Return the full example with one candidate, whose grid has these values."""
    return changed(
        "training.candidates", [{"estimator": "sklearn.tree.DecisionTreeClassifier", "grid": {"depth": values}}]
    )


def added(path: str, field: str, value: Any) -> Document:
    """Return the full example with one field more."""
    document = example("full")
    holder = document["spec"]
    for name in filter(None, path.split(".")):
        holder = holder[int(name)] if name.isdecimal() else holder[name]
    holder[field] = value
    return document


def renamed(name: str) -> Document:
    """Return the minimal example under another name."""
    return with_value(example("minimal"), ("metadata", "name"), name)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (renamed("x" * 51), ["metadata.name must have at most 50 characters"]),
        (renamed("7up"), ["metadata.name must be a DNS label"]),
        (renamed("a.b"), ["metadata.name must be a DNS label"]),
        (added("", "replica", 3), ['unknown field "spec.replica"']),
        (added("serving", "replica", 3), ['unknown field "spec.serving.replica"']),
        (added("rollout.canary.steps.0", "pause", 3), ['unknown field "spec.rollout.canary.steps[0].pause"']),
        (changed("model", {"store": "s3://m-x/y"}), ["spec.model.version", "exactly one of version (Git decides) and"]),
        (
            added("model", "channel", "latest"),
            ["spec.model.version", "exactly one of version (Git decides) and channel"],
        ),
        (changed("model", {"version": "7"}), ["spec.model.store: Required value"]),
        (changed("model.store", "models/risk"), ["spec.model.store", "expected s3://<bucket>/<prefix>"]),
        (changed("model.store", "s3://b/p"), ["spec.model.store", "a bucket has 3 to 63 characters"]),
        (changed("model.store", "s3://models/../other"), ["spec.model.store", "expected s3://<bucket>/<prefix>"]),
        (changed("model.name", "a/b"), ["spec.model.name", "expected 1 to 63 letters, digits"]),
        (changed("model.version", "1..2"), ["spec.model.version", "no '..'"]),
        (changed("model.version", 7), ["spec.model.version", "must be of type string"]),
        (changed("model.digest", "sha256:abc"), ["spec.model.digest", "expected sha256:<64 hexadecimal digits>"]),
        (changed("storage.endpoint", "s3.example:7070"), ["spec.storage.endpoint", "an address such as http://s3"]),
        *(
            (changed("storage.endpoint", address), ["spec.storage.endpoint", "expected the address of another machine"])
            for address in (
                "http://localhost",
                "https://a.LocalHost:443",
                "http://127.1",
                "http://2130706433",
                "http://0x7f.0.0.1",
                "http://0.0.0.0",
                "http://169.254.169.254",
                "http://[::1]:80",
                "http://[::ffff:127.0.0.1]",
                "http://s3:99999",
                "http://s3:0",
            )
        ),
        (changed("storage.secretRef", {}), ["spec.storage.secretRef.name: Required value"]),
        (changed("serving.replicas", -1), ["spec.serving.replicas", "greater than or equal to 0"]),
        (changed("serving.replicas", 1001), ["spec.serving.replicas", "less than or equal to 1000"]),
        (changed("serving.image", ""), ["spec.serving.image"]),
        (changed("serving.timeout", "0s"), ["spec.serving.timeout", "expected a duration above 0s"]),
        (changed("serving.batching.maxSize", 0), ["spec.serving.batching.maxSize", "greater than or equal to 1"]),
        (changed("serving.resources.limits.cpu", "much"), ["spec.serving.resources.limits.cpu"]),
        (changed("serving.resources.limits.memory", -5), ["spec.serving.resources.limits.memory"]),
        (changed("serving.resources.limits.cpu", "100m"), ["spec.serving.resources", "requests of at most the limits"]),
        (changed("serving.image", "http//runtime 1"), ["spec.serving.image", "expected an image such as"]),
        (changed("storage.region", "eu central"), ["spec.storage.region", "expected a region such as us-east-1"]),
        (changed("route.gateway.name", "Models"), ["spec.route.gateway.name", "expected the name of a Gateway"]),
        (changed("route.gateway.namespace", "a.b"), ["spec.route.gateway.namespace", "the name of a namespace"]),
        (changed("route.gateway", {}), ["spec.route.gateway.name: Required value"]),
        (changed("route.hostnames", ["http://x.org"]), ["spec.route.hostnames[0]", "expected a host name such as"]),
        (changed("route.hostnames", ["a.org", "a.org"]), ["spec.route.hostnames[1]: Duplicate value"]),
        (with_grid([[1]]), ["candidates[0].grid.depth[0]", "must be of type integer,string"]),
        (with_grid([0.5]), ["candidates[0].grid.depth[0]", "must be of type integer,string"]),
        *(
            (changed("route.hostnames", [name]), ["spec.route.hostnames[0]", "expected a host name such as"])
            for name in ("10.0.0.1", f"{'a' * 64}.example.org")
        ),
        *(
            (changed("route.path", path), ["spec.route.path", "expected a path that begins with '/', without '//'"])
            for path in ("risk", "/a//b", "/a/../b", "/a/.", "/a%2Fb", "/%zz", "/%4")
        ),
        (changed("rollout.probation", "5 minutes"), ["spec.rollout.probation", "a duration such as 90s, 10m or 1h30m"]),
        (changed("rollout.progressDeadline", "0s"), ["spec.rollout.progressDeadline", "a duration above 0s"]),
        (changed("rollout.onDeadline", "Wait"), ["spec.rollout.onDeadline", '"Pause", "Rollback", "Promote"']),
        (changed("rollout.shadow.maximumDisagreement", "1"), ["maximumDisagreement", "above 0 and below 1"]),
        (changed("rollout.shadow.maximumDisagreement", 0.1), ["maximumDisagreement", "must be of type string"]),
        (changed("rollout.shadow.minimumSamples", 0), ["spec.rollout.shadow.minimumSamples"]),
        (changed("rollout.canary.steps", []), ["spec.rollout.canary.steps", "at least 1 items"]),
        (
            changed("rollout.canary.steps", [{"weight": w} for w in (20, 10)]),
            ["spec.rollout.canary.steps", "expected steps of growing weight"],
        ),
        (
            changed("rollout.canary.steps", [{"weight": w} for w in (10, 10)]),
            ["spec.rollout.canary.steps", "expected steps of growing weight"],
        ),
        (changed("rollout.canary.steps", [{"weight": 100}]), ["spec.rollout.canary.steps[0].weight"]),
        (changed("rollout.canary.steps", [{"weight": w} for w in range(1, 22)]), ["steps: Too many: 21"]),
        (changed("rollout.checks", []), ["spec.rollout.checks"]),
        (changed("rollout.checks", [{"name": "a"}]), ["spec.rollout.checks[0]", "exactly one of errors, latency, acc"]),
        (
            changed("rollout.checks", [{"name": "a", "errors": {}, "latency": {}}]),
            ["spec.rollout.checks[0]", "exactly one of errors, latency, acc"],
        ),
        (
            changed("rollout.checks", [{"name": "a", "errors": {}}, {"name": "a", "latency": {}}]),
            ["spec.rollout.checks[1]: Duplicate value", '"name":"a"'],
        ),
        (
            changed("rollout.checks", [{"name": "disagreement", "errors": {}}]),
            ["spec.rollout.checks[0].name", "other than disagreement and restarts"],
        ),
        (
            changed("rollout.checks", [{"name": "restarts", "latency": {}}]),
            ["spec.rollout.checks[0].name", "other than disagreement and restarts"],
        ),
        (
            changed("rollout.checks", [{"name": "a", "errors": {"maximumRatio": "0.9"}}]),
            ["spec.rollout.checks[0].errors.maximumRatio", "a decimal in quotes of 1 or more"],
        ),
        (
            changed("rollout.checks", [{"name": "a", "query": {"candidate": "x{{ revision }}", "maximum": "1"}}]),
            ["spec.rollout.checks[0].query.candidate", "expected no other placeholders than {{revision}}"],
        ),
        (changed("monitoring.drift.threshold", "a lot"), ["spec.monitoring.drift.threshold", "a decimal in quotes"]),
        (
            changed("monitoring.drift.window", "1 hour"),
            ["spec.monitoring.drift.window", "expected a window such as 1h"],
        ),
        (changed("monitoring.accuracy.minimum", "1.1"), ["spec.monitoring.accuracy.minimum", "from 0 to 1"]),
        (
            changed("training", {"target": "y"}),
            ["spec.training.dataset: Required", "spec.training.candidates: Required"],
        ),
        (changed("training.dataset", "train.csv"), ["spec.training.dataset", "expected s3://<bucket>/<key>"]),
        (changed("training.candidates", []), ["spec.training.candidates"]),
        *(
            (
                changed("training.candidates", [{"estimator": path}]),
                ["candidates[0].estimator", "expected the import path of an estimator of scikit-learn, such as"],
            )
            for path in ("Tree", "os.system", "sklearn.Tree")
        ),
        (changed("training.candidates.[].grid.max_depth", 5), ["candidates[0].grid.max_depth"]),
        (changed("training.split.train", "0.7"), ["spec.training.split", "must add up to 1"]),
        (changed("training.split.train", "0.0"), ["spec.training.split.train", "above 0 and below 1"]),
        (changed("training.split.by", "Time"), ["spec.training.split.by", '"Random", "Stratified"']),
        (changed("training.crossValidation", 1), ["spec.training.crossValidation"]),
        (changed("training.seed", 2**31), ["spec.training.seed"]),
        (changed("training.gates.latencyP99", "0ms"), ["spec.training.gates.latencyP99", "a duration above 0s"]),
        (changed("training.onSuccess", "Deploy"), ["spec.training.onSuccess", '"Rollout", "Propose"']),
        (changed("training.job.activeDeadline", "500ms"), ["spec.training.job.activeDeadline", "1s or more"]),
        (changed("training.job.backoffLimit", 11), ["spec.training.job.backoffLimit"]),
    ],
)
def test_a_wrong_object_is_refused_with_the_field_and_what_would_be_right(
    commands: Commands, document: Document, words: list[str]
) -> None:
    with pytest.raises(CommandError) as refused:
        tried(commands, document)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("name", ["minimal", "full", "deploy-risk"])
def test_an_example_is_taken_and_gets_the_defaults_that_the_parser_has(commands: Commands, name: str) -> None:
    written = example(name)
    taken = tried(commands, written)
    assert taken["spec"] == defaulted(written)["spec"]
    assert parse_spec("x", taken["spec"]) == parse_spec("x", written["spec"])


LEFT_OUT = RestartsLeftOut({"risk-bbbb-x": 1}, {"risk-aaaa-x": 2})


def whole_status() -> Status:
    """A status in which everything is set."""
    stable, candidate = RevisionRef("aaaa", "7", "sha256:a"), RevisionRef("bbbb", "8", "sha256:b")
    return Status(
        observed_generation=3,
        replicas=2,
        weight=25,
        stable=stable,
        trial=Trial(
            candidate, Stage.CANARY, NOW, NOW, 2, NOW, NOW, 60, True, LEFT_OUT, "waits for pods", "Paused", True
        ),
        probation=Probation(stable, NOW, NOW, LEFT_OUT),
        findings=(Finding("errors", "Pass", "fine", "0.02", "200"),),
        alpha_left="0.0098",
        rejected=(Rejected("cccc", "6", NOW, "slow"),),
        history=(Ended("7", "aaaa", "Promoted", NOW, NOW, "all checks passed"),),
        retiring=(Retiring("dddd", NOW, NOW),),
        retried="cccc/now",
        training=TrainingStatus("risk-train-1", "drift", "team", NOW, "Passed", "8", "accuracy 0.9", "now"),
        conditions=tuple(Condition(kind, Truth.TRUE, Reason.SERVING, "is so") for kind in Type),
        changed=dict.fromkeys(Type, NOW),
    )


def with_status(commands: Commands, name: str) -> Document:
    """Write the whole status to a ModelDeployment as the operator would, and return the object."""
    head = {"apiVersion": "seatrial.dev/v1alpha1", "kind": "ModelDeployment"}
    document = {
        **head,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "status": status_document(whole_status(), name),
    }
    words = ("apply", "--server-side", "--subresource=status", "--field-manager=seatrial", "--force-conflicts")
    found: Document = json.loads(commands.ctl(*words, "-o", "json", "-f", "-", stdin=json.dumps(document)))
    return found


@pytest.fixture
def left_alone(commands: Commands) -> Iterator[str]:
    """The name of a ModelDeployment whose status nobody else writes: it is being deleted, and held by a finalizer."""
    document = placed(renamed("shown"))
    document["metadata"]["finalizers"] = ["seatrial.dev/test"]
    commands.apply(document)
    commands.ctl("delete", "mdep", "shown", "-n", NAMESPACE, "--wait=false")
    yield "shown"
    released = json.dumps({"metadata": {"finalizers": None}})
    commands.ctl("patch", "mdep", "shown", "-n", NAMESPACE, "--type=merge", "-p", released)


def test_the_whole_status_is_kept_and_shown(commands: Commands, left_alone: str) -> None:
    kept = with_status(commands, left_alone)["status"]
    assert kept == status_document(whole_status(), left_alone)
    assert read_status(kept) == whole_status()
    head, row = commands.ctl("get", "mdep", left_alone, "-n", NAMESPACE, "-o", "wide").splitlines()
    assert head.split() == ["NAME", "STABLE", "CANDIDATE", "STAGE", "WEIGHT", "READY", "AGE", "MESSAGE"]
    assert row.split()[:6] == [left_alone, "7", "8", "Canary", "25", "True"]
    assert row.endswith("is so; waits for pods")


def test_it_scales_as_a_deployment_does(commands: Commands) -> None:
    commands.apply(placed(renamed("scaled")))
    commands.ctl("scale", "mdep/scaled", "--replicas=5", "-n", NAMESPACE)
    words = ("get", "mdep", "scaled", "-n", NAMESPACE, "-o", "json")
    assert json.loads(commands.ctl(*words))["spec"]["serving"]["replicas"] == 5
    assert json.loads(commands.ctl(*words, "--subresource=scale"))["spec"]["replicas"] == 5


def test_kubectl_get_all_shows_it(commands: Commands) -> None:
    commands.apply(placed(renamed("listed")))
    assert "modeldeployment.seatrial.dev/listed" in commands.ctl("get", "all", "-n", NAMESPACE, "-o", "name")
