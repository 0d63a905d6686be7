"""What every command gets: the world that it acts in, and the store that its global options name."""

import getpass
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from seatrial.cli.cluster import ModelDeployments, OpenCluster
from seatrial.contract import environment
from seatrial.contract.layout import ModelHome
from seatrial.store.objects import ObjectStore

OpenStore = Callable[[str, str | None, str | None], ObjectStore]  # of bucket, endpoint, region


@dataclass(frozen=True, slots=True)
class World:
    """What lies outside of the process; tests put another in its place. `user` is who is said to have acted."""

    open_store: OpenStore
    open_cluster: OpenCluster
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    user: str


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the command line."""

    world: World
    store: str | None
    endpoint: str | None
    region: str | None

    def home(self, model: str) -> tuple[ObjectStore, ModelHome]:
        """Return the store that was asked for, and the model's home in it."""
        if not self.store:
            raise click.UsageError(f"there is no store; give --store s3://bucket/prefix or set {environment.STORE}")
        home = ModelHome.at(self.store, model)
        return self.world.open_store(home.bucket, self.endpoint, self.region), home


def real_world() -> World:
    """Return the world of a user at a terminal."""
    return World(_open_s3, _open_kube, lambda: datetime.now(UTC), time.sleep, _user())


def _open_s3(bucket: str, endpoint: str | None, region: str | None) -> ObjectStore:
    from seatrial.store.s3 import S3Store  # boto3 is slow to import

    return S3Store(bucket, endpoint, region)


def _open_kube(kubeconfig: str | None, context: str | None) -> ModelDeployments:
    from seatrial.cli.kube import connect  # so is the client of Kubernetes

    return connect(kubeconfig, context)


def _user() -> str:
    try:
        return os.environ.get("SEATRIAL_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        return f"uid {os.getuid()}"
