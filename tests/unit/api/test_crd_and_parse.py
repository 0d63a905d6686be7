"""The CRD and the parser say the same: each field is read, each default is the same, each bound holds in both."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seatrial.api import API_VERSION, GROUP, KIND, PLURAL
from seatrial.api.parse import parse_spec
from seatrial.api.parse_training import ESTIMATOR_RULE
from seatrial.api.quantities import parse_duration
from seatrial.api.spec import OnDeadline, OnSuccess, Spec
from seatrial.contract.layout import URI_RULE, InvalidLocationError, parse_location
from seatrial.contract.names import is_digest, is_segment
from seatrial.contract.reading import DocumentError
from seatrial_runtime.trainer.candidates import TRUSTED
from tests.unit.api.schema import (
    EXAMPLES,
    ROOT,
    Document,
    Leaf,
    crd,
    defaulted,
    example,
    leaves,
    nodes,
    problems,
    schema,
    value_at,
    with_value,
    without,
)

FULL = example("full")
TREE = "sklearn.tree.DecisionTreeClassifier"
LEAVES = leaves("spec")
DURATION = next(leaf for leaf in LEAVES if leaf.path[-1] == "probation").schema["pattern"]
# Fields in which what the pattern lets through is checked further, by CEL and by the parser.
POSITIVE = {"timeout", "progressDeadline", "latencyP99", "activeDeadline", "interval"}
ANYTHING = {"target", "candidate", "stable"}  # a column's name, PromQL
# From and to which a decimal is read, where its pattern takes others.
DECIMAL_BOUNDS = {
    "shadow.maximumDisagreement": (1e-6, 1 - 1e-6),
    "errors.objective": (1e-6, 1 - 1e-6),
    "accuracy.maximumLoss": (0.0, 1 - 1e-6),
    "query.maximumRatio": (0.001, 1000.0),
    "query.minimumRatio": (0.001, 1000.0),
}


def parsed(document: Document) -> Spec:
    """Return the spec of a document."""
    return parse_spec(document["metadata"]["name"], document["spec"])


def named(leaf: Leaf) -> str:
    """Return a leaf's name for pytest."""
    return leaf.name


def test_the_definition_is_of_the_kind_that_the_code_names() -> None:
    spec = crd()["spec"]
    names = spec["names"]
    assert (spec["group"], names["kind"], names["plural"]) == (GROUP, KIND, PLURAL)
    assert [version["name"] for version in spec["versions"]] == [API_VERSION]
    assert names["shortNames"] == ["mdep"]
    assert names["categories"] == ["all"]


def test_the_charts_copy_is_the_same() -> None:
    name = "seatrial.dev_modeldeployments.yaml"
    assert (ROOT / "helm" / "seatrial" / "crds" / name).read_bytes() == (ROOT / "crds" / name).read_bytes()


@pytest.mark.parametrize("leaf", LEAVES, ids=named)
def test_the_full_example_has_every_field(leaf: Leaf) -> None:
    alternatives = {"spec.model.channel": "spec.model.version"}
    path = alternatives.get(leaf.name, leaf.name).split(".")
    value = value_at(FULL, path)
    if "enabled" not in path:  # a stage that is left out would leave its other fields unread
        assert value != leaf.schema.get("default"), "an example with the default's value shows nothing"


@pytest.mark.parametrize("leaf", [leaf for leaf in LEAVES if leaf.name != "spec.model.channel"], ids=named)
def test_every_field_is_read(leaf: Leaf) -> None:
    stage_left_out = leaf.path[-1] == "enabled"
    document = with_value(FULL, leaf.path, False) if stage_left_out else FULL
    what, error = outcome(without(document, leaf.path))
    if error:  # it is required, or others are wrong without it
        assert leaf.path[-1] in error or leaf.path[-2] == "split"
    else:
        assert what != parsed(document), f"nothing reads {leaf.name}"


