"""Where the state of a ModelDeployment is shown: a screen on a terminal, otherwise plain text."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from seatrial.cli.advice import advice
from seatrial.cli.model_deployment import ModelDeployment
from seatrial.cli.screen import Line, screen

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def report(model: ModelDeployment) -> dict[str, Any]:
    """Return what a program wants to know: the status as it stands, and what can be done about it."""
    return {
        "namespace": model.namespace,
        "name": model.name,
        "observed": model.is_observed,
        "awaitedWeight": model.awaited,
        "next": list(advice(model)),
        "status": model.document.get("status") or {},
    }


def show_screen(model: ModelDeployment, now: datetime) -> None:
    """Show all that there is to know, once."""
    console, lines = terminal(), screen(model, now)
    if console is not None:
        console.print(as_table(lines))
        return
    width = max(len(line.label) for line in lines)
    for line in lines:
        click.echo(f"{line.label:<{width}}  {line.text}")


def terminal() -> "Console | None":
    """Return the terminal that stdout is, None where it is none."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else None


def as_table(lines: Sequence[Line]) -> "Table":
    """Return the lines as a terminal shows them: texts are broken beside their labels, never under them."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(line.label, Text(line.text, line.style))
    return table
