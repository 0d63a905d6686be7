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
from tests.demo.look import NAME, NAMESPACE, Looker
from tests.demo.stagehand import HOST, Stagehand
from tests.demo.story import ACTS, Stage
from tests.system import installation
from tests.system.kubectl import CommandError
from tests.system.site import Site, SiteError, site

REPORT = Path("demo-report.json")
LAST_REQUESTS = 30.0  # seconds that requests under way have to end
RESTED = 3.0  # seconds after which the client has counted what it sent last


def main() -> int:
    """Make the cluster ready, play the story, say how it went."""
    console = Console()
    times: dict[str, float] = {}
    try:
        began = time.monotonic()
        with Progress() as progress:
            chosen = site(os.environ, progress)
        times["cluster"] = round(time.monotonic() - began, 1)
        hand = Stagehand(chosen)
        _prepare(chosen, hand, console)
        times["ready"] = round(time.monotonic() - began, 1)
    except (SiteError, CommandError, *EXPECTED) as error:
        console.print(f"the demo cannot start: {error}", markup=False, soft_wrap=True, style="red")
        return 1
    return _play(chosen, hand, console, times)


def _prepare(chosen: Site, hand: Stagehand, console: Console) -> None:
    console.print("Seatrial is installed with Helm; an earlier run of the demo is cleared away")
    hand.check_alone()
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
    console.print(report.requests_line(document), markup=False, soft_wrap=True)
    if failure:
        console.print(f"The story did not come true: {failure}", markup=False, soft_wrap=True, style="bold red")
    else:
        console.print("The story came true.", style="bold green")
    console.print(
        f"""
Look around (the cluster is still up, and so is the client, for an hour at most):
  export KUBECONFIG={chosen.commands.kubeconfig}
  export PATH={chosen.commands.kubectl.parent}:$PATH
  kubectl get mdep -n {NAMESPACE}
  kubectl describe mdep {NAME} -n {NAMESPACE}
  curl -H 'Host: {HOST}' {chosen.gateway}/v2/models/{NAME}
  curl {chosen.prometheus}/api/v1/query --data-urlencode 'query=seatrial:drift_psi'
  {_credentials(chosen)} .venv/bin/seatrial --endpoint {chosen.s3} --store {hand.shelf.store} versions {NAME}
  {REPORT} has every stage, verdict and weight
Take it down: make cluster-down""",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _credentials(chosen: Site) -> str:
    """Return the credentials as a shell takes them: those of a user's own store stay where they are."""
    if not chosen.embedded:
        return "AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…"
    return f"AWS_ACCESS_KEY_ID={chosen.s3_key} AWS_SECRET_ACCESS_KEY={chosen.s3_secret}"


if __name__ == "__main__":
    sys.exit(main())
