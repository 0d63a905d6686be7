"""Running other programs, with a bound on their time and an error that shows what they said."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

_SHOWN = 4_000


class CommandError(Exception):
    """A program ended with another code than 0 or did not end in its time."""

    def __init__(self, command: Sequence[str], what: str, output: str) -> None:
        self.command, self.what, self.output = tuple(command), what, output
        super().__init__(f"{' '.join(command)}: {what}\n{output[-_SHOWN:].rstrip()}")


def run(
    command: Sequence[str | Path],
    *,
    timeout: float,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    stdin: str | BinaryIO | None = None,
) -> str:
    """Run a program to its end and return its standard output.

    `timeout` is in seconds; `environment` is added to this process's own. A text `stdin` is fed to the
    program, a file is given to it. Raises CommandError, which carries both of the program's outputs.
    """
    words = [str(word) for word in command]
    text = stdin if isinstance(stdin, str) else None
    try:
        ended = subprocess.run(
            words,
            timeout=timeout,
            env={**os.environ, **(environment or {})},
            cwd=folder,
            capture_output=True,
            input=None if text is None else text.encode(),
            stdin=None if isinstance(stdin, str) else stdin or subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(words, f"not done after {timeout:.0f} s", _decoded(error.stderr)) from None
    if ended.returncode:
        raise CommandError(words, f"exit code {ended.returncode}", _decoded(ended.stdout) + _decoded(ended.stderr))
    return _decoded(ended.stdout)


def succeeds(command: Sequence[str | Path], *, timeout: float) -> bool:
    """Whether a program ends with code 0."""
    try:
        run(command, timeout=timeout)
    except CommandError:
        return False
    return True


def _decoded(output: bytes | None) -> str:
    return (output or b"").decode(errors="replace")
