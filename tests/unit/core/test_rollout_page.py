"""docs/concepts/rollout.md says what the operator's own tables say."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from seatrial.api.status import Stage
from seatrial.core.guards import GUARDS
from seatrial.core.table import MOVES

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_rollout", DOCS / "generate_rollout.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current(generator: ModuleType) -> None:
    text = (DOCS / "concepts" / "rollout.md").read_text()
    assert text == generator.page(text), "run python docs/generate_rollout.py"


def test_the_page_shows_every_move_and_every_guard(generator: ModuleType) -> None:
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in generator.moves().splitlines()[2:]]
    assert [row[0] for row in rows] == [stage.value for stage in Stage if stage is not Stage.IDLE]
    assert sum(cell not in ("", "waits") for row in rows for cell in row[1:]) == len(MOVES)
    assert generator.diagram().count(" --> ") == len(MOVES) + 2  # it begins, and a canary has steps
    assert generator.guards().count("\n") == len(GUARDS)
