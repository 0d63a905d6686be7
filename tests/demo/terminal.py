"""How the demo prints: a text as it is, whole, however long."""

from typing import TextIO

from rich.console import Console

_ENDLESS = 10_000  # columns


def open_console(file: TextIO | None = None) -> Console:
    """Return the console of a file, or of standard output. Only a terminal has an edge at which lines are broken."""
    console = Console(file=file)
    if not console.is_terminal:
        console.width = _ENDLESS
    return console


def say(console: Console, text: str, style: str | None = None) -> None:
    """Print a text without reading markup or breaking lines."""
    console.print(text, markup=False, highlight=False, soft_wrap=True, style=style)
