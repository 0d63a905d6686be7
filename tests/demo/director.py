"""The director: looks once a second, shows what it sees, and waits for what the story says must come true."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.live import Live

from tests.demo.look import Looker
from tests.demo.scene import Scene
from tests.demo.terminal import say
from tests.demo.view import render

LOOK_EVERY = 1.0
SAY_EVERY = 10.0  # where there is no terminal to draw on


class StoryError(RuntimeError):
    """Something that had to come true did not."""


@dataclass(slots=True)
class Milestone:
    """Something that came true, and what was to be seen then."""

    name: str
    seconds: float
    detail: str
    weights: dict[str, float]
    findings: list[Any]


@dataclass(slots=True)
class Record:
    """What is kept for the report."""

    milestones: list[Milestone] = field(default_factory=list)
    timeline: list[dict[str, Any]] = field(default_factory=list)
    verdicts: dict[str, list[Any]] = field(default_factory=dict)  # the last of each candidate at each stage


class Director:
    """Looks in a thread; the story runs beside it and waits."""

    def __init__(self, looker: Looker, console: Console) -> None:
        self.record = Record()
        self.scene = Scene()
        self._looker, self._console = looker, console
        self._began = time.monotonic()
        self._now = "starting"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="director", daemon=True)

    def __enter__(self) -> "Director":
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=30)

    @property
    def elapsed(self) -> float:
        """Seconds since the story began."""
        return time.monotonic() - self._began

    def lowest_accuracy(self, since: float) -> float | None:
        """Return the lowest accuracy that was seen since a moment, in seconds since the story began."""
        seen = [one["accuracy"] for one in self.record.timeline if one["seconds"] >= since]
        return min((accuracy for accuracy in seen if accuracy is not None), default=None)

    def now(self, what: str) -> None:
        """Say what happens now."""
        self._now = what
        if not self._console.is_terminal:
            self._say(f"{what} …")

    def reached(self, name: str, detail: str = "") -> None:
        """Note that something came true."""
        scene = self.scene
        findings = [dict(one) for one in scene.findings]
        self.record.milestones.append(
            Milestone(name, round(self.elapsed, 1), detail, dict(scene.seen_weights), findings)
        )
        self._say(f"✓ {name}" + (f": {detail}" if detail else ""))

    def wait(self, what: str, holds: Callable[[Scene], bool], seconds: float) -> Scene:
        """Wait until a scene shows it; raises StoryError."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            scene = self.scene
            if holds(scene):
                return scene
            time.sleep(0.2)
        raise StoryError(f"{what} did not come true within {seconds:.0f} s; last seen: {self._last_words()}")

    def _last_words(self) -> str:
        scene = self.scene
        conditions = [f"{c['type']}={c['status']} ({c['message']})" for c in scene.status.get("conditions") or []]
        return f"stage {scene.stage}, stable {scene.stable}; " + "; ".join([*conditions, *scene.troubles])

    def _watch(self) -> None:
        if not self._console.is_terminal:
            self._watch_plainly()
            return
        with Live(console=self._console, refresh_per_second=2, screen=False) as live:
            while not self._over.is_set():
                self._look()
                live.update(render(self.scene, self._now, self.elapsed))
                self._over.wait(LOOK_EVERY)

    def _watch_plainly(self) -> None:
        said = 0.0
        while not self._over.is_set():
            self._look()
            if self.elapsed - said >= SAY_EVERY:
                said = self.elapsed
                self._say(f"  {_line(self.scene)}")
            self._over.wait(LOOK_EVERY)

    def _say(self, line: str) -> None:
        """Print a line of the story: whole, however long, and above the live view where there is one."""
        say(self._console, f"[{self.elapsed:6.1f} s] {line}")

    def _look(self) -> None:
        self.scene = scene = self._looker.look(self.scene)
        if scene.findings and scene.candidate != "-":
            self.record.verdicts[f"version {scene.candidate}, {scene.stage}"] = [dict(one) for one in scene.findings]
        self.record.timeline.append(
            {
                "seconds": round(self.elapsed, 1),
                "stage": scene.stage,
                "stable": scene.stable,
                "candidate": scene.candidate,
                "weight": scene.weight,
                "seen": {version: round(share, 3) for version, share in scene.seen_weights.items()},
                "accuracy": scene.accuracy,
                "drift": {one.feature: round(one.psi, 3) for one in scene.drift},
            }
        )


def _line(scene: Scene) -> str:
    seen = " ".join(f"v{version} {share:.0%}" for version, share in scene.seen_weights.items())
    accuracy = "" if scene.accuracy is None else f" · accuracy {scene.accuracy:.1%}"
    drift = f" · PSI {scene.drift[0].feature} {scene.drift[0].psi:.2f}" if scene.drift else ""
    counts = (
        f"sent {scene.client.get('sent', 0)} failed {scene.client.get('failed', 0)} lost {scene.client.get('lost', 0)}"
    )
    return f"{scene.stage} · stable v{scene.stable} · {seen} · {counts}{accuracy}{drift}"
