"""What a cluster leaves on the machine when its processes are gone, however they went, and its removal.

Everything is recognised by the cluster's own state folder, cgroup or network name, so nothing of another
container engine is ever touched.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.cluster import network, processes
from tests.cluster.commands import run
from tests.cluster.configuration import CGROUP
from tests.cluster.places import Places
from tests.cluster.processes import Identity

_CGROUPS: Final = Path("/sys/fs/cgroup")
_CNI_RESULTS: Final = Path("/var/lib/cni/results")
_CONTAINER_LOGS: Final = Path("/var/log/containers")
_SHARES: Final = {"cpu.shares": "8192", "cpu.weight": "800"}  # eight times the default, version 1 and 2
_PATIENCE = 5.0


def cgroup_roots(mounts: str) -> tuple[Path, ...]:
    """The roots of all cgroup hierarchies, of version 1 and 2, from the text of /proc/mounts."""
    fields = [line.split() for line in mounts.splitlines()]
    return tuple(Path(field[1]) for field in fields if field[2] in ("cgroup", "cgroup2"))


def mounts_below(folder: Path, mounts: str) -> tuple[str, ...]:
    """The mount points below a folder, from the text of /proc/mounts; what was mounted last comes first."""
    points = [_unescaped(line.split()[1]) for line in mounts.splitlines()]
    return tuple(point for point in reversed(points) if Path(point).is_relative_to(folder))


def _unescaped(field: str) -> str:
    """A field of /proc/mounts without its octal escapes for blanks (proc(5))."""
    return re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), field)


def make_cgroup() -> None:
    """Make the cgroup below which the kubelet puts all pods.

    A cgroup weighs as much as one process beside it, so without a larger share a build on the same machine would
    leave all pods together one share of many, and their probes would fail.
    """
    for root in _roots():
        cgroup = root / CGROUP[1:]
        cgroup.mkdir(exist_ok=True)
        for file, share in _SHARES.items():
            if (cgroup / file).exists():
                (cgroup / file).write_text(share)


def shims(places: Places) -> list[Identity]:
    """The living shims of our containerd, also of one that is gone."""
    return processes.matching("-address", str(places.containerd_socket))


def contained() -> list[Identity]:
    """The living processes in the pods' cgroup."""
    found = {pid for root in _roots() for pid in _members(root / CGROUP[1:])}
    return [identity for identity in map(Identity.of, found) if identity]


def traces(places: Places) -> list[str]:
    """What is there of a cluster, running or broken; empty on a machine without one."""
    processes_left = {*shims(places), *contained(), *_remembered(places)}
    cgroups = [root / CGROUP[1:] for root in _roots()]
    return [
        *(f"process {identity.pid}" for identity in sorted(processes_left, key=lambda each: each.pid)),
        *(f"mount {point}" for point in _mounts(places)),
        *(f"cgroup {cgroup}" for cgroup in cgroups if cgroup.exists()),
        *network.traces(),
        *(f"file {path}" for path in _files(places)),
        *([f"folder {places.state}"] if places.state.exists() else []),
    ]


def _mounts(places: Places) -> tuple[str, ...]:
    """The mounts of the cluster, and of image builds that were cut off."""
    mounts = Path("/proc/mounts").read_text()
    return mounts_below(places.state, mounts) + mounts_below(places.image_store, mounts)


def _remembered(places: Places) -> list[Identity]:
    return [identity for identity in processes.remembered(places.running).values() if identity.alive]


def end_processes(places: Places) -> None:
    """Kill the shims, then whatever still runs in the pods' cgroup."""
    processes.kill(shims(places))
    processes.kill(contained())


def remove(places: Places) -> None:
    """Remove mounts, cgroups, sockets, links to logs, CNI's notes, devices and rules. The processes must be gone."""
    for point in _mounts(places):
        run(["umount", "--lazy", point], timeout=30)
    for root in _roots():
        _remove_cgroup(root / CGROUP[1:])
    _unlink(_shim_sockets(places.running))
    _unlink(_files(places))
    network.take_down()


def _files(places: Places) -> list[Path]:
    """The files outside the cluster's folders."""
    return [*log_links(_CONTAINER_LOGS, places.logs), *cni_notes(_CNI_RESULTS)]


def log_links(folder: Path, logs: Path) -> list[Path]:
    """The links to pods' logs that the kubelet makes outside its own folders, whether the logs are there or not."""
    return [path for path in sorted(folder.glob("*.log")) if path.is_symlink() and path.readlink().is_relative_to(logs)]


def cni_notes(folder: Path) -> list[Path]:
    """What CNI noted of our pods' interfaces, of the loopback ones too: those are known by the same container."""
    ours = sorted(folder.glob(f"{network.NETWORK}-*"))
    containers = [path.name.removeprefix(f"{network.NETWORK}-").rpartition("-")[0] for path in ours]
    return ours + [path for one in containers for path in sorted(folder.glob(f"cni-loopback-{one}-*"))]


def _roots() -> tuple[Path, ...]:
    return cgroup_roots(Path("/proc/mounts").read_text())


def _members(cgroup: Path) -> set[int]:
    pids: set[int] = set()
    for path in cgroup.rglob("cgroup.procs"):
        with contextlib.suppress(OSError):  # the cgroup went away, or is threaded
            pids |= {int(line) for line in path.read_text().split()}
    return pids


def _remove_cgroup(cgroup: Path) -> None:
    """Remove a cgroup and those in it; the kernel needs a moment after the last process."""
    deadline = time.monotonic() + _PATIENCE
    while cgroup.exists():
        for folder in sorted((path for path in cgroup.rglob("*") if path.is_dir()), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()
        try:
            cgroup.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _shim_sockets(running: Path) -> list[Path]:
    """Shims listen below /run/containerd whatever containerd's own folders are, and note where in `address`."""
    notes = running.glob("containerd/io.containerd.runtime.v2.task/*/*/address")
    return [Path(note.read_text().strip().removeprefix("unix://")) for note in notes]


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
