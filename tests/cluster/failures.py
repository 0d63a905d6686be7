"""The failures that end a command with a message for the person at the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_LINES = 25


class ComponentDiedError(Exception):
    """A component ended by itself; the text has its name and the end of its log."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        super().__init__(f"{name} died; the end of {log}:\n{tail(log)}")


def tail(log: Path, lines: int = _LINES) -> str:
    """The last lines of a log, indented; a log that is missing has none."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])


class UnansweredError(Exception):
    """Parts of the cluster run and do not answer."""

    def __init__(self, names: Sequence[str], pods: str) -> None:
        super().__init__(f"no answer from {', '.join(names)}; the pods:\n{pods.rstrip()}")


class UnsuitableError(Exception):
    """This machine cannot hold the cluster; the text says what it lacks."""


class LeftBehindError(Exception):
    """Something of a cluster could not be removed."""

    def __init__(self, traces: Sequence[str]) -> None:
        super().__init__("left behind:\n" + "\n".join(f"  {trace}" for trace in traces))
