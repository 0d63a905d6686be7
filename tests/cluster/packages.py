"""Debian's packages that the cluster runs on, installed once and only if one is missing."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.cluster.commands import CommandError, run
from tests.cluster.failures import UnsuitableError
from tests.cluster.progress import Progress

PACKAGES: Final = (
    "buildah",
    "ca-certificates",
    "conntrack",
    "containerd",
    "containernetworking-plugins",
    "ethtool",
    "gcc",
    "iproute2",
    "iptables",
    "libc6-dev",
    "mmdebstrap",
    "openssl",
    "runc",
    "socat",
)
_POLICY = Path("/usr/sbin/policy-rc.d")


def install_missing(progress: Progress) -> None:
    """Install what is missing. No service of a package is started or enabled."""
    if not shutil.which("dpkg-query"):
        raise UnsuitableError("the embedded cluster needs Debian 12; set KUBECONFIG to use a cluster of your own")
    lacking = missing(_installed())
    if not lacking:
        return
    with progress.step(f"install {' '.join(lacking)}"), _no_service_starts():
        apt = ["apt-get", "-o", "DPkg::Lock::Timeout=120", "--quiet"]
        run([*apt, "update"], timeout=300)
        install = [*apt, "install", "--yes", "--no-install-recommends", *lacking]
        run(install, timeout=900, environment={"DEBIAN_FRONTEND": "noninteractive"})
        if "containerd" in lacking:
            _disable("containerd")


def missing(installed: str) -> list[str]:
    """The packages that are not installed, from lines of `<name> <status letters>`."""
    present = {line.split()[0] for line in installed.splitlines() if line.split()[1:] == ["ii"]}
    return [package for package in PACKAGES if package not in present]


def _installed() -> str:
    try:
        return run(["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Abbrev}\n", *PACKAGES], timeout=60)
    except CommandError as error:  # at least one is unknown; the others are listed all the same
        return "\n".join(line for line in error.output.splitlines() if not line.startswith("dpkg-query"))


@contextlib.contextmanager
def _no_service_starts() -> Iterator[None]:
    """Forbid packages to start their services, unless the machine has a policy of its own (policy-rc.d)."""
    ours = not _POLICY.exists()
    if ours:
        _POLICY.write_text("#!/bin/sh\nexit 101\n")
        _POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            _POLICY.unlink(missing_ok=True)


def _disable(service: str) -> None:
    if Path("/run/systemd/system").exists():
        run(["systemctl", "disable", service], timeout=60)
