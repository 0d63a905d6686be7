"""Seatrial on a site, installed as a user installs it: with Helm."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.cluster.cluster import Cluster
from tests.cluster.progress import Progress
from tests.system.site import Site, SiteError, checkout, embedded, own_kubeconfig, site

RELEASE, NAMESPACE = "seatrial", "seatrial-system"
CHART = checkout() / "helm" / "seatrial"
CRDS = checkout() / "crds"
# Rules over short windows, so that a story of minutes has drift in it; a real cluster keeps the chart's own.
WINDOWS: list[Mapping[str, str]] = [
    {"window": "1m", "for": "5s", "keepFiringFor": "30s"},
    {"window": "2m", "for": "25s", "keepFiringFor": "30s"},
    {"window": "1h", "for": "30m", "keepFiringFor": "1h"},
]


def values(chosen: Site) -> Mapping[str, Any]:
    """Return the chart's values for a site."""
    return {
        "image": {"operator": chosen.operator_image, "runtime": chosen.runtime_image},
        "prometheus": {"url": chosen.prometheus},
        "rules": {"windows": WINDOWS, "configMap": {"enabled": True, "namespace": "monitoring"}},
    }


def install(chosen: Site) -> None:
    """Install or upgrade the release, and wait until the operator is ready."""
    commands = chosen.commands
    # Helm installs definitions once and never upgrades them; applying them first is how the docs say to upgrade.
    commands.ctl("apply", "--server-side", "--force-conflicts", "-f", str(CRDS))
    commands.run(
        commands.helm, "upgrade", "--install", RELEASE, str(CHART), "--namespace", NAMESPACE, "--create-namespace",
        "--values", "-", "--wait", "--timeout", "180s", stdin=json.dumps(values(chosen)),
    )  # fmt: skip


def installed_site() -> Site:
    """Return the site on which Seatrial is installed already; builds and changes nothing."""
    progress = Progress(write=lambda _: None)
    if own_kubeconfig(os.environ) is not None:
        return site(os.environ, progress)
    found = embedded(Cluster(), {"operator": "", "runtime": ""})
    deployment = found.commands.get("deployment", RELEASE, NAMESPACE)
    if deployment is None:
        raise SiteError("Seatrial is not installed: run `python -m tests.system` first")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    runtime = next(one["value"] for one in container["env"] if one["name"] == "SEATRIAL_RUNTIME_IMAGE")
    return replace(found, operator_image=container["image"], runtime_image=runtime)
