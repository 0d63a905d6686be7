"""A watch of objects, with a program in kubectl's place that says what the API server would."""

import json
import threading
from pathlib import Path

from tests.system.kubectl import Commands
from tests.system.watching import Heard, Watch

LONGEST = 20.0  # seconds


def kubectl(folder: Path, *lines: str) -> Commands:
    """Given a kubectl that says these lines of every watch, and ends."""
    said = folder / "said"
    said.write_text("".join(f"{line}\n" for line in lines))
    program = folder / "kubectl"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {folder}/asked\ncat {said}\n')
    program.chmod(0o755)
    return Commands(Path("/nowhere"), program, Path("/nowhere/helm"))


def told(change: str, name: str) -> str:
    return json.dumps({"type": change, "object": {"metadata": {"name": name}}})


def heard(folder: Path, commands: Commands, path: str, count: int) -> tuple[list[Heard], int]:
    """When it is watched until so many states were heard: the states, and how often the watch began."""
    states, beginnings, enough = list[Heard](), list[None](), threading.Event()

    def hear(one: Heard) -> None:
        states.append(one)
        if len(states) >= count:
            enough.set()

    with Watch(commands, path, hear, lambda: beginnings.append(None)):
        assert enough.wait(LONGEST)
    return states, len(beginnings)


def test_every_state_is_told_in_order(tmp_path: Path) -> None:
    commands = kubectl(tmp_path, told("ADDED", "a"), told("MODIFIED", "a"), told("DELETED", "a"))
    states, _ = heard(tmp_path, commands, "/api/v1/pods", 3)
    assert [one.change for one in states[:3]] == ["ADDED", "MODIFIED", "DELETED"]
    assert states[0].document == {"metadata": {"name": "a"}}
    assert states[0].at <= states[1].at


def test_a_watch_that_ends_begins_anew_and_says_so(tmp_path: Path) -> None:
    states, beginnings = heard(tmp_path, kubectl(tmp_path, told("ADDED", "a")), "/api/v1/pods", 2)
    assert beginnings >= 2
    assert {one.change for one in states} == {"ADDED"}


def test_an_error_is_no_state(tmp_path: Path) -> None:
    states, _ = heard(tmp_path, kubectl(tmp_path, told("ERROR", "gone"), told("ADDED", "a")), "/api/v1/pods", 1)
    assert states[0].change == "ADDED"


def test_what_is_chosen_by_label_is_watched(tmp_path: Path) -> None:
    heard(tmp_path, kubectl(tmp_path, told("ADDED", "a")), "/api/v1/pods?labelSelector=x", 1)
    asked = (tmp_path / "asked").read_text().splitlines()[0]
    assert asked.startswith("get --raw /api/v1/pods?labelSelector=x&watch=1")
