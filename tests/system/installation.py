"""Seatrial on a site, installed as a user installs it: with Helm."""

import json
from collections.abc import Mapping
from typing import Any

from tests.system.site import Site, checkout

RELEASE, NAMESPACE = "seatrial", "seatrial-system"
CHART = checkout() / "helm" / "seatrial"
CRDS = checkout() / "crds"
# Rules over short windows, so that a story of minutes has drift in it; a real cluster keeps the chart's own.
WINDOWS: list[Mapping[str, str]] = [
    {"window": "1m", "for": "5s", "keepFiringFor": "30s"},
    {"window": "1h", "for": "30m", "keepFiringFor": "1h"},
]


def values(site: Site) -> Mapping[str, Any]:
    """Return the chart's values for a site."""
    return {
        "image": {"operator": site.operator_image, "runtime": site.runtime_image},
        "prometheus": {"url": site.prometheus},
        "rules": {"windows": WINDOWS, "configMap": {"enabled": True, "namespace": "monitoring"}},
    }


def install(site: Site) -> None:
    """Install or upgrade the release, and wait until the operator is ready."""
    commands = site.commands
    # Helm installs definitions once and never upgrades them; applying them first is how the docs say to upgrade.
    commands.ctl("apply", "--server-side", "--force-conflicts", "-f", str(CRDS))
    commands.run(
        commands.helm, "upgrade", "--install", RELEASE, str(CHART), "--namespace", NAMESPACE, "--create-namespace",
        "--values", "-", "--wait", "--timeout", "180s", stdin=json.dumps(values(site)),
    )  # fmt: skip
