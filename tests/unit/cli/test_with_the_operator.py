"""The commands and the operator's own rules together: what is asked for at a terminal is what the trial then does."""

import re
from dataclasses import replace
from typing import Any

import pytest

from seatrial.api.requests import PROMOTE, RETRY, promote_value
from seatrial.api.status import Stage
from tests.given import ref, serving, spec
from tests.unit.cli.conftest import Terminal
from tests.unit.cli.worlds import document
from tests.unit.core.story import Story

APPROVED = [{"weight": 5, "approval": "Required"}, {"weight": 25, "approval": "Required"}]
ROLLOUT: dict[str, Any] = {
    "shadow": {"minimumDuration": "1m"},
    "canary": {"steps": APPROVED, "stepDuration": "1m"},
    "probation": "2m",
}
OF = spec(rollout=ROLLOUT)


class Site:
    """A terminal beside an operator: version 1 serves, and version 2 goes on trial."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal, self.story = terminal, Story(serving("1", of=OF, wants="2"))

    def run(self, *arguments: str) -> int:
        """Run a command line on the object as the operator left it; what it annotates the operator sees."""
        self.show()
        code = self.terminal(*arguments, store=None)
        self.story.world = replace(self.story.world, annotations=self.terminal.cluster.annotations())
        return code

    def show(self) -> None:
        """Let the cluster have the object as the operator left it."""
        world = self.story.world
        self.terminal.cluster.put(document(world.status, rollout=ROLLOUT, annotations=world.annotations))

    def until_approval(self) -> None:
        """Go on until the trial waits for an approval."""
        self.story.until(lambda world: world.status.trial is not None and world.status.trial.held_reason != "")

    def until(self, stage: Stage) -> None:
        """Go on until a stage."""
        self.story.until(lambda world: world.status.stage is stage)

    @property
    def serves(self) -> str:
        """The version that serves."""
        stable = self.story.world.status.stable
        return stable.version if stable is not None else ""


@pytest.fixture
def site(seatrial: Terminal) -> Site:
    return Site(seatrial)


def test_each_approval_is_for_one_step_more(site: Site) -> None:
    for weight in (5, 25):
        site.until_approval()
        assert site.story.world.status.weight == weight
        assert site.run("promote", "risk") == 0
        assert f"its step of {weight} %" in site.terminal.out
        site.story.step()
    site.until(Stage.PROBATION)
    assert site.serves == "2"


def test_a_full_promotion_leaves_the_stages_out(site: Site) -> None:
    site.until(Stage.SHADOW)
    assert site.run("promote", "risk", "--full") == 0
    site.until(Stage.PROBATION)
    assert Stage.CANARY not in [stage for stage, weight in site.story.stages if weight]
    assert site.serves == "2"


@pytest.mark.parametrize("stage", [Stage.SHADOW, Stage.CANARY])
def test_what_is_aborted_is_tried_again_by_a_retry_alone(site: Site, stage: Stage) -> None:
    site.until(stage)
    assert site.run("abort", "risk") == 0
    site.story.rest()
    assert (site.serves, site.story.world.status.history[-1].outcome) == ("1", "Aborted")
    assert site.run("retry", "risk") == 0
    site.until(stage)
    assert site.story.world.status.trial is not None


def test_a_promoted_version_is_aborted_in_its_probation_and_retried(site: Site) -> None:
    site.until(Stage.SHADOW)
    site.run("promote", "risk", "--full")
    site.until(Stage.PROBATION)
    assert site.run("abort", "risk") == 0
    site.story.rest()
    assert site.serves == "1"
    assert site.run("retry", "risk") == 0
    site.until(Stage.SHADOW)
    assert site.story.world.annotations.keys() == {RETRY}, "the promotion is not asked for again"


def test_a_retry_that_took_an_abort_back_in_time_asks_for_nothing_later(site: Site) -> None:
    site.until(Stage.CANARY)
    site.run("abort", "risk")
    assert site.run("retry", "risk") == 0
    site.until_approval()
    assert site.story.world.annotations == {}


def test_a_watch_sees_every_state_of_a_trial_to_its_end(site: Site) -> None:
    approval = {PROMOTE: promote_value(ref("2", OF).revision, 25)}
    site.story.world = replace(site.story.world, annotations=approval)

    def goes_on() -> None:
        site.story.step()
        site.show()

    site.show()
    site.terminal.cluster.happenings.extend([goes_on] * 200)
    assert site.terminal("watch", "risk", store=None) == 0
    lines, names = site.terminal.out.splitlines()[:-1], "|".join(Stage)
    stages = [found[0] for line in lines if (found := re.search(names, line))]
    assert (len(stages), list(dict.fromkeys(stages))) == (len(lines), list(Stage))
    assert site.terminal.out.splitlines()[-1].startswith("version 2 (revision")


def test_every_state_of_a_trial_fits_on_a_screen(site: Site) -> None:
    for _ in range(60):
        site.story.step()
        assert site.run("status", "risk") == 0
        assert len(site.terminal.out.splitlines()) <= 24
