"""What can be seen at a moment: the ModelDeployment, its client, its drift and accuracy. Values for the view."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Drift:
    """A feature's PSI less its bias, as the rules recorded it."""

    feature: str
    psi: float


@dataclass(frozen=True, slots=True)
class Scene:
    """One look at everything."""

    status: Mapping[str, Any] = field(default_factory=dict)
    client: Mapping[str, Any] = field(default_factory=dict)
    drift: tuple[Drift, ...] = ()
    accuracy: float | None = None
    events: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()

    @property
    def stage(self) -> str:
        """Where the trial is."""
        return str(self.status.get("stage", "-"))

    @property
    def stable(self) -> str:
        """The version that serves."""
        return str((self.status.get("stable") or {}).get("version", "-"))

    @property
    def candidate(self) -> str:
        """The version on trial."""
        return str(((self.status.get("trial") or {}).get("candidate") or {}).get("version", "-"))

    @property
    def weight(self) -> int:
        """The candidate's weight in percent."""
        return int(self.status.get("weight") or 0)

    @property
    def findings(self) -> list[Mapping[str, str]]:
        """The checks' last verdicts."""
        return list(self.status.get("findings") or [])

    @property
    def training(self) -> Mapping[str, str]:
        """The last training."""
        return self.status.get("training") or {}

    @property
    def seen_weights(self) -> Mapping[str, float]:
        """The share of each version in what the client got in the last five seconds."""
        counts = self.client.get("lastSeconds") or {}
        whole = sum(counts.values())
        return {version: count / whole for version, count in sorted(counts.items())} if whole else {}

    def condition(self, kind: str) -> Mapping[str, str]:
        """Return a condition."""
        listed = self.status.get("conditions") or []
        return next((one for one in listed if one.get("type") == kind), {})

    def outcome(self, version: str) -> str:
        """Return how the last trial of a version ended, empty where it has not."""
        ended = [one for one in self.status.get("history") or [] if one.get("version") == version]
        return str(ended[-1].get("outcome", "")) if ended else ""
