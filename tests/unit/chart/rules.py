"""The chart's rules with its placeholders filled in, as `helm template` fills them in, and promtool to run them."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.unit.chart.programs_at_hand import program

RULES = Path(__file__).parents[3] / "helm" / "seatrial" / "rules"
OPERATOR = "seatrial-system"  # the operator's namespace
Document = dict[str, Any]


def rules_for(window: str, *, held: str = "10s", keep: str = "20s", label: str = "namespace") -> Document:
    """Return the groups for one window and those on the operator, as a rules file."""
    words = {"window": window, "for": held, "keepFiringFor": keep, "docs": "https://docs", "trialOpenFor": "1h"}
    words |= {"namespace": label, "operator": f'{label}="{OPERATOR}"', "recorded": f'{label}=""'}
    return {
        "groups": [
            {"name": f"seatrial-{window}", "rules": _filled("window.yml", words)},
            {"name": "seatrial-operator", "rules": _filled("operator.yml", words)},
        ]
    }


def _filled(name: str, words: Mapping[str, str]) -> Any:
    text = (RULES / name).read_text()
    for word, value in words.items():
        text = text.replace(f"<{word}>", value)
    return yaml.safe_load(text)


def series(name: str, labels: Mapping[str, str], values: str) -> Document:
    """Return an input series in promtool's notation, such as `0+5x60`."""
    inner = ",".join(f"{label}={json.dumps(value)}" for label, value in labels.items())
    return {"series": f"{name}{{{inner}}}", "values": values}


def run_promtool(folder: Path, rules: Document, tests: Sequence[Document], *, step: str = "1s") -> None:
    """Run promtool's tests on the rules; an AssertionError shows what it says."""
    (folder / "rules.yml").write_text(yaml.safe_dump(rules))
    document = {"rule_files": ["rules.yml"], "evaluation_interval": step, "tests": list(tests)}
    (folder / "tests.yml").write_text(yaml.safe_dump(document))
    command = [program("promtool"), "test", "rules", "tests.yml"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
