"""Which cluster a command line reaches: by a kubeconfig as kubectl does, or by the account of its pod."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.config import incluster_config

from seatrial.cli import kube_access
from seatrial.cli.kube_access import find_cluster
from seatrial.ports import RefusedError


def kubeconfig(folder: Path, name: str = "config", **user: Any) -> Path:
    """Write a kubeconfig with the contexts `<name>`, whose namespace is ml, and `<name>-2`, which has none."""
    contexts = {name: {"cluster": name, "user": name, "namespace": "ml"}, f"{name}-2": {"cluster": name, "user": name}}
    document = {
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": f"http://{name}.example:6443"}}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": each, "context": context} for each, context in contexts.items()],
    }
    path = folder / name
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture(autouse=True)
def _no_cluster_of_the_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setattr(kube_access, "DEFAULT_KUBECONFIG", str(tmp_path / "none"))


def test_a_kubeconfig_says_where_and_which_namespace(tmp_path: Path) -> None:
    configuration, namespace = find_cluster(str(kubeconfig(tmp_path, token="t0ken")), None)
    assert (configuration.host, namespace) == ("http://config.example:6443", "ml")
    assert configuration.api_key == {"BearerToken": "Bearer t0ken"}


def test_a_request_is_not_sent_again_and_again(tmp_path: Path) -> None:
    assert find_cluster(str(kubeconfig(tmp_path)), None)[0].retries is False


def test_another_context_may_have_no_namespace(tmp_path: Path) -> None:
    assert find_cluster(str(kubeconfig(tmp_path)), "config-2")[1] == "default"


def test_the_environment_may_name_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{kubeconfig(tmp_path)}:{kubeconfig(tmp_path, 'other')}:{tmp_path / 'absent'}")
    assert find_cluster(None, None)[0].host == "http://other.example:6443"
    assert find_cluster(None, "config")[0].host == "http://config.example:6443"


def test_the_option_comes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path)))
    assert find_cluster(str(kubeconfig(tmp_path, "other")), None)[0].host == "http://other.example:6443"


def test_the_default_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube_access, "DEFAULT_KUBECONFIG", str(kubeconfig(tmp_path)))
    assert find_cluster(None, None)[0].host == "http://config.example:6443"


def test_without_a_kubeconfig_the_pods_account_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("token", "ca.crt", "namespace"):
        (tmp_path / name).write_text("apps\n")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setattr(kube_access, "POD_NAMESPACE", tmp_path / "namespace")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    configuration, namespace = find_cluster(None, None)
    assert (configuration.host, namespace) == ("https://10.0.0.1:443", "apps")


def test_no_cluster_at_all_says_what_to_give() -> None:
    with pytest.raises(RefusedError, match=r"there is no kubeconfig .*none, and this is no pod.*give --kubeconfig"):
        find_cluster(None, None)
    with pytest.raises(RefusedError, match="there is no kubeconfig /absent/config"):
        find_cluster("/absent/config", None)


def test_a_context_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path)
    with pytest.raises(RefusedError, match=r"--context is 'prod'; kubeconfig .* has config, config-2"):
        find_cluster(str(path), "prod")


@pytest.mark.parametrize("text", ["", "[]", "{", "a: 1", "contexts: 3", "contexts: [{}]", "just text", "contexts: [1]"])
def test_a_kubeconfig_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(RefusedError, match=f"kubeconfig {path} cannot be used: "):
        find_cluster(str(path), None)


def test_a_login_command_that_fails_is_told_once_in_its_own_words(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The library only logs it, and then goes on as nobody."""
    command = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "sh",
        "args": ["-c", "echo expired >&2; false"],
    }
    path = kubeconfig(tmp_path, exec=command)
    with pytest.raises(RefusedError, match=r"could not log in: exec: process returned 1. expired"):
        find_cluster(str(path), None)
    assert capfd.readouterr() == ("", "")
