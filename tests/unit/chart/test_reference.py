"""The reference pages say what is: fields, reasons, metric names, rules."""

import importlib.util
import re

import yaml

from seatrial.api.conditions import Reason, Type
from seatrial.contract import metrics
from tests.unit.api.schema import ROOT, crd
from tests.unit.chart.rules import rules_for

REFERENCE = ROOT / "docs" / "reference"


def test_the_page_on_the_api_is_what_the_definition_gives() -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (REFERENCE / "api.md").read_text() == module.page(crd()), "run python docs/generate.py"


def test_every_reason_and_every_condition_is_explained_and_no_other() -> None:
    text = (REFERENCE / "conditions.md").read_text()
    explained = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) | {"StepPassed", "Restored"}
    assert explained == {reason.value for reason in Reason}
    headings = {word for line in re.findall(r"^## (.*)$", text, re.MULTILINE) for word in re.findall(r"\w+", line)}
    assert {kind.value for kind in Type} <= headings


def test_every_metric_is_explained() -> None:
    text = (REFERENCE / "metrics.md").read_text()
    named = {value for value in vars(metrics).values() if isinstance(value, str) and re.match("seatrial[_:]", value)}
    named -= {metrics.ACTION_LABEL, metrics.REASON_LABEL}
    recorded = {rule.get("record") or rule["alert"] for group in rules_for("1h")["groups"] for rule in group["rules"]}
    assert {name for name in named | recorded if f"`{name}`" not in text} == set()


def test_rules_name_no_metric_that_nobody_exposes() -> None:
    text = (REFERENCE / "metrics.md").read_text()
    used = set(re.findall(r"seatrial[_:][a-z_]+", yaml.safe_dump(rules_for("1h"))))
    labels = {metrics.ACTION_LABEL, metrics.REASON_LABEL}
    assert {name for name in used - labels if f"`{name}`" not in text} == set()
