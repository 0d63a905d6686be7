"""The CRD as tests see it: its schema in JSON Schema's own words, its leaves, and documents to try on it."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

ROOT = Path(__file__).parents[3]
CRD = ROOT / "crds" / "seatrial.dev_modeldeployments.yaml"
EXAMPLES = ROOT / "manifests" / "examples"
Document = dict[str, Any]
Path_ = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field of the schema that has no fields of its own; `[]` in its path stands for the items of a list."""

    path: Path_
    schema: Document

    @property
    def name(self) -> str:
        """The path as people write it."""
        return ".".join(self.path)


@cache
def _crd() -> Document:
    document: Document = yaml.safe_load(CRD.read_text())
    return document


def crd() -> Document:
    """Return the CRD as it stands in the file."""
    return copy.deepcopy(_crd())


def schema() -> Document:
    """Return the schema of v1alpha1."""
    (version,) = crd()["spec"]["versions"]
    found: Document = version["schema"]["openAPIV3Schema"]
    return found


def leaves(section: str) -> list[Leaf]:
    """Return the leaves of `spec` or `status`."""
    return list(_leaves(schema()["properties"][section], (section,)))


def _leaves(node: Document, path: Path_) -> Iterator[Leaf]:
    if "properties" in node:
        for name, inner in node["properties"].items():
            yield from _leaves(inner, (*path, name))
    elif node.get("type") == "array" and "properties" in node["items"]:
        yield from _leaves(node["items"], (*path, "[]"))
    else:
        yield Leaf(path, node)


def nodes(node: Document, path: Path_ = ()) -> Iterator[tuple[Path_, Document]]:
    """Yield every part of a schema with its path."""
    yield path, node
    for name, inner in node.get("properties", {}).items():
        yield from nodes(inner, (*path, name))
    for word in ("items", "additionalProperties"):
        if isinstance(node.get(word), dict):
            yield from nodes(node[word], (*path, "[]"))


def problems(document: Document) -> list[str]:
    """Return what the schema alone (without CEL) says against a document; unknown fields are told, as `strict` does."""
    validator = jsonschema.Draft202012Validator(_strict(schema()))
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(document)]


def _strict(node: Document) -> Document:
    """OpenAPI 3 of the API server in JSON Schema's words."""
    result = {word: value for word, value in node.items() if not word.startswith("x-") and word != "nullable"}
    if "properties" in node:
        result["properties"] = {name: _strict(inner) for name, inner in node["properties"].items()}
        result["additionalProperties"] = False
    elif node == {"type": "object"}:  # metadata: the API server's own
        return node
    for word in ("items", "additionalProperties"):
        if isinstance(node.get(word), dict):
            result[word] = _strict(node[word])
    return result


def defaulted(document: Document) -> Document:
    """Return the document with the schema's defaults, as the API server fills them in."""
    filled: Document = _defaulted(schema(), copy.deepcopy(document))
    return filled


def _defaulted(node: Document, value: Any) -> Any:
    if isinstance(value, dict):
        for name, inner in node.get("properties", {}).items():
            if value.get(name) is None and "default" in inner:
                value[name] = copy.deepcopy(inner["default"])
            if name in value:
                value[name] = _defaulted(inner, value[name])
    elif isinstance(value, list) and "items" in node:
        return [_defaulted(node["items"], item) for item in value]
    return value


def example(name: str) -> Document:
    """Return an example."""
    document: Document = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())
    return document


def without(document: Document, path: Sequence[str]) -> Document:
    """Return the document without a field, in the first item of each list on the way that has it."""
    changed = copy.deepcopy(document)
    holder, last = _holder(changed, path)
    del holder[last]
    return changed


def with_value(document: Document, path: Sequence[str], value: Any) -> Document:
    """Return the document with another value of a field."""
    changed = copy.deepcopy(document)
    holder, last = _holder(changed, path)
    holder[last] = value
    return changed


def value_at(document: Document, path: Sequence[str]) -> Any:
    """Return a field's value; KeyError where the document does not have it."""
    holder, last = _holder(document, path)
    return holder[last]


def _holder(document: Any, path: Sequence[str]) -> tuple[Any, str]:
    """Return the object or list that holds a field; a list's items are looked through for the first that fits."""
    if len(path) == 1:
        if not isinstance(document, Mapping) or path[0] not in document:
            raise KeyError(path[0])
        return document, path[0]
    if path[0] == "[]":
        for item in document:
            try:
                return _holder(item, path[1:])
            except KeyError:
                continue
        raise KeyError(".".join(path))
    return _holder(document[path[0]], path[1:])
