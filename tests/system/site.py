"""Where the demo and the end-to-end tests find what they need: on the embedded cluster, or on one of the user's."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cluster import Cluster
from tests.cluster.places import S3_ACCESS_KEY, S3_SECRET_KEY
from tests.cluster.progress import Progress
from tests.system.kubectl import Commands

NEEDED = {
    "SEATRIAL_OPERATOR_IMAGE": "the image built from operator/Dockerfile, where the cluster can pull it",
    "SEATRIAL_RUNTIME_IMAGE": "the image built from serving-image/Dockerfile",
    "SEATRIAL_DEMO_S3": "an S3 endpoint that this machine and the cluster's pods reach, such as http://10.0.0.5:9000",
    "SEATRIAL_DEMO_S3_KEY": "its access key",
    "SEATRIAL_DEMO_S3_SECRET": "its secret key",
    "SEATRIAL_DEMO_BUCKET": "a bucket of it; what is below seatrial-demo/ in it is removed at each start",
    "SEATRIAL_DEMO_PROMETHEUS": "Prometheus' address, from this machine and from the cluster's pods",
    "SEATRIAL_DEMO_GATEWAY": "the gateway's address from the cluster's pods, such as http://envoy.gateways.svc",
    "SEATRIAL_DEMO_GATEWAY_NAME": "the Gateway as namespace/name",
}


class SiteError(RuntimeError):
    """Something that the demo needs is not there; the message says what."""


@dataclass(frozen=True, slots=True)
class Site:
    """A cluster with what Seatrial needs around it, and the two images."""

    commands: Commands
    operator_image: str
    runtime_image: str
    s3: str
    s3_key: str
    s3_secret: str
    bucket: str
    prometheus: str
    gateway: str
    gateway_namespace: str
    gateway_name: str
    embedded: bool

    @property
    def storage(self) -> Mapping[str, str]:
        """The environment in which the `seatrial` command finds the store."""
        return {
            "SEATRIAL_S3_ENDPOINT": self.s3,
            "SEATRIAL_S3_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": self.s3_key,
            "AWS_SECRET_ACCESS_KEY": self.s3_secret,
        }


def site(environment: Mapping[str, str], progress: Progress) -> Site:
    """Return the site: the user's where KUBECONFIG names one, otherwise the embedded one, made ready."""
    cluster = Cluster()
    own = own_kubeconfig(environment)
    if own is not None:
        return _own(environment, own)
    cluster.up(progress)
    return embedded(cluster, cluster.build_images(progress))


def own_kubeconfig(environment: Mapping[str, str]) -> Path | None:
    """Return the kubeconfig of a cluster of the user's; None where the embedded one is to be used."""
    named = environment.get("KUBECONFIG", "")
    return Path(named) if named and Path(named) != Cluster().kubeconfig else None


def embedded(cluster: Cluster, images: Mapping[str, str]) -> Site:
    """Return the embedded cluster's site with these images."""
    addresses = cluster.addresses
    return Site(
        commands=Commands(cluster.kubeconfig, cluster.bin("kubectl"), cluster.bin("helm")),
        operator_image=images["operator"],
        runtime_image=images["runtime"],
        s3=addresses.s3,
        s3_key=S3_ACCESS_KEY,
        s3_secret=S3_SECRET_KEY,
        bucket="models",
        prometheus=addresses.prometheus,
        gateway=addresses.gateway,
        gateway_namespace="gateways",
        gateway_name="models",
        embedded=True,
    )


def _own(environment: Mapping[str, str], kubeconfig: Path) -> Site:
    missing = [f"  {name}: {what}" for name, what in NEEDED.items() if not environment.get(name)]
    if missing:
        raise SiteError("KUBECONFIG names a cluster of yours; the demo also needs\n" + "\n".join(missing))
    given = {name: environment[name] for name in NEEDED}
    namespace, _, name = given["SEATRIAL_DEMO_GATEWAY_NAME"].rpartition("/")
    return Site(
        commands=Commands(kubeconfig, Path("kubectl"), Path("helm")),
        operator_image=given["SEATRIAL_OPERATOR_IMAGE"],
        runtime_image=given["SEATRIAL_RUNTIME_IMAGE"],
        s3=given["SEATRIAL_DEMO_S3"],
        s3_key=given["SEATRIAL_DEMO_S3_KEY"],
        s3_secret=given["SEATRIAL_DEMO_S3_SECRET"],
        bucket=given["SEATRIAL_DEMO_BUCKET"],
        prometheus=given["SEATRIAL_DEMO_PROMETHEUS"],
        gateway=given["SEATRIAL_DEMO_GATEWAY"],
        gateway_namespace=namespace,
        gateway_name=name,
        embedded=False,
    )


def checkout() -> Path:
    """Return the root of the checkout."""
    return Path(__file__).resolve().parents[2]


def python() -> Path:
    """Return the environment's programs' folder."""
    return Path(os.environ.get("VIRTUAL_ENV") or checkout() / ".venv") / "bin"
