"""The processes of the cluster with all their flags, in the order in which they start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster.certificates import Credential
from tests.cluster.places import NODE, NODE_ADDRESS, POD_RANGE, SERVICE_RANGE, Places

_ETCD: Final = "http://127.0.0.1:2379"
_ETCD_PEER: Final = "http://127.0.0.1:2380"


@dataclass(frozen=True, slots=True)
class Component:
    """One process: its name, its command line, and where it can be reached."""

    name: str
    command: tuple[str, ...]
    address: str


def first(kube: Path, places: Places) -> tuple[Component, ...]:
    """What needs no API server: containerd, etcd and the API server itself."""
    return (
        Component(
            "containerd",
            ("containerd", "--config", str(places.state / "containerd.toml")),
            f"unix://{places.containerd_socket}",
        ),
        Component("etcd", (str(kube), "etcd", *_etcd(places)), _ETCD),
        Component("apiserver", (str(kube), "apiserver", *_apiserver(places)), "https://127.0.0.1:6443"),
    )


def second(kube: Path, places: Places) -> tuple[Component, ...]:
    """What needs an API server that is ready."""
    return (
        _client(kube, places, "controller-manager", 10257, *_controller_manager(places)),
        _client(kube, places, "scheduler", 10259, "--leader-elect=false"),
        _client(kube, places, "kubelet", 10250, *_kubelet(places), credential="node"),
        _client(kube, places, "proxy", 10256, *_proxy()),
    )


def everything(kube: Path, places: Places) -> tuple[Component, ...]:
    """All components."""
    return first(kube, places) + second(kube, places)


def _client(kube: Path, places: Places, name: str, port: int, *flags: str, credential: str = "") -> Component:
    kubeconfig = f"--kubeconfig={places.state}/{credential or name}.conf"
    return Component(name, (str(kube), name, kubeconfig, *flags), f"127.0.0.1:{port}")


def _etcd(places: Places) -> tuple[str, ...]:
    return (
        f"--data-dir={places.state}/etcd",
        f"--listen-client-urls={_ETCD}",
        f"--advertise-client-urls={_ETCD}",
        f"--listen-peer-urls={_ETCD_PEER}",
        f"--initial-advertise-peer-urls={_ETCD_PEER}",
        f"--initial-cluster=default={_ETCD_PEER}",
        "--unsafe-no-fsync",  # the data do not outlive the cluster
    )


def _apiserver(places: Places) -> tuple[str, ...]:
    server, client = Credential(places.pki, "apiserver"), Credential(places.pki, "admin")
    front = Credential(places.pki, "front-proxy")
    return (
        f"--etcd-servers={_ETCD}",
        f"--client-ca-file={server.authority}",
        f"--tls-cert-file={server.certificate}",
        f"--tls-private-key-file={server.key}",
        f"--cert-dir={places.pki}",
        f"--kubelet-client-certificate={client.certificate}",
        f"--kubelet-client-key={client.key}",
        "--kubelet-preferred-address-types=InternalIP",  # else logs and exec look the node up in DNS
        f"--proxy-client-cert-file={front.certificate}",
        f"--proxy-client-key-file={front.key}",
        f"--requestheader-client-ca-file={front.authority}",
        f"--requestheader-allowed-names={front.name}",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--service-account-key-file={places.pki}/sa.pub",
        f"--service-account-signing-key-file={places.pki}/sa.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        "--secure-port=6443",
        f"--advertise-address={NODE_ADDRESS}",
        "--endpoint-reconciler-type=none",  # keeps the address stable; the addon 'kubernetes' stands behind it
    )


def _controller_manager(places: Places) -> tuple[str, ...]:
    return (
        f"--service-account-private-key-file={places.pki}/sa.key",
        f"--root-ca-file={places.pki}/ca.crt",
        "--use-service-account-credentials",
        "--leader-elect=false",
        "--kube-api-qps=200",  # the default of 20 needs 9 s for 200 pods
        "--kube-api-burst=400",
        # After a minute without an API server the one node is as well as before: its endpoints must stay.
        "--node-monitor-grace-period=5m",
        # A test of an autoscaler is over before the defaults of minutes are.
        "--horizontal-pod-autoscaler-sync-period=5s",
        "--horizontal-pod-autoscaler-downscale-stabilization=10s",
        "--horizontal-pod-autoscaler-cpu-initialization-period=5s",
        "--horizontal-pod-autoscaler-initial-readiness-delay=2s",
    )


def _kubelet(places: Places) -> tuple[str, ...]:
    return (
        f"--config={places.state}/kubelet.yaml",
        f"--hostname-override={NODE}",
        f"--node-ip={NODE_ADDRESS}",
        f"--root-dir={places.state}/kubelet",
        f"--cert-dir={places.pki}",
    )


def _proxy() -> tuple[str, ...]:
    return (
        f"--hostname-override={NODE}",
        "--proxy-mode=iptables",
        f"--cluster-cidr={POD_RANGE}",
        "--iptables-min-sync-period=200ms",
        "--iptables-localhost-nodeports=false",  # else it changes route_localnet of the whole machine
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s",
    )
