"""A process is ended only if it is exactly the one that was started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster import processes
from tests.cluster.probes import wait_for
from tests.cluster.processes import Identity

FIELDS = "S 1 1 1 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 {started} 1000 50 18446744073709551615"


class Echo:
    """A process that answers as long as it lives."""

    def __init__(self) -> None:
        program = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, "a-word-of-its-own"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        identity = Identity.of(self.process.pid)
        assert identity is not None
        self.identity = identity

    def answers(self) -> bool:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            print("word", file=self.process.stdin, flush=True)
        except BrokenPipeError:
            return False
        return self.process.stdout.readline() == "word\n"


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    assert echo.answers()
    with echo.process:
        yield echo
        echo.process.kill()


@pytest.fixture
def sleeper(echo: Echo) -> Identity:
    return echo.identity


@pytest.mark.parametrize("name", ["sleep", "a b", "tricky) S 1", "(((", "x) Z 9 9"])
def test_the_name_of_a_program_cannot_shift_the_fields(name: str) -> None:
    assert processes.read_stat(f"77 ({name}) {FIELDS.format(started=4711)}\n") == ("S", 4711)


def test_a_living_process_is_itself(sleeper: Identity) -> None:
    assert sleeper.alive
    assert Identity.of(os.getpid()) != sleeper


@pytest.mark.parametrize("difference", [{"started": 1}, {"boot": "an earlier boot"}])
def test_a_pid_that_was_used_again_is_never_ended(echo: Echo, difference: dict[str, int]) -> None:
    earlier = replace(echo.identity, **difference)  # type: ignore[arg-type]

    processes.kill([earlier])

    assert not earlier.alive
    assert echo.answers()


def test_killing_waits_until_the_process_is_gone(sleeper: Identity) -> None:
    processes.kill([sleeper])

    assert not sleeper.alive


def test_ending_what_is_gone_is_no_error(sleeper: Identity) -> None:
    processes.kill([sleeper])
    processes.kill([sleeper, Identity(2**22 + 1, 1, processes.boot())])


def test_a_halted_process_lives_and_does_nothing_until_it_goes_on(echo: Echo) -> None:
    state = Path(f"/proc/{echo.identity.pid}/stat")

    with processes.halted(echo.identity):
        wait_for("halt", lambda: processes.read_stat(state.read_text())[0] == "T", timeout=5)
        assert echo.identity.alive

    assert echo.answers()


def test_what_is_gone_cannot_be_halted(sleeper: Identity) -> None:
    processes.kill([sleeper])

    with pytest.raises(ProcessLookupError, match="is gone"), processes.halted(sleeper):
        pass


def test_processes_are_found_by_whole_arguments(sleeper: Identity) -> None:
    assert processes.matching("a-word-of-its-own") == [sleeper]
    assert processes.matching("a-word-of-its-own", "another") == []
    assert processes.matching("a-word-of-its") == []


def test_a_started_process_is_remembered_and_writes_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-c", "print('here'); import time; time.sleep(600)"]

    identity = processes.start("part", command, tmp_path, tmp_path)
    wait_for("its output", lambda: "here" in (tmp_path / "part.log").read_text(), timeout=20)
    known = processes.remembered(tmp_path)
    session = os.getsid(identity.pid)
    processes.kill(known.values())

    assert known == {"part": identity}
    assert session == identity.pid, "a session of its own outlives the terminal"
    assert not identity.alive


def test_a_process_that_dies_at_once_is_seen_as_dead(tmp_path: Path) -> None:
    identity = processes.start("part", [sys.executable, "-c", "raise SystemExit('no')"], tmp_path, tmp_path)

    wait_for("its end", lambda: not identity.alive, timeout=20)

    assert processes.remembered(tmp_path)["part"].alive is False
    assert "no" in (tmp_path / "part.log").read_text()


@pytest.mark.parametrize("text", ["", "{", '{"pid": 1}', "[]", "null"])
def test_a_memory_that_was_cut_off_is_left_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "broken.json").write_text(text)

    assert processes.remembered(tmp_path) == {}


def test_what_is_gone_has_no_memory_and_no_arguments() -> None:
    assert processes.memory(2**22 + 1) == 0
    assert processes.arguments(2**22 + 1) == []
    assert processes.memory(os.getpid()) > 1 << 20
