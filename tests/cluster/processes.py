"""Processes that outlive the command which started them, and the certainty that a pid still means the same one.

A pid is used again after its process is gone. So a started process is remembered by its pid, the clock tick at
which the kernel started it, and the boot in which that was; only a process that has all three is ever ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Identity:
    """One process of one boot. `started` is in clock ticks since that boot."""

    pid: int
    started: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """The identity of a process that lives now; none if it is gone or only waits to be reaped."""
        try:
            state, started = read_stat((_PROC / str(pid) / "stat").read_text())
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if state in "ZX" else cls(pid, started, boot())

    @property
    def alive(self) -> bool:
        """Whether exactly this process still runs."""
        return Identity.of(self.pid) == self


def read_stat(text: str) -> tuple[str, int]:
    """State letter and start time in clock ticks from a /proc/<pid>/stat line.

    The second field is the program's name in parentheses and may itself hold spaces and parentheses, so the
    fields are counted from the last closing one (proc(5): state is field 3, starttime field 22).
    """
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[19])


def boot() -> str:
    """The kernel's name for this boot."""
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def start(name: str, command: Sequence[str], folder: Path, logs: Path) -> Identity:
    """Start a program that goes on after this one, with its output in `<logs>/<name>.log`.

    Its identity is written to `<folder>/<name>.json`. Raises OSError if the program cannot be started.
    """
    with (logs / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    # A process that has ended already is a zombie of ours: it keeps its pid, and the identity says that it is dead.
    identity = Identity.of(process.pid) or Identity(process.pid, -1, boot())
    process.returncode = 0  # nobody waits for it: its own parent will be init
    (folder / f"{name}.json").write_text(json.dumps(asdict(identity)))
    return identity


def remembered(folder: Path) -> dict[str, Identity]:
    """All identities that `start` wrote to a folder, by name. A file that was cut off while written is left out."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(ValueError, TypeError):
            found[path.stem] = Identity(**json.loads(path.read_text()))
    return found


def kill(identities: Iterable[Identity], *, patience: float = 5.0) -> None:
    """Kill processes and wait until the kernel has taken them away."""
    waiting = [identity for identity in identities if _signal(identity, signal.SIGKILL)]
    deadline = time.monotonic() + patience
    while any(identity.alive for identity in waiting) and time.monotonic() < deadline:
        time.sleep(0.02)


@contextlib.contextmanager
def halted(identity: Identity) -> Iterator[None]:
    """A process that does nothing for a while, with all its connections open: it is silent, not gone."""
    if not _signal(identity, signal.SIGSTOP):
        raise ProcessLookupError(f"process {identity.pid} is gone")
    try:
        yield
    finally:
        _signal(identity, signal.SIGCONT)


def matching(*words: str) -> list[Identity]:
    """The living processes whose command line holds all of these words, each as one whole argument."""
    found = [Identity.of(pid) for pid in _pids() if set(words) <= set(arguments(pid))]
    return [identity for identity in found if identity]


def arguments(pid: int) -> list[str]:
    """The command line of a process; empty if it is gone or a thread of the kernel."""
    try:
        return (_PROC / str(pid) / "cmdline").read_text(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def memory(pid: int) -> int:
    """The resident memory of a process in bytes; 0 if it is gone."""
    try:
        pages = int((_PROC / str(pid) / "statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _pids() -> list[int]:
    return [int(path.name) for path in _PROC.iterdir() if path.name.isdecimal()]


def _signal(identity: Identity, number: signal.Signals) -> bool:
    """Send a signal to exactly this process; False if it is gone.

    The handle pins the process, so the pid cannot pass to another one between the check and the signal.
    """
    try:
        handle = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return False
    try:
        if identity.alive:
            signal.pidfd_send_signal(handle, number)
            return True
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)
    return False
