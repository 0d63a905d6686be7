"""How results look: aligned columns for people, JSON for programs."""

import json
from collections.abc import Sequence
from typing import Any

import click

OUTPUT = click.option(
    "-o", "--output", "output", type=click.Choice(["table", "json"]), default="table", help="How to write it."
)


def print_json(value: object) -> None:
    """Write a value as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_rows(rows: Sequence[dict[str, Any]], columns: Sequence[str], output: str) -> None:
    """Write rows (JSON objects) as JSON, or the named columns of them as a table with a heading."""
    if output == "json":
        print_json(list(rows))
        return
    lines = [[name.upper() for name in columns], *([_cell(row.get(name)) for name in columns] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    match value:
        case None | "" | []:
            return "-"
        case list():
            return ",".join(map(str, value))
        case _:
            return str(value)
