"""How the demo prints: a text as it is, whole, however long."""

from rich.console import Console


def say(console: Console, text: str, style: str | None = None) -> None:
    """Print a text without reading markup or breaking lines."""
    console.print(text, markup=False, highlight=False, soft_wrap=True, style=style)
