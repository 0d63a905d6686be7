"""skops files that are the same bytes for the same model.

skops names objects and arrays in a file by their addresses in memory, and a zip has the time of its making. Here
objects and arrays are numbered in the order in which they occur, and the time is the zip format's first.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import skops.io

_SCHEMA = "schema.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def dump(estimator: Any, path: Path) -> None:
    """Write an estimator to a new skops file; raises TypeError naming a type that skops cannot write."""
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator))) as source, zipfile.ZipFile(path, "x") as target:
        schema = json.loads(source.read(_SCHEMA))
        numbering = _Numbering()
        numbering.visit(schema)
        _add(target, _SCHEMA, json.dumps(schema, separators=(",", ":")).encode())
        for old, new in numbering.files.items():
            _add(target, new, source.read(old))


def _add(target: zipfile.ZipFile, name: str, data: bytes) -> None:
    target.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)


class _Numbering:
    """Renames a schema's objects and files in place, in the order in which they occur."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self._objects: dict[int, int] = {}

    def visit(self, value: Any) -> None:
        """Rename in a value of the schema; a node is an object with a loader, all else only holds nodes."""
        if isinstance(value, dict):
            if isinstance(value.get("__loader__"), str):
                self._rename(value)
            for inner in value.values():
                self.visit(inner)
        elif isinstance(value, list):
            for inner in value:
                self.visit(inner)

    def _rename(self, node: dict[str, Any]) -> None:
        if node["__loader__"] == "JsonNode":
            # Whether two equal constants are one object is the interpreter's whim, and nothing to a reader.
            node.pop("__id__", None)
        elif isinstance(node.get("__id__"), int):
            node["__id__"] = self._objects.setdefault(node["__id__"], len(self._objects) + 1)
        if isinstance(node.get("file"), str):
            old = node["file"]
            node["file"] = self.files.setdefault(old, f"{len(self.files) + 1}{Path(old).suffix}")
