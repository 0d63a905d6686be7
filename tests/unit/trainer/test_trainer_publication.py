"""Version numbers, and what happens when others publish at the same time."""

from pathlib import Path

import pytest

from seatrial.contract.manifest import Manifest
from seatrial.store.versions import publish
from seatrial_runtime.publish.write import Draft, write_version
from seatrial_runtime.trainer.errors import TrainingError
from seatrial_runtime.trainer.publication import choose_version, publish_next
from tests.unit.trainer.builders import HOME, NOW, TARGET, World, fitted


@pytest.mark.parametrize(
    ("versions", "expected"),
    [([], "1"), (["1"], "2"), (["9", "10"], "11"), (["7", "slow", "8-rc1"], "8"), (["slow"], "1"), (["007"], "8")],
)
def test_the_next_version_is_the_next_number(versions: list[str], expected: str) -> None:
    assert choose_version(versions) == expected


class Crowd:
    """Drafts versions; of the first few, somebody else publishes another one just before."""

    def __init__(self, world: World, rivals: int) -> None:
        self.world, self.rivals = world, rivals

    def __call__(self, version: str) -> Draft:
        if self.rivals:
            self.rivals -= 1
            self._publish(self._draft(version, depth=1), f"rival-{version}")
        return self._draft(version, depth=4)

    def _draft(self, version: str, depth: int) -> Draft:
        frame = self.world.dataset
        return Draft(
            model=HOME.model,
            version=version,
            created=NOW.isoformat(),
            estimator=fitted(frame, max_depth=depth),
            rows=frame.drop(columns=TARGET),
            target=TARGET,
        )

    def _publish(self, draft: Draft, name: str) -> None:
        folder = self.world.folder / name
        folder.mkdir()
        publish(self.world.store, HOME, write_version(draft, folder), folder, by="bob", now=NOW)


def publish_among(world: World, rivals: int) -> Manifest:
    folder = world.folder / "ours"
    folder.mkdir()
    return publish_next(world.store, HOME, Crowd(world, rivals), folder, by="trainer", now=NOW)


def test_a_version_that_another_took_meanwhile_is_left_to_them(tmp_path: Path) -> None:
    world = World(tmp_path)
    ours = publish_among(world, rivals=2)
    assert (ours.version, world.versions()) == ("3", ["1", "2", "3"])
    assert world.manifest("3").parameters["max_depth"] == "4"
    assert world.manifest("2").parameters["max_depth"] == "1"


def test_the_tries_are_bounded(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="10 versions in a row were taken by others"):
        publish_among(World(tmp_path), rivals=100)
