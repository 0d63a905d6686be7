"""The command line itself: where the store is, how errors look, how fast it starts."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from seatrial.cli.main import COMMANDS, main
from seatrial.contract import environment
from tests.unit.cli.conftest import Terminal


def test_the_store_and_its_server_are_options(seatrial: Terminal) -> None:
    seatrial("--endpoint", "http://s3:9000", "--region", "eu-1", "channel", "risk")
    assert seatrial.opened == [("models", "http://s3:9000", "eu-1")]


def test_the_store_and_its_server_are_read_from_the_environment(
    seatrial: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(environment.STORE, "s3://others/team")
    monkeypatch.setenv(environment.ENDPOINT, "http://s3:9000")
    monkeypatch.setenv(environment.REGION, "eu-1")
    seatrial("channel", "risk", store=None)
    assert seatrial.opened == [("others", "http://s3:9000", "eu-1")]


def test_without_a_server_it_is_aws(seatrial: Terminal) -> None:
    seatrial("channel", "risk")
    assert seatrial.opened == [("models", None, None)]


@pytest.mark.parametrize(
    ("arguments", "store", "line"),
    [
        (["versions", "risk"], None, "there is no store; give --store s3://bucket/prefix or set SEATRIAL_STORE"),
        (["versions", "risk"], "models/team", "'models/team' is no address in S3; expected s3://<bucket>/<prefix>"),
        (["versions", "a/b"], "s3://models", "model is 'a/b'; expected 1 to 63 letters"),
        (["versions"], "s3://models", "Missing argument 'NAME'."),
        (["verzions"], "s3://models", "No such command 'verzions'."),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    seatrial: Terminal, arguments: list[str], store: str | None, line: str
) -> None:
    assert seatrial(*arguments, store=store) == 2
    assert seatrial.err.startswith(f"seatrial: {line}")
    assert seatrial.err.count("\n") == 1
    assert seatrial.out == ""


def test_help_is_no_mistake(seatrial: Terminal) -> None:
    assert seatrial("--help") == 0
    assert [line.split()[0] for line in seatrial.out.partition("Commands:\n")[2].splitlines()] == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_what_it_is_for(seatrial: Terminal, command: str) -> None:
    assert seatrial(command, "--help") == 0
    assert seatrial.out.startswith(f"Usage: seatrial {command} [OPTIONS]")


def test_as_a_plugin_of_kubectl_it_calls_itself_so(seatrial: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/local/bin/kubectl-seatrial", "promote"])
    assert seatrial("promote", "--help") == 0
    assert seatrial.out.startswith("Usage: kubectl seatrial promote [OPTIONS] NAME")


def test_a_plugin_of_kubectl_is_installed() -> None:
    (plugin,) = entry_points(group="console_scripts", name="kubectl-seatrial")
    assert plugin.load() is main


def test_nothing_asked_is_answered_with_help(seatrial: Terminal) -> None:
    assert seatrial(store=None) == 2
    assert "Usage: seatrial" in seatrial.err


@pytest.mark.parametrize(("arguments", "without"), [("--help", ()), ("push --help", ("seatrial.cli.asking", "yaml"))])
def test_the_module_is_the_command_and_starts_without_what_it_does_not_need(
    arguments: str, without: tuple[str, ...]
) -> None:
    """A list must not wait for scikit-learn, help for no client of a store or a cluster, a push for nothing of both."""
    heavy = {"sklearn", "pandas", "numpy", "boto3", "kubernetes", "rich", *without}
    code = (
        f"import runpy, sys; sys.argv = ['seatrial', *{arguments.split()}]\n"
        "try: runpy.run_module('seatrial.cli', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: seatrial")
    assert done.stdout.endswith("[]\n")
