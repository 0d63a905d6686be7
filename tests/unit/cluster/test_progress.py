"""The terminal hears of every step, and of the long ones in between."""

from __future__ import annotations

import pytest

from tests.cluster.progress import QUIET, Progress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_step_says_when_it_starts_and_how_long_it_took() -> None:
    lines: list[str] = []
    clock = Clock()
    progress = Progress(lines.append, clock)

    with progress.step("build kube"):
        clock.now += 12

    assert lines == ["[    0 s] build kube …", "[   12 s] build kube: done in 12.0 s"]


def test_a_step_that_fails_is_said_to_have_failed_and_is_over() -> None:
    lines: list[str] = []
    progress = Progress(lines.append, Clock())

    with pytest.raises(RuntimeError), progress.step("build kube"):
        raise RuntimeError

    progress.remind()
    assert lines == ["[    0 s] build kube …", "[    0 s] build kube: failed after 0.0 s"]


def test_only_long_steps_are_named_again() -> None:
    lines: list[str] = []
    clock = Clock()
    progress = Progress(lines.append, clock)

    with progress.step("long"):
        clock.now += QUIET
        with progress.step("short"):
            lines.clear()
            progress.remind()

    assert lines[0] == "[   20 s] still at: long (20 s)"


def test_as_a_context_it_starts_and_ends_its_reminders() -> None:
    with Progress(lambda line: None) as progress:
        progress.say("here")
