"""Write reference/api.md from the CRD, so that the page never says anything else than the API server does.

Usage: python docs/generate.py
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
CRD = HERE.parent / "crds" / "seatrial.dev_modeldeployments.yaml"
PAGE = HERE / "reference" / "api.md"
HEAD = """\
# ModelDeployment, seatrial.dev/v1alpha1

Made from `crds/seatrial.dev_modeldeployments.yaml` by `docs/generate.py`. Every field of `spec` but those marked
*required* may be left out. The API server fills the defaults in; the operator never writes `spec`.

- A duration is text such as `90s`, `10m` or `1h30m`, with the units h, m, s and ms.
- A decimal is text, so that it is never rounded on the way: `"0.05"`.
- A window is one number and one of s, m, h, d, written as the installed rules name it: `1h`.

`metadata.name` is a DNS label of at most 50 characters. `kubectl scale` and autoscalers work on a ModelDeployment as
on a Deployment. Asking for a training is an annotation: `seatrial.dev/train` with any new value.

Examples: [minimal](../../manifests/examples/minimal.yaml), [every field](../../manifests/examples/full.yaml),
[the running example](../../manifests/examples/deploy-risk.yaml).
"""
DURATION, DECIMAL = "^([0-9]{1,5}", "decimal in quotes"
Schema = dict[str, Any]


def page(crd: Schema) -> str:
    """Return the page for the definition."""
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    parts = [HEAD]
    for section in ("spec", "status"):
        parts.append(f"\n## {section}\n\n{schema[section]['description']}\n")
        parts.extend(_tables(schema[section], section))
    return "".join(parts)


def _tables(node: Schema, path: str) -> Iterator[str]:
    """Yield a table of an object's plain fields, then those of its inner objects."""
    required = node.get("required", ())
    rows = [_row(name, inner, name in required) for name, inner in node["properties"].items()]
    rules = [f"- {rule['message']}\n" for rule in node.get("x-kubernetes-validations", ())]
    yield "\n| field | type | default | meaning |\n| --- | --- | --- | --- |\n" + "".join(rows)
    yield "\n" + "".join(rules) if rules else ""
    for name, inner in node["properties"].items():
        within, where = _inner(inner), f"{path}.{name}"
        if within is not None:
            suffix = "[]" if inner["type"] == "array" else ""
            yield f"\n### {where}{suffix}\n\n{inner['description']}\n"
            yield from _tables(within, where + suffix)


def _inner(node: Schema) -> Schema | None:
    """Return the object that a field is, or is a list of."""
    item: Schema = node.get("items", {}) if node.get("type") == "array" else node
    return item if "properties" in item else None


def _row(name: str, node: Schema, required: bool) -> str:
    default = "*required*" if required else _default(node)
    description = " ".join(node["description"].split())
    example = f" Such as `{node['example']}`." if "example" in node else ""
    return f"| `{name}` | {_type(node)} | {default} | {description}{example} |\n"


def _default(node: Schema) -> str:
    default = node.get("default")
    if default is None or isinstance(default, dict):
        return ""
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _type(node: Schema) -> str:
    match node.get("type"):
        case "array":
            return f"list of {_type(node['items'])}{_count(node)}"
        case "object" if "additionalProperties" in node:
            return f"map of {_type(node['additionalProperties'])}"
        case "integer":
            bounds = [f"{node[end]:,}" for end in ("minimum", "maximum") if end in node]
            return "integer" + (f", {' to '.join(bounds)}" if len(bounds) == 2 else "")
        case "string":
            return _text(node)
        case None:
            return "quantity" if node.get("x-kubernetes-int-or-string") else "any value"
        case kind:
            return str(kind)


def _text(node: Schema) -> str:
    messages = " ".join(rule["message"] for rule in node.get("x-kubernetes-validations", ()))
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if node.get("format") == "date-time":
        return "time"
    if str(node.get("pattern", "")).startswith(DURATION):
        return "duration" + (" above 0s" if "above 0s" in messages else "")
    if DECIMAL in messages:
        return "decimal" + messages.partition(DECIMAL)[2].partition(", such")[0]
    return "string"


def _count(node: Schema) -> str:
    if "maxItems" not in node:
        return ""
    return f", {node['minItems']} to {node['maxItems']}" if "minItems" in node else f", at most {node['maxItems']}"


if __name__ == "__main__":
    PAGE.write_text(page(yaml.safe_load(CRD.read_text())))
