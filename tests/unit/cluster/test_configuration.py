"""The files and command lines of the components: well-formed, and nothing outside the cluster's own folders."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import yaml

from tests.cluster import certificates, components, configuration
from tests.cluster.certificates import Credential
from tests.cluster.places import Places

PLACES = Places(state=Path("/state"), cache=Path("/cache"))
ALL = components.everything(Path("/cache/kube"), PLACES)


def test_containerd_keeps_to_the_state_folder() -> None:
    written = tomllib.loads(configuration.containerd(PLACES))
    cri = written["plugins"]["io.containerd.grpc.v1.cri"]

    assert written["grpc"]["address"] == str(PLACES.containerd_socket)
    assert {written["root"], written["state"]} == {"/state/containerd", "/state/run/containerd"}
    assert cri["containerd"]["runtimes"]["runc"]["options"]["Root"].startswith("/state/")
    assert cri["restrict_oom_score_adj"] is True
    assert cri["netns_mounts_under_state_dir"] is True
    assert cri["sandbox_image"] == configuration.PAUSE_IMAGE


def test_the_kubelet_runs_on_old_cgroups_and_keeps_to_its_own() -> None:
    written = yaml.safe_load(configuration.kubelet(PLACES))

    assert written["failCgroupV1"] is False
    assert written["cgroupDriver"] == "cgroupfs"
    assert written["cgroupRoot"] == configuration.CGROUP
    assert written["containerRuntimeEndpoint"] == f"unix://{PLACES.containerd_socket}"
    assert written["clusterDNS"] == ["10.96.0.10"]
    assert written["podLogsDir"].startswith("/state/")


def test_components_start_in_the_order_of_their_needs() -> None:
    assert [component.name for component in ALL] == [
        "containerd",
        "etcd",
        "apiserver",
        "controller-manager",
        "scheduler",
        "kubelet",
        "proxy",
    ]


@pytest.mark.parametrize("component", ALL, ids=lambda component: str(component.name))
def test_every_path_in_a_command_is_in_the_state_folder(component: components.Component) -> None:
    words = [word.partition("=")[2] or word for word in component.command[1:]]

    assert [word for word in words if word.startswith("/") and not word.startswith("/state/")] == []


@pytest.mark.parametrize("component", ALL, ids=lambda component: str(component.name))
def test_every_client_has_a_kubeconfig_that_is_made(component: components.Component) -> None:
    named = [word.partition("=")[2] for word in component.command if word.startswith("--kubeconfig=")]

    assert set(named) <= {f"/state/{name}.conf" for name in certificates.SUBJECTS}


def test_etcd_listens_to_this_machine_alone() -> None:
    etcd = next(component for component in ALL if component.name == "etcd")
    urls = [word.partition("=")[2] for word in etcd.command if word.startswith("--listen-")]

    assert len(urls) == 2
    assert all(url.startswith("http://127.0.0.1:") for url in urls)


def test_a_kubeconfig_names_the_files_of_its_identity(tmp_path: Path) -> None:
    written = yaml.safe_load(certificates.kubeconfig(Credential(tmp_path, "admin")))

    assert written["users"][0]["user"] == {
        "client-certificate": f"{tmp_path}/admin.crt",
        "client-key": f"{tmp_path}/admin.key",
    }
    assert written["clusters"][0]["cluster"]["server"] == certificates.SERVER
    assert written["current-context"] == written["contexts"][0]["name"]


def test_the_cache_moves_with_its_variable() -> None:
    assert Places.of({"SEATRIAL_CACHE": "/elsewhere"}).cache == Path("/elsewhere")
    assert Places.of({"SEATRIAL_CACHE": ""}).cache == Places.of({}).cache == Path("/var/cache/seatrial")
