"""The live view: a Scene as a terminal shows it. Pure: values in, renderables out."""

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tests.demo.scene import Scene

STAGES = ("Idle", "Preparing", "Shadow", "Canary", "Probation")
COLOURS = {"Pass": "green", "Fail": "bold red", "Inconclusive": "yellow"}
BAR = 40


def render(scene: Scene, now: str, elapsed: float) -> RenderableType:
    """Return the whole view, which leaves room on a terminal of 24 lines for what is said above it."""
    head = Text.assemble((f" {int(elapsed) // 60}:{int(elapsed) % 60:02} ", "reverse"), " ", (now, "bold"))
    parts: list[RenderableType] = [
        head,
        _rollout(scene),
        _traffic(scene),
        _world(scene),
    ]
    return Group(*parts)


def _rollout(scene: Scene) -> Panel:
    track = Text()
    for stage in STAGES:
        track.append(f" {stage} ", "reverse bold" if stage == scene.stage else "dim")
        track.append(" ─► " if stage != STAGES[-1] else "", "dim")
    table = Table.grid(padding=(0, 2))
    table.add_row("stable", f"version {scene.stable}", "candidate", f"version {scene.candidate}")
    rows: list[RenderableType] = [track, table]
    for finding in scene.findings:
        verdict = finding.get("verdict", "")
        line = Text(f"{finding.get('check')}: ")
        line.append(verdict, COLOURS.get(verdict, ""))
        line.append(f" · {finding.get('message')}")
        rows.append(line)
    held = (scene.status.get("trial") or {}).get("held")
    if held and not any(finding.get("message", "") in held for finding in scene.findings):
        rows.append(Text(f"… {held}", "dim"))
    return Panel(Group(*rows), title="rollout")


def _traffic(scene: Scene) -> Panel:
    client = scene.client
    rows: list[RenderableType] = []
    for version, share in scene.seen_weights.items():
        filled = round(share * BAR)
        rows.append(
            Text.assemble(f"version {version:<6}", ("█" * filled, "cyan"), "░" * (BAR - filled), f" {share:.0%}")
        )
    counts = (
        f"sent {client.get('sent', 0):,} · answered {client.get('answered', 0):,} · "
        f"failed {client.get('failed', 0):,} · lost {client.get('lost', 0):,}"
    )
    trouble = client.get("failed") or client.get("lost")
    rows.append(Text(counts, "bold red" if trouble else "green"))
    if client.get("p50") is not None:
        rows.append(Text(f"p50 {client['p50'] * 1000:.1f} ms · p99 {client['p99'] * 1000:.1f} ms", "dim"))
    return Panel(Group(*rows), title=f"what the client gets through the gateway (candidate's weight {scene.weight} %)")


def _world(scene: Scene) -> Panel:
    drift = " · ".join(f"{d.feature} {max(0.0, d.psi):.2f}" for d in scene.drift[:3]) or "too few rows yet"
    rows = [
        Text(f"drift (PSI, alert above 0.2): {drift}", "red" if scene.drift and scene.drift[0].psi > 0.2 else ""),
        Text(f"accuracy of what serves: {'too few labels yet' if scene.accuracy is None else f'{scene.accuracy:.1%}'}"),
    ]
    training = scene.training
    if training:
        state = training.get("outcome") or "running"
        rows.append(Text(f"training {training.get('job')}: {state} · {training.get('detail', '')}"))
        if training.get("message"):
            rows.append(Text(f"  {training['message']}", "dim"))
    return Panel(Group(*rows), title="the world")
