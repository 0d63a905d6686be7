"""Parts that are away for a while, in the background, and certainly back at the end."""

import threading
import time
from collections.abc import Callable

from tests.chaos.journal import Journal
from tests.system.kubectl import CommandError, Commands

LONGEST_RETURN = 150.0  # seconds until a part must be back; the API server may be away itself
AGAIN_AFTER = 2.0


class Outages:
    """Takes Deployments' pods away, each for a while; one that is away already stays away no longer for it."""

    def __init__(self, commands: Commands, journal: Journal) -> None:
        self._commands, self._journal = commands, journal
        self._away: dict[str, threading.Thread] = {}
        self._over = threading.Event()

    def take_away(self, namespace: str, deployment: str, seconds: float) -> str:
        """Let a Deployment have no pods for so many seconds; returns what is done."""
        running = self._away.get(deployment)
        if running is not None and running.is_alive():
            return "it is away already"
        thread = threading.Thread(
            target=self._outage, args=(namespace, deployment, seconds), name=f"no {deployment}", daemon=True
        )
        self._away[deployment] = thread
        thread.start()
        return f"for {seconds:.0f} s"

    def end(self) -> None:
        """Let everything come back, and wait until it has."""
        self._over.set()
        for thread in self._away.values():
            thread.join(timeout=2 * LONGEST_RETURN)

    def _outage(self, namespace: str, deployment: str, seconds: float) -> None:
        try:
            self._commands.ctl("scale", "deployment", deployment, "-n", namespace, "--replicas=0")
            self._over.wait(seconds)
        except CommandError as error:
            self._journal.say(f"{deployment} could not be taken away: {error}")
        finally:
            self._bring_back(namespace, deployment)

    def _bring_back(self, namespace: str, deployment: str) -> None:
        ctl = self._commands.ctl
        insist(lambda: ctl("scale", "deployment", deployment, "-n", namespace, "--replicas=1"))
        insist(lambda: ctl("rollout", "status", f"deployment/{deployment}", "-n", namespace, "--timeout=60s"))
        self._journal.say(f"{deployment} is back")


def insist(act: Callable[[], object]) -> None:
    """Do something again and again until it succeeds; raises the last CommandError."""
    end = time.monotonic() + LONGEST_RETURN
    while True:
        try:
            act()
        except CommandError:
            if time.monotonic() > end:
                raise
            time.sleep(AGAIN_AFTER)
        else:
            return