def outcome(document: Document) -> tuple[Spec | None, str]:
    """Return the spec of a document, or what is wrong with it."""
    try:
        return parsed(document), ""
    except DocumentError as error:
        return None, str(error)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_is_valid(path: Any) -> None:
    document = example(path.stem)
    assert problems(document) == []
    parsed(document)


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"serving": {}, "rollout": {}, "storage": {}},
        {"serving": {"batching": {}}, "rollout": {"shadow": {}, "canary": {}}},
        {"rollout": {"checks": [{"name": "errors", "errors": {}}, {"name": "slow", "latency": {}}]}},
        {"monitoring": {}},
        {"monitoring": {"drift": {}, "accuracy": {}}},
        {"route": {"gateway": {"name": "models"}}},
        {"training": {"dataset": "s3://models/x.csv", "target": "y", "candidates": [{"estimator": TREE}]}},
        {
            "training": {
                "dataset": "s3://models/x.csv",
                "target": "y",
                "candidates": [{"estimator": TREE}],
                **{section: {} for section in ("split", "gates", "triggers", "job")},
            }
        },
    ],
)
def test_the_defaults_of_schema_and_parser_are_the_same(sections: Document) -> None:
    document = example("minimal")
    document["spec"] |= sections
    filled = defaulted(document)
    assert problems(filled) == []
    assert filled != document
    assert parsed(filled) == parsed(document)


def test_the_schema_fills_in_what_a_scale_needs() -> None:
    filled = defaulted(example("minimal"))
    (version,) = crd()["spec"]["versions"]
    path = version["subresources"]["scale"]["specReplicasPath"].split(".")[1:]
    assert value_at(filled, path) == parsed(example("minimal")).serving.replicas


@pytest.mark.parametrize("leaf", [leaf for leaf in LEAVES if leaf.schema.get("type") == "integer"], ids=named)
def test_integers_have_the_same_bounds(leaf: Leaf) -> None:
    low, high = leaf.schema["minimum"], leaf.schema["maximum"]
    if leaf.path[-1] == "weight":
        high = 19  # the next step has 20
    parsed(with_value(FULL, leaf.path, low))
    parsed(with_value(FULL, leaf.path, high))
    for wrong in (low - 1, leaf.schema["maximum"] + 1, True, 1.5, "1"):
        with pytest.raises(DocumentError, match=r"\." + leaf.path[-1] + "|steps"):
            parsed(with_value(FULL, leaf.path, wrong))


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("spec.rollout.onDeadline", list(OnDeadline)),
        ("spec.training.onSuccess", list(OnSuccess)),
        ("spec.training.split.by", ["Random", "Stratified"]),
    ],
)
def test_enumerations_have_the_same_members(field: str, values: list[str]) -> None:
    leaf = next(leaf for leaf in LEAVES if leaf.name == field)
    assert leaf.schema["enum"] == values
    for value in values:
        parsed(with_value(FULL, leaf.path, value))
    with pytest.raises(DocumentError, match=r"one of " + ", ".join(values)):
        parsed(with_value(FULL, leaf.path, "Other"))


def test_everything_is_described_and_bounded() -> None:
    for path, node in nodes(schema()["properties"]["spec"]):
        where = ".".join(path)
        assert node.get("description") or "[]" in path[-1:], f"{where} has no description"
        match node.get("type"):
            case "string":
                assert "maxLength" in node or "enum" in node, f"{where} may be endless"
                assert "pattern" in node or "enum" in node or path[-1] in ANYTHING, f"{where} may be anything"
            case "array":
                assert "maxItems" in node, f"{where} may be endless"
                assert "x-kubernetes-list-type" in node, f"{where} does not say how it is merged"
            case "integer":
                assert {"minimum", "maximum", "format"} <= node.keys(), f"{where} has no bounds"
            case "number":
                pytest.fail(f"{where} is a float; write decimals as strings")
            case "object":
                assert "maxProperties" in node or "properties" in node, f"{where} may be endless"


def test_every_rule_says_what_is_right() -> None:
    for path, node in nodes(schema()):
        for rule in node.get("x-kubernetes-validations", ()):
            assert rule.get("message"), f"{'.'.join(path)}: {rule['rule']}"


@given(st.from_regex(DURATION, fullmatch=True))
def test_every_duration_that_the_schema_takes_is_read(text: str) -> None:
    assume(text.isascii())
    found = parse_duration(text)
    assert found is not None
    assert found < timedelta(days=50 * 366), "too long to be added to a time"


