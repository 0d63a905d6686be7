"""Watching objects as they change, in a thread: every state that the API server tells, and when it was heard of."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from tests.system.kubectl import Commands

AGAIN_AFTER = 0.5  # seconds until a watch that ended begins anew
LONGEST = 3600  # seconds that the API server lets one watch last


@dataclass(frozen=True, slots=True)
class Heard:
    """One state of an object, heard of `at` Unix seconds.

    `change` is MODIFIED, DELETED, or ADDED, as is all that is there when a watch begins.
    """

    at: float
    change: str
    document: Mapping[str, Any]


class Watch:
    """Tells `hear` of every object below a path of the API, and of every change; begins anew where the API server ends.

    A new beginning is told by `restarted`, and then all objects again as ADDED: what was deleted meanwhile is not.
    """

    def __init__(
        self,
        commands: Commands,
        path: str,
        hear: Callable[[Heard], None],
        restarted: Callable[[], None] = lambda: None,
    ) -> None:
        separator = "&" if "?" in path else "?"
        self._words = (str(commands.kubectl), "get", "--raw", f"{path}{separator}watch=1&timeoutSeconds={LONGEST}")
        self._environment = {**os.environ, "KUBECONFIG": str(commands.kubeconfig), **commands.environment}
        self._hear, self._restarted = hear, restarted
        self._process: subprocess.Popen[str] | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {path}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._process is not None:
            self._process.kill()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._over.is_set():
            self._restarted()
            self._once()
            self._over.wait(AGAIN_AFTER)

    def _once(self) -> None:
        process = subprocess.Popen(
            self._words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self._environment
        )
        with process:
            self._process = process
            if self._over.is_set():  # the end came while the process started
                process.kill()
            for line in process.stdout or ():
                told = json.loads(line)
                if told["type"] != "ERROR":
                    self._hear(Heard(time.time(), told["type"], told["object"]))
