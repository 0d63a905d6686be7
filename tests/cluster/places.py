"""Where the embedded cluster lives on this machine, and the addresses that it owns.

All addresses are fixed, so that tests, the demo and a person at a terminal can rely on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NODE: Final = "node1"
BRIDGE: Final = "seatrial0"
NODE_ADDRESS: Final = "10.88.0.1"
POD_RANGE: Final = "10.88.0.0/16"
SERVICE_RANGE: Final = "10.96.0.0/16"

API_ADDRESS: Final = "10.96.0.1"
DNS_ADDRESS: Final = "10.96.0.10"
S3_ADDRESS: Final = "10.96.7.20"
PROMETHEUS_ADDRESS: Final = "10.96.7.40"
GATEWAY_ADDRESS: Final = "10.96.7.80"

S3_ACCESS_KEY: Final = "seatrial"
S3_SECRET_KEY: Final = "seatrial-secret-key"

STATE: Final = Path("/var/lib/seatrial-cluster")
CACHE: Final = Path("/var/cache/seatrial")
CHECKOUT: Final = Path(__file__).resolve().parents[2]
HERE: Final = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Addresses:
    """Base URLs of what answers in a running cluster, from this machine and from its pods alike."""

    gateway: str = f"http://{GATEWAY_ADDRESS}"
    s3: str = f"http://{S3_ADDRESS}"
    prometheus: str = f"http://{PROMETHEUS_ADDRESS}:9090"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one cluster: `state` goes with it, `cache` is kept, `checkout` holds the Dockerfiles."""

    state: Path = STATE
    cache: Path = CACHE
    checkout: Path = CHECKOUT

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Places:
        """The places of this machine; the variable SEATRIAL_CACHE moves the cache."""
        return cls(cache=Path(environment.get("SEATRIAL_CACHE") or CACHE))

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.state / "admin.conf"

    @property
    def programs(self) -> Path:
        """A folder for PATH with `kubectl` and `helm`; it is there while the cluster is."""
        return self.state / "bin"

    @property
    def image_store(self) -> Path:
        """Where buildah keeps its layers; part of the cache."""
        return self.cache / "buildah"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.state / "pki"

    @property
    def logs(self) -> Path:
        """One log a component, `<component>.log`."""
        return self.state / "log"

    @property
    def running(self) -> Path:
        """The identities of the processes that were started, `<component>.json`, and sockets."""
        return self.state / "run"

    @property
    def containerd_socket(self) -> Path:
        """The address of containerd."""
        return self.running / "containerd.sock"
