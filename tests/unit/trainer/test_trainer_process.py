"""The trainer as a process: its answer, and an exit code that says whether another try can help."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seatrial.contract import environment
from seatrial.contract.training import Gates, Request, parse_answer
from seatrial.store.objects import ObjectStore, UnreachableError
from seatrial_runtime.trainer.main import TERMINATION_LOG, run
from tests.unit.trainer.builders import World, ask

PATIENCE = 120


def variables(request: Request) -> dict[str, str]:
    return {
        environment.TRAINING_REQUEST: request.encode(),
        environment.STORE: "s3://models/risk",
        environment.MODEL: "deploy-risk",
    }


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize(
    ("gates", "changes", "outcome"),
    [
        (Gates(), {}, "Passed"),
        (Gates(minimum=0.999), {}, "Rejected"),
        (Gates(), {"target": "level"}, "Failed"),
        (Gates(), {"dataset": "s3://models/nowhere.csv"}, "Failed"),
    ],
)
def test_what_another_try_cannot_change_is_final(
    world: World, gates: Gates, changes: dict[str, str], outcome: str
) -> None:
    answer, code = run(variables(ask(gates=gates, **changes)), lambda _: world.store)
    assert (answer.outcome, code) == (outcome, 0)
    assert answer.message


def test_a_store_that_does_not_answer_is_tried_again() -> None:
    def unreachable(_: str) -> ObjectStore:
        raise UnreachableError("s3.example does not answer")

    answer, code = run(variables(ask(channel="latest")), unreachable)
    assert (answer.outcome, code) == ("Failed", 1)
    assert "s3.example does not answer; it may be tried again" in answer.message


def test_a_fault_of_the_trainer_is_an_answer_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise AssertionError("a bug")

    monkeypatch.setattr("seatrial_runtime.trainer.training.split_rows", broken)
    answer, code = run(variables(ask()), lambda _: world.store)
    assert (answer.outcome, answer.message, code) == ("Failed", "AssertionError: a bug; it may be tried again", 1)
    assert world.versions() == []


@pytest.mark.parametrize("missing", [environment.TRAINING_REQUEST, environment.STORE, environment.MODEL])
def test_a_missing_variable_is_named(missing: str) -> None:
    given = {name: value for name, value in variables(ask()).items() if name != missing}
    answer, code = run(given, lambda _: World(Path()).store)
    assert (answer.outcome, code) == ("Failed", 0)
    assert missing in answer.message


def test_the_answer_is_the_termination_message_and_the_last_line_of_the_log(tmp_path: Path) -> None:
    message = tmp_path / "termination-log"
    given = {
        "PATH": os.environ["PATH"],
        TERMINATION_LOG: str(message),
        **variables(ask(metric="accurracy")),
        "SEATRIAL_S3_ENDPOINT": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    command = [sys.executable, "-m", "seatrial_runtime.trainer"]
    ended = subprocess.run(command, env=given, capture_output=True, text=True, timeout=PATIENCE)
    lines = ended.stdout.splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert lines[-1] == message.read_text()
    answer = parse_answer(lines[-1])
    assert (answer.outcome, ended.returncode) == ("Failed", 1), "port 9 of loopback does not answer"
    assert "127.0.0.1:9" in answer.message
