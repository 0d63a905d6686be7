"""Where `seatrial watch` shows what it sees: a screen that is kept up to date, a line a change, or JSON."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import click

from seatrial.cli.board import as_table, report, terminal
from seatrial.cli.model_deployment import ModelDeployment
from seatrial.cli.screen import screen
from seatrial.cli.summary import serving, standing, waits_for

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Show = Callable[[ModelDeployment], None]
Now = Callable[[], datetime]


@contextmanager
def shown(now: Now, *, as_json: bool) -> Iterator[Show]:
    """Give what shows one state of a ModelDeployment after the other."""
    if as_json:
        yield lambda model: click.echo(json.dumps(report(model), ensure_ascii=False))
    elif (console := terminal()) is not None:
        with _screen(console, now) as show:
            yield show
    else:
        yield _Log(now).show


@contextmanager
def _screen(console: "Console", now: Now) -> Iterator[Show]:
    from rich.live import Live

    picture = _Picture(now)
    with Live(picture, console=console, refresh_per_second=1) as live:

        def show(model: ModelDeployment) -> None:
            picture.model = model
            live.refresh()

        yield show


class _Picture:
    """The last state, drawn anew every second: its times go on."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self.model: ModelDeployment | None = None

    def __rich__(self) -> "Table":
        return as_table(screen(self.model, self._now()) if self.model is not None else ())


class _Log:
    """Text for a file: a line where the words, and not only the figures, are others than before."""

    def __init__(self, now: Now) -> None:
        self._now, self._words = now, ""

    def show(self, model: ModelDeployment) -> None:
        """Write a line, unless the last one says the same."""
        what = serving(model) if model.status.trial is None else waits_for(model)
        text = f"{standing(model)}: {what}"
        words = f"{standing(model)} {_words(what)}"
        if words != self._words:
            click.echo(f"{self._now():%Y-%m-%dT%H:%M:%SZ} {text}")
        self._words = words


def _words(text: str) -> str:
    return " ".join(word for word in text.split() if not any(character.isdigit() for character in word))
