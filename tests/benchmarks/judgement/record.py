"""All figures as JSON, and back."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from math import isnan, nan
from typing import Any

from tests.benchmarks.judgement.figures import Figures
from tests.benchmarks.judgement.run import Place, Results


def to_json(results: Results) -> str:
    """Return the figures of every place, one a line; what is not a number is null."""
    lines = [json.dumps(_plain(asdict(place) | asdict(found)), ensure_ascii=False) for place, found in results.items()]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def from_json(text: str) -> Results:
    """Return what `to_json` wrote."""
    return {_place(item): _figures(item) for item in json.loads(text)}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if isinstance(value, float) and isnan(value) else value for name, value in values.items()}


def _place(item: Mapping[str, Any]) -> Place:
    return Place(**{name: item[name] for name in Place.__dataclass_fields__})


def _figures(item: Mapping[str, Any]) -> Figures:
    values = {name: item[name] for name in Figures.__dataclass_fields__}
    numbers: dict[str, Any] = {name: nan if value is None else value for name, value in values.items()}
    return Figures(**numbers)
