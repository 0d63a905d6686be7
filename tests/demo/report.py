"""The report that the demo leaves behind, and the summary that it prints."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from tests.demo.director import Record
from tests.demo.scene import Scene

# Versions whose own wrong answers are theirs: everything else that fails is Seatrial's.
BAD_VERSIONS = ("3",)


def report(record: Record, scene: Scene, times: dict[str, float], failure: str) -> dict[str, Any]:
    """Return the report as a JSON document."""
    client = scene.client
    by_version = client.get("failedByVersion") or {}
    excused = sum(count for version, count in by_version.items() if version in BAD_VERSIONS)
    return {
        "cameTrue": not failure,
        "failure": failure,
        "seconds": times,
        "requests": {
            "sent": client.get("sent", 0),
            "answered": client.get("answered", 0),
            "failed": client.get("failed", 0),
            "lost": client.get("lost", 0),
            "failedByBadVersion": excused,
            "byVersion": client.get("byVersion") or {},
            "labelsPosted": client.get("labelsPosted", 0),
            "labelsAccepted": client.get("labelsAccepted", 0),
            "troubles": client.get("troubles") or [],
        },
        "stages": [asdict(one) for one in record.milestones],
        "verdicts": record.verdicts,
        "trials": scene.status.get("history") or [],
        "training": scene.training,
        "timeline": record.timeline,
    }


def unexcused(document: dict[str, Any]) -> int:
    """Return how many of the client's requests failed or were lost by no fault of a bad version."""
    requests = document["requests"]
    return int(requests["sent"] - requests["answered"] - requests["failedByBadVersion"])


def write(document: dict[str, Any], path: Path) -> None:
    """Write the report."""
    path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")


def requests_line(document: dict[str, Any]) -> str:
    """Return what became of the client's requests, and what went wrong with the last that failed."""
    requests = document["requests"]
    versions = ", ".join(f"{count:,} by version {version}" for version, count in sorted(requests["byVersion"].items()))
    said = (
        f"{requests['sent']:,} requests: {requests['answered']:,} answered ({versions}), {requests['failed']} failed,"
        f" {requests['lost']} lost; {requests['labelsAccepted']:,} labels"
    )
    return "\n".join([said, *requests["troubles"][-5:]])


def summary(document: dict[str, Any]) -> Table:
    """Return the summary."""
    table = Table(title="the story", title_justify="left", show_header=True)
    table.add_column("at", justify="right")
    table.add_column("what came true")
    table.add_column("clients got")
    for stage in document["stages"]:
        seen = " ".join(f"v{version} {share:.0%}" for version, share in stage["weights"].items())
        minutes, seconds = divmod(int(stage["seconds"]), 60)
        table.add_row(f"{minutes}:{seconds:02}", f"{stage['name']}\n[dim]{stage['detail']}[/dim]", seen)
    return table
