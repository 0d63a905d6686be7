"""The running example's world: who deploys what, and how risky each deployment turned out.

The story. Five teams deploy a monolith. Each deployment earns points, and the points are its risk:

    size         more than 30 files changed: 1, more than 100: 2
    environment  staging: 1, prod: 2
    failures     at least 1 before: 1, at least 3: 2
    night        before 7 or from 20 o'clock: 1

    Low: 0 or 1      Medium: 2 or 3      High: 4 or more

About one deployment in eleven turned out one level off, for reasons that no feature holds: no model can be right on
more than 91 % of them, and a good one is 91 % sure.

Then the world changes. `Microservices`, a pilot so far that obeyed the rule like every team, takes over four in ten of
all deployments. Its changes are small and go straight to prod, where nobody has tested them together: one point more.
A model of the past sees only small changes, and calls them less risky than they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FEATURES = ("files_changed", "environment", "team", "time_of_day", "previous_failures")
CATEGORICAL = ("environment", "team")
TARGET = "risk_level"
LEVELS = ("Low", "Medium", "High")  # from harmless to dangerous
RECOMMENDATIONS = {
    "High": "Require approval from senior engineer",
    "Medium": "Deploy with a second pair of eyes",
    "Low": "Deploy automatically",
}

MICROSERVICES = "Microservices"
# How the deployments that are not of Microservices are shared.
MONOLITH_TEAMS = {"Platform": 0.28, "Payments": 0.24, "Search": 0.21, "Data": 0.20, "Mobile": 0.07}
MONOLITH_ENVIRONMENTS = {"dev": 0.35, "staging": 0.25, "prod": 0.40}
SERVICE_ENVIRONMENTS = {"dev": 0.20, "staging": 0.20, "prod": 0.60}
ONE_LEVEL_OFF = 0.092  # share of deployments whose risk the rule does not explain
BLOCK = 1_000  # rows that a stream draws at once: large enough to be cheap, small enough to start at once

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class World:
    """How large a share of the deployments `Microservices` makes, and whether its services go out on their own:
    small, straight to prod, untested together."""

    microservices: float
    on_their_own: bool


PAST = World(microservices=0.02, on_their_own=False)
CHANGED = World(microservices=0.40, on_their_own=True)


def past_deployments(rows: int = 10_000, seed: int = 259) -> pd.DataFrame:
    """Return deployments of the past: FEATURES and TARGET, a row each, independent of each other."""
    return draw(PAST, rows, np.random.default_rng(seed))


def changed_deployments(rows: int = 2_000, seed: int = 1) -> pd.DataFrame:
    """Return deployments after the world changed: FEATURES and TARGET, a row each, independent of each other."""
    return draw(CHANGED, rows, np.random.default_rng(seed))


def stream(seed: int, world: World) -> Iterator[tuple[dict[str, int | str], str]]:
    """Yield deployments without end: each the features as plain JSON values, and how risky it turned out."""
    rng = np.random.default_rng(seed)
    while True:
        block = draw(world, BLOCK, rng)
        truths = block.pop(TARGET).tolist()
        yield from zip(block.to_dict("records"), truths, strict=True)


def draw(world: World, rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw deployments: FEATURES and TARGET, a row each."""
    features = _features(world, rows, rng)
    recorded = _one_level_off(rule(world, features), rng)
    return features.assign(**{TARGET: np.array(LEVELS)[recorded]})


def rule(world: World, features: pd.DataFrame) -> Integers:
    """Return each row's risk as an index into LEVELS: the module's table, without the unexplained."""
    points = _at_least(features["files_changed"], 31, 101) + _at_least(features["previous_failures"], 1, 3)
    points += features["environment"].map({"dev": 0, "staging": 1, "prod": 2}).to_numpy(np.int64)
    points += ~features["time_of_day"].between(7, 19).to_numpy(np.bool_)
    if world.on_their_own:
        points += ((features["team"] == MICROSERVICES) & (features["environment"] == "prod")).to_numpy(np.bool_)
    return _at_least(points, 2, 4)


def _features(world: World, rows: int, rng: np.random.Generator) -> pd.DataFrame:
    monolith = {team: share * (1 - world.microservices) for team, share in MONOLITH_TEAMS.items()}
    team = _choose({**monolith, MICROSERVICES: world.microservices}, rows, rng)
    service = (team == MICROSERVICES) & world.on_their_own
    environment = np.where(service, _choose(SERVICE_ENVIRONMENTS, rows, rng), _choose(MONOLITH_ENVIRONMENTS, rows, rng))
    columns = {
        "files_changed": _files_changed(service, rng),
        "environment": environment,
        "team": team,
        "time_of_day": _time_of_day(rows, rng),
        "previous_failures": np.minimum(rng.geometric(0.55, rows) - 1, 10),
    }
    return pd.DataFrame(columns)


def _files_changed(service: Flags, rng: np.random.Generator) -> Integers:
    """Log-normal, 1 to 500: a monolith's changes have a median of 40 files, a service's of 6."""
    typical, spread = np.where(service, 6, 40), np.where(service, 0.8, 1.2)
    files: NDArray[np.float64] = typical * np.exp(spread * rng.standard_normal(len(service)))
    return np.clip(np.rint(files), 1, 500).astype(np.int64)


def _time_of_day(rows: int, rng: np.random.Generator) -> Integers:
    """Hours 0 to 23: four in five around 13:30, the rest at any hour."""
    by_day = np.clip(np.rint(rng.normal(13.5, 3, rows)), 0, 23).astype(np.int64)
    return np.where(rng.random(rows) < 0.8, by_day, rng.integers(0, 24, rows))


def _one_level_off(levels: Integers, rng: np.random.Generator) -> Integers:
    """Move a share of ONE_LEVEL_OFF to a neighbouring level: Low and High to Medium, Medium to either."""
    from_medium = rng.choice([0, 2], len(levels))
    return np.where(rng.random(len(levels)) < ONE_LEVEL_OFF, np.where(levels == 1, from_medium, 1), levels)


def _at_least(values: pd.Series | Integers, first: int, second: int) -> Integers:
    """Return 0 below `first`, 1 from there on, 2 from `second` on."""
    return np.digitize(np.asarray(values, dtype=np.int64), [first, second]).astype(np.int64)


def _choose(shares: dict[str, float], rows: int, rng: np.random.Generator) -> NDArray[np.object_]:
    return rng.choice(np.array(list(shares), dtype=object), rows, p=list(shares.values()))
