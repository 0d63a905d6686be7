"""The figures of a reaction, and of several."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any

TARGET = 2.0  # seconds from sufficient evidence to weight 0 on the gateway, at the median


@dataclass(frozen=True, slots=True)
class Reaction:
    """The moments of one rollback, in Unix seconds, and how many errors clients got after the first of them.

    `sufficient`: a sample made the evidence sufficient; `status`: the operator had decided and written it down;
    `route`: the HTTPRoute had weight 0; `last`: a client got its last answer from the version.
    """

    sufficient: float
    status: float
    route: float
    last: float
    errors: int

    @property
    def parts(self) -> Mapping[str, float]:
        """The seconds from each moment to the next, and from the first to the last."""
        return {
            "decided": self.status - self.sufficient,
            "routed": self.route - self.status,
            "gone": self.last - self.route,
            "all": self.last - self.sufficient,
        }


def lines(reactions: Sequence[Reaction]) -> Iterable[str]:
    """Yield a table of the reactions, and what they say of the target."""
    yield f"{'':8}{'decided':>9}{'routed':>9}{'gone':>9}{'all':>9}   errors after"
    for number, one in enumerate(reactions, 1):
        yield f"{number:<8}{_seconds(one.parts)}   {one.errors}"
    for name, summary in (("median", median), ("p90", ninetieth)):
        yield f"{name:8}{_seconds(_summed(reactions, summary))}   {summary([one.errors for one in reactions]):.0f}"
    found = median(one.parts["all"] for one in reactions)
    yield f"target: under {TARGET:g} s at the median: {'met' if found < TARGET else 'missed'}, {found:.2f} s"


def document(reactions: Sequence[Reaction]) -> Mapping[str, Any]:
    """Return all of it as JSON."""
    return {
        "reactions": [{**asdict(one), "seconds": one.parts} for one in reactions],
        "median": _summed(reactions, median),
        "p90": _summed(reactions, ninetieth),
        "target": TARGET,
    }


def ninetieth(values: Sequence[float]) -> float:
    """Return the 90 % quantile."""
    return quantiles(values, n=10, method="inclusive")[-1] if len(values) > 1 else values[0]


def _summed(reactions: Sequence[Reaction], summary: Callable[[Sequence[float]], float]) -> Mapping[str, float]:
    return {name: summary([one.parts[name] for one in reactions]) for name in reactions[0].parts}


def _seconds(parts: Mapping[str, float]) -> str:
    return "".join(f"{value:9.2f}" for value in parts.values())
