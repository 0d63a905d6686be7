"""`make demo`: the main job, live, on a real cluster. Exits 0 only if the story came true."""

import os
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.cluster.__main__ import EXPECTED
from tests.cluster.progress import Progress
from tests.demo import report
from tests.demo.director import Director, StoryError
from tests.demo.farewell import look_around, take_down
from tests.demo.look import Looker
from tests.demo.stagehand import Stagehand
from tests.demo.story import ACTS, Stage
from tests.demo.terminal import open_console, say
from tests.system import installation
from tests.system.kubectl import CommandError
from tests.system.site import Site, SiteError, site

REPORT = Path("demo-report.json")
INTERRUPTED = 130  # as shells count it
LAST_REQUESTS = 30.0  # seconds that requests under way have to end
RESTED = 3.0  # seconds after which the client has counted what it sent last


def main() -> int:
    """Make the cluster ready, play the story, say how it went."""
    console = open_console()
    times: dict[str, float] = {}
    REPORT.unlink(missing_ok=True)  # of an earlier run: this one may not get as far as its own
    try:
        began = time.monotonic()
        with Progress() as progress:
            chosen = site(os.environ, progress)
        times["cluster"] = round(time.monotonic() - began, 1)
        hand = Stagehand(chosen)
        _prepare(chosen, hand, console)
        times["ready"] = round(time.monotonic() - began, 1)
    except (SiteError, CommandError, *EXPECTED) as error:
        say(console, f"the demo cannot start: {error}", "red")
        return 1
    except KeyboardInterrupt:
        say(console, "interrupted; make demo goes on from what is there, make cluster-down removes it", "red")
        return INTERRUPTED
    try:
        return _play(chosen, hand, console, times)
    except KeyboardInterrupt:
        say(console, f"interrupted; the cluster is still up, and so is the client. {take_down(chosen)}", "red")
        return INTERRUPTED


def _prepare(chosen: Site, hand: Stagehand, console: Console) -> None:
    hand.check_alone()
    console.print("an earlier run of the demo is cleared away, and Seatrial is installed with Helm …")
    hand.clear()
    installation.install(chosen)
    hand.prepare()


def _play(chosen: Site, hand: Stagehand, console: Console, times: dict[str, float]) -> int:
    failure = ""
    director = Director(Looker(chosen.commands, chosen.prometheus), console)
    try:
        with director:
            for act in ACTS:
                act(Stage(director, hand))
            times["story"] = round(director.elapsed, 1)
            hand.client.send(on=False)
            time.sleep(RESTED)
            director.wait("the last requests end", lambda s: s.client.get("underWay", 1) == 0, LAST_REQUESTS)
        hand.client.send(on=True)
    except (StoryError, CommandError) as error:
        failure = str(error)
    document = report.report(director.record, director.scene, times, failure)
    lost = report.unexcused(document)
    if not failure and lost:
        failure = f"{lost} client requests failed or were lost"
        document |= {"cameTrue": False, "failure": failure}
    report.write(document, REPORT)
    _say_goodbye(chosen, hand, console, document, failure)
    return 1 if failure else 0


def _say_goodbye(chosen: Site, hand: Stagehand, console: Console, document: dict[str, Any], failure: str) -> None:
    console.print(report.summary(document))
    say(console, report.requests_line(document))
    if failure:
        say(console, f"The story did not come true: {failure}", "bold red")
    else:
        say(console, "The story came true.", "bold green")
    say(console, look_around(chosen, hand.shelf.store, str(REPORT)))


if __name__ == "__main__":
    sys.exit(main())
