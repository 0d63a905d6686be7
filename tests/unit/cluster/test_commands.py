"""Programs that fail say what they said; a user's own cluster is told from ours; tables line up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cluster import foreign, status
from tests.cluster.commands import CommandError, run, succeeds
from tests.cluster.failures import ComponentDiedError, tail
from tests.cluster.places import Places


def test_the_output_of_a_program_is_returned() -> None:
    assert run(["sh", "-c", "echo $WORD; cat"], timeout=20, environment={"WORD": "one"}, stdin="two") == "one\ntwo"


def test_a_failed_program_shows_both_of_its_outputs() -> None:
    with pytest.raises(CommandError, match="exit code 3") as caught:
        run(["sh", "-c", "echo out; echo err >&2; exit 3"], timeout=20)

    assert caught.value.output == "out\nerr\n"
    assert "err" in str(caught.value)


def test_a_program_that_hangs_is_ended() -> None:
    with pytest.raises(CommandError, match="not done after 0 s"):
        run(["sleep", "600"], timeout=0.05)


def test_success_is_asked_for_without_an_error() -> None:
    assert succeeds(["true"], timeout=20)
    assert not succeeds(["false"], timeout=20)


def test_a_dead_component_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "etcd.log"
    log.write_text("\n".join(f"line {number}" for number in range(100)))

    text = str(ComponentDiedError("etcd", log))

    assert text.startswith("etcd died")
    assert text.endswith("line 99")
    assert "line 10\n" not in text
    assert tail(tmp_path / "missing.log") == ""


@pytest.mark.parametrize(
    ("named", "is_foreign"),
    [("", False), ("/state/admin.conf", False), ("/state/../state/admin.conf", False), ("/home/me/.kube/config", True)],
)
def test_only_another_kubeconfig_names_another_cluster(named: str, is_foreign: bool) -> None:
    assert foreign.is_named({"KUBECONFIG": named}, Places(state=Path("/state"))) is is_foreign


def test_without_the_variable_the_cluster_is_ours() -> None:
    assert not foreign.is_named({}, Places())


def called(*names: str) -> list[Any]:
    return [{"metadata": {"name": name}} for name in names]


def test_what_a_cluster_lacks_is_said_by_need() -> None:
    assert len(foreign.lacks(called(), called())) == 3
    assert foreign.lacks(called("httproutes.gateway.networking.k8s.io"), called("prometheus-server", "minio")) == []
    [lacking] = foreign.lacks(called("httproutes.gateway.networking.k8s.io"), called("prometheus"))
    assert "S3" in lacking


def test_columns_line_up() -> None:
    assert status.aligned([("part", "pid"), ("a", "1234")]) == "part  pid\na     1234"