@pytest.mark.parametrize("leaf", [leaf for leaf in LEAVES if leaf.schema.get("pattern") == DURATION], ids=named)
def test_durations_have_the_same_pattern_and_lower_bound(leaf: Leaf) -> None:
    parsed(with_value(FULL, leaf.path, "24h" if leaf.path[-1] == "interval" else "1s"))
    for wrong in ("5 minutes", "", "10", "-1s", "1.5h", "1d", "123456s"):
        with pytest.raises(DocumentError, match=r"\." + leaf.path[-1] + " is .*a duration"):
            parsed(with_value(FULL, leaf.path, wrong))
    if leaf.path[-1] in POSITIVE:
        with pytest.raises(DocumentError, match=r"at least 1(000)?ms"):
            parsed(with_value(FULL, leaf.path, "0s"))
    else:
        parsed(with_value(FULL, leaf.path, "0s"))


DECIMALS = [
    leaf
    for leaf in LEAVES
    if any("decimal in quotes" in rule["message"] for rule in leaf.schema.get("x-kubernetes-validations", ()))
]


@pytest.mark.parametrize("leaf", DECIMALS, ids=named)
def test_what_is_no_decimal_is_refused(leaf: Leaf) -> None:
    for wrong in ("5 %", "", "-0.1", ".5", "1e-3", "0.1.2", 0.5, 1):
        with pytest.raises(DocumentError, match=r"\." + leaf.path[-1]):
            parsed(with_value(FULL, leaf.path, wrong))


@given(st.data())
def test_every_decimal_that_the_schema_takes_is_read(data: st.DataObject) -> None:
    leaf = data.draw(st.sampled_from([leaf for leaf in DECIMALS if leaf.path[-2] != "split"]))
    text = data.draw(st.from_regex(leaf.schema["pattern"], fullmatch=True))
    assume(text.isascii())
    low, high = DECIMAL_BOUNDS.get(".".join(leaf.path[-2:]), (0.0, float("inf")))
    assume(low <= float(text) <= high)
    parsed(with_value(FULL, leaf.path, text))


@given(st.data())
def test_every_name_that_the_schema_takes_is_read(data: st.DataObject) -> None:
    for field, reads in (("store", _is_location), ("name", is_segment), ("digest", is_digest)):
        leaf = next(leaf for leaf in LEAVES if leaf.name == f"spec.model.{field}")
        pattern: str = leaf.schema["pattern"]
        text = data.draw(st.from_regex(pattern, fullmatch=True))
        assume(text.isascii() and ".." not in text)
        assert reads(text), text


def _is_location(text: str) -> bool:
    try:
        parse_location(text)
    except InvalidLocationError:
        return False
    return True


ESTIMATOR = next(leaf for leaf in LEAVES if leaf.path[-1] == "estimator")


@given(st.from_regex(ESTIMATOR.schema["pattern"], fullmatch=True))
def test_every_estimator_that_the_schema_takes_is_read_and_imported_by_the_trainer(path: str) -> None:
    assume(path.isascii() and "\n" not in path)
    training = parsed(with_value(FULL, ESTIMATOR.path, path)).training
    assert training is not None
    assert path in [estimator for estimator, _ in training.candidates]
    assert path.startswith(TRUSTED)


@pytest.mark.parametrize("path", ["os.system", "sklearn", "sklearn.", "sklearn.Tree", "sklearnx.tree.Tree", "Tree"])
def test_what_the_trainer_does_not_import_is_refused_by_both(path: str) -> None:
    document = with_value(FULL, ESTIMATOR.path, path)
    assert problems(document) != []
    with pytest.raises(DocumentError, match=ESTIMATOR_RULE):
        parsed(document)


@pytest.mark.parametrize(("field", "rule"), [("spec.model.store", URI_RULE), (ESTIMATOR.name, ESTIMATOR_RULE)])
def test_the_schema_and_the_parser_say_what_is_right_in_the_same_words(field: str, rule: str) -> None:
    leaf = next(leaf for leaf in LEAVES if leaf.name == field)
    assert [said["message"] for said in leaf.schema["x-kubernetes-validations"]] == [f"expected {rule}"]


def test_fractions_and_truth_values_of_a_grid_are_texts() -> None:
    grid = {"a": ["0.1", "1e-4", "-2.5"], "b": ["true", "false"], "c": ["sqrt", "10", "1."], "d": [None, 3]}
    candidates = [{"estimator": TREE, "grid": grid}]
    document = with_value(example("full"), ("spec", "training", "candidates"), candidates)
    training = parse_spec("fraud", document["spec"]).training
    assert training is not None
    [(_, found)] = training.candidates
    assert found == {"a": (0.1, 1e-4, -2.5), "b": (True, False), "c": ("sqrt", "10", "1."), "d": (None, 3)}
