"""What is wrong is told with the field, its value and what would be right."""

from typing import Any

import pytest

from seatrial.api.parse import parse_spec
from seatrial.contract.reading import DocumentError

TREE = "sklearn.tree.DecisionTreeClassifier"
GOOD: dict[str, Any] = {
    "model": {"store": "s3://models/team", "channel": "latest"},
    "training": {"dataset": "s3://models/x.csv", "target": "y", "candidates": [{"estimator": TREE}]},
}


def training(**fields: Any) -> dict[str, Any]:
    """A training section with some fields changed."""
    return {"training": GOOD["training"] | fields}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": None}, "spec.model is None; expected an object"),
        ({"model": {"channel": "latest"}}, "spec.model.store is None; expected a string"),
        (
            {"model": {"store": "models", "channel": "x"}},
            "spec.model.store is 'models'; expected s3://<bucket>/<prefix>",
        ),
        (
            {"model": {"store": "s3://b/p", "channel": "x"}},
            "a bucket has 3 to 63 characters: lower case letters, digits, dots, hyphens",
        ),
        (
            {"model": {"store": "s3://models/a"}},
            "spec.model.version is None; expected exactly one of version and channel",
        ),
        (
            {"model": {"store": "s3://models/a", "version": "7", "channel": "latest"}},
            "spec.model.version is '7'; expected exactly one of version and channel",
        ),
        ({"model": {"store": "s3://models/a", "version": "../8"}}, "spec.model.version is '../8'; expected 1 to 63"),
        ({"model": {"store": "s3://models/a", "version": "7", "name": "a/b"}}, "spec.model.name is 'a/b'"),
        (
            {"model": {"store": "s3://models/a", "version": "7", "digest": "7"}},
            "spec.model.digest is '7'; expected sha256:",
        ),
        ({"storage": {"endpoint": "s3.example"}}, "spec.storage.endpoint is 's3.example'; expected an address such as"),
        ({"storage": {"secretRef": {}}}, "spec.storage.secretRef.name is None; expected a string"),
        ({"serving": {"replicas": -1}}, "spec.serving.replicas is -1; expected an integer from 0 to 1000"),
        ({"serving": {"timeout": "0s"}}, "spec.serving.timeout is '0s'; expected a duration such as"),
        (
            {"serving": {"timeout": "61m"}},
            "spec.serving.timeout is '61m'; expected a duration such as 90s, 10m or 1h30m",
        ),
        ({"serving": {"batching": {"maxDelay": "11s"}}}, "maxDelay is '11s'; expected a duration such as"),
        ({"serving": {"resources": []}}, "spec.serving.resources is []; expected an object"),
        (
            {"serving": {"resources": {"limits": {"cpu": 0.5}}}},
            "spec.serving.resources.limits.cpu is 0.5; expected a quantity",
        ),
        ({"route": {}}, "spec.route.gateway is None; expected an object"),
        (
            {"route": {"gateway": {"name": "g"}, "hostnames": "a"}},
            "spec.route.hostnames is 'a'; expected a list of strings",
        ),
        ({"rollout": {"probation": "1 hour"}}, "spec.rollout.probation is '1 hour'; expected a duration such as 90s"),
        ({"rollout": {"probation": "999999999h"}}, "spec.rollout.probation is '999999999h'; expected a duration"),
        ({"rollout": {"probation": 60}}, "spec.rollout.probation is 60; expected a string"),
        (
            {"rollout": {"onDeadline": "Wait"}},
            "spec.rollout.onDeadline is 'Wait'; expected one of Pause, Rollback, Promote",
        ),
        ({"rollout": {"onDeadline": []}}, "spec.rollout.onDeadline is []; expected one of Pause, Rollback, Promote"),
        ({"rollout": {"paused": "yes"}}, "spec.rollout.paused is 'yes'; expected true or false"),
        (
            {"rollout": {"shadow": {"maximumDisagreement": "1"}}},
            "spec.rollout.shadow.maximumDisagreement is '1'; expected a decimal in quotes",
        ),
        ({"rollout": {"shadow": {"maximumDisagreement": "0"}}}, "spec.rollout.shadow.maximumDisagreement is '0'"),
        (
            {"rollout": {"canary": {"steps": [{"weight": 20}, {"weight": 10}]}}},
            "spec.rollout.canary.steps is [{'weight': 20}, {'weight': 10}]; expected at most 20 steps of",
        ),
        (
            {"rollout": {"canary": {"steps": [{"weight": 5}, {"weight": 5}]}}},
            "expected at most 20 steps of growing weight",
        ),
        (
            {"rollout": {"canary": {"steps": [{"weight": 5}, {"weight": 51}]}}},
            "spec.rollout.canary.steps is [{'weight': 5}, {'weight': 51}]; expected weights of at most 50 without spec",
        ),
        (
            {"rollout": {"canary": {"steps": [{"weight": 5, "approval": "Maybe"}]}}},
            "spec.rollout.canary.steps[0].approval is 'Maybe'; expected one of Automatic, Required",
        ),
        *[
            (
                {"rollout": {"checks": [{"name": "own", "query": {"candidate": promql, "maximum": "1"}}]}},
                "spec.rollout.checks[0].query.interval is None; expected at least 5m, the longest range in the PromQL",
            )
            for promql in (
                "rate(x[5m])",
                "sum(x) / sum(increase(y[30s])) + max_over_time(z[4m60s:10s])",
                "rate(x[300])",
                "max_over_time(z[300:10])",
                """rate(x{a='"'}[5m]) + y{a='"[9m]'}""",
                'rate(x[5m]) # "[9m]"',
            )
        ],
        (
            {"rollout": {"checks": [{"name": "own", "query": {"candidate": "rate(x[99999999y])", "maximum": "1"}}]}},
            "spec.rollout.checks[0].query.interval is None; expected at least",
        ),
        *[
            (
                {"rollout": {"checks": [{"name": "own", "query": {"candidate": promql, "maximum": "1"}}]}},
                f"query.candidate is '{promql}'; expected PromQL with no other placeholders than {{{{revision}}}}",
            )
            for promql in ("x{r={{ revision }}}", "x{{args.name}}", "x{{")
        ],
        (
            {"rollout": {"checks": [{"name": "own", "query": {"candidate": "x", "maximumRatio": "1"}}]}},
            "query.stable is None; expected PromQL for the stable version: candidate has no {{revision}}",
        ),
        (
            {"rollout": {"checks": [{"name": "own", "query": {"candidate": "x", "maximum": "1", "minimum": "0"}}]}},
            "query.maximum is '1'; expected exactly one of maximumRatio, minimumRatio, maximum, minimum",
        ),
        (
            {"rollout": {"checks": [{"name": "own", "query": {"candidate": "x", "maximum": "one"}}]}},
            "query.maximum is 'one'; expected a number in quotes, such as",
        ),
        (
            {"rollout": {"checks": [{"name": "own", "predictions": {}, "stages": ["Probation"]}]}},
            "checks[0].stages is ['Probation']; expected any of Shadow, Canary, where this check can say something",
        ),
        (
            {"rollout": {"checks": [{"name": "own", "errors": {}, "latency": {}}]}},
            "expected a check with exactly one of errors, latency, accuracy, predictions, query beside its name",
        ),
        (
            {"rollout": {"canary": {"sticky": True}}},
            "spec.rollout.canary.sticky is True; expected false without spec.route",
        ),
        (
            {"rollout": {"rollbackWindow": {"revisions": 11}}},
            "spec.rollout.rollbackWindow.revisions is 11; expected an integer from 0 to 10",
        ),
        (
            {"rollout": {"canary": {"steps": [{}]}}},
            "spec.rollout.canary.steps[0].weight is None; expected an integer from 1",
        ),
        ({"rollout": {"checks": []}}, "spec.rollout.checks is []; expected 1 to 20 checks of different names"),
        (
            {"rollout": {"checks": [{"name": "a", "errors": {}}, {"name": "a", "latency": {}}]}},
            "expected 1 to 20 checks of different names",
        ),
        (
            {"rollout": {"checks": [{"name": "a"}]}},
            "spec.rollout.checks[0].name is 'a'; expected a check with exactly one of",
        ),
        ({"rollout": {"checks": [{"name": "a", "errors": {}, "latency": {}}]}}, "expected a check with exactly one of"),
        ({"rollout": {"checks": [{"errors": {}}]}}, "spec.rollout.checks[0].name is None; expected a string"),
        (
            {"rollout": {"checks": [{"name": "disagreement", "errors": {}}]}},
            "spec.rollout.checks[0].name is 'disagreement'; expected another name: disagreement is what the shadow",
        ),
        (
            {"rollout": {"checks": [{"name": "restarts", "errors": {}}]}},
            "spec.rollout.checks[0].name is 'restarts'; expected another name: restarts is what every stage",
        ),
        (
            {"rollout": {"checks": [{"name": "a", "errors": {"maximumRatio": "0.9"}}]}},
            "errors.maximumRatio is '0.9'; expected a decimal in quotes, such as \"0.05\", from 1 to 1000",
        ),
        (
            {"monitoring": {"accuracy": {"minimum": "85"}}},
            "spec.monitoring.accuracy.minimum is '85'; expected a decimal",
        ),
        ({"monitoring": {"drift": {"threshold": 0.2}}}, "spec.monitoring.drift.threshold is 0.2; expected a string"),
        (training(dataset="train.csv"), "spec.training.dataset is 'train.csv'; expected s3://"),
        (training(target=None), "spec.training.target is None; expected a string"),
        (training(candidates=[]), "spec.training.candidates is []; expected 1 to 20 candidates"),
        (training(candidates=[{}]), "spec.training.candidates[0].estimator is None; expected a string"),
        (
            training(candidates=[{"estimator": "os.system"}]),
            "spec.training.candidates[0].estimator is 'os.system'; expected the import path of an estimator of"
            " scikit-learn, such as sklearn.tree.DecisionTreeClassifier",
        ),
        (
            training(candidates=[{"estimator": TREE, "grid": {"depth": 5}}]),
            "spec.training.candidates[0].grid.depth is 5; expected a list of values to try",
        ),
        (
            training(candidates=[{"estimator": TREE, "grid": {"depth": [[[1]]]}}]),
            "spec.training.candidates[0].grid.depth is [[[1]]]; expected integers, texts and null; fractions and truth"
            ' values as text: "0.1", "true"',
        ),
        (
            training(split={"train": "0.9"}),
            "spec.training.split.train is '0.9'; expected shares for train, validation and",
        ),
        (training(split={"by": "Time"}), "spec.training.split.by is 'Time'; expected one of Random, Stratified"),
        (training(onSuccess="Deploy"), "spec.training.onSuccess is 'Deploy'; expected one of Rollout, Propose"),
        (training(job={"activeDeadline": "500ms"}), "spec.training.job.activeDeadline is '500ms'; expected a duration"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_spec("risk", GOOD | change)
    assert str(caught.value).startswith("ModelDeployment risk: spec.")
    assert message in str(caught.value)


def test_a_stage_that_is_not_enabled_is_left_out() -> None:
    rollout = parse_spec(
        "risk", GOOD | {"rollout": {"shadow": {"enabled": False}, "canary": {"enabled": False}}}
    ).rollout
    assert rollout.shadow is None
    assert rollout.canary is None


def test_the_model_is_named_as_the_object_unless_the_spec_says_otherwise() -> None:
    assert parse_spec("risk", GOOD).model.name == "risk"
    assert parse_spec("risk", GOOD | {"model": GOOD["model"] | {"name": "other"}}).model.name == "other"
