"""The worlds: what happens to both versions while the candidate is on trial, minute by minute.

Shares are of requests; `minutes` are arrays of the time since the trial began.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import pi

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BASELINE = 0.01  # stable's error rate, as a rule
ACCURACY = 0.90  # stable's
DAY = 24 * 60.0  # minutes
INCIDENT_MINUTES, INCIDENT_ERRORS = 5.0, 0.2
ACCIDENT_MINUTES = 1 / 3
BEFORE = 60.0  # minutes by which what happened before the trial is earlier than what happens in it
EARLIEST, LATEST = 5.0, 30.0  # minutes between which something that happens once begins


class Harm(StrEnum):
    """What a bad candidate does to callers."""

    ERRORS = "errors"
    SLOW = "slow answers"
    WRONG = "wrong answers"


@dataclass(frozen=True, slots=True)
class Weather:
    """What chance decides once for a world: the time of day and when an incident begins, in minutes."""

    time_of_day: float
    incident: float


@dataclass(frozen=True, slots=True)
class World:
    """One world, healthy unless `harm` says what its candidate does.

    `ratio` is the candidate's error rate over stable's, to which `leak` adds a share a minute; `slower` and `cold` are
    factors of the candidate's latency and of a new pod's in its first two minutes, `stalls` the share of the
    candidate's answers that take about a second; `burst` is how many requests in a row fail together; `incident` says
    that both fail for some minutes, `earlier` that stable did before the trial, `accident` that the candidate alone
    fails everything for some seconds; `disagreement` and `accuracy` are those of the candidate's answers.
    """

    name: str
    harm: Harm | None = None
    ratio: float = 1.0
    leak: float = 0.0
    slower: float = 1.0
    cold: float = 1.0
    stalls: float = 0.0
    burst: int = 1
    incident: bool = False
    earlier: bool = False
    accident: bool = False
    daily: bool = False
    outage: float = 0.0  # minutes without Prometheus
    disagreement: float = 0.05
    accuracy: float = ACCURACY
    baseline: float = BASELINE  # stable's error rate

    @property
    def pairs(self) -> tuple[float, float, float, float]:
        """How often both are right, only the candidate, only stable, and neither, where there are two answers."""
        lost = ACCURACY - self.accuracy
        candidate, stable = (self.disagreement - lost) / 2, (self.disagreement + lost) / 2
        both = self.accuracy - candidate
        return both, candidate, stable, 1 - both - candidate - stable

    def weather(self, rng: Generator) -> Weather:
        """Return one world's chances."""
        return Weather(rng.uniform(0, DAY), rng.uniform(EARLIEST, LATEST))

    def traffic(self, minutes: Floats, weather: Weather) -> Floats:
        """Return the factor on the usual requests a minute: in a day they swing fourfold."""
        return 1 + 0.6 * _swing(minutes, weather) if self.daily else np.ones_like(minutes)

    def stable_errors(self, minutes: Floats, weather: Weather) -> Floats:
        """Return the share of its requests that stable fails."""
        usual = self.baseline * (1 + 0.5 * _swing(minutes, weather) * self.daily)
        return np.where(self._in_incident(minutes, weather), INCIDENT_ERRORS, usual)

    def candidate_errors(self, minutes: Floats, weather: Weather) -> Floats:
        """Return the share of its requests that the candidate fails, also where an incident hits both."""
        own = self.ratio * self.stable_errors(minutes, weather) + self.leak * minutes
        ends = weather.incident + ACCIDENT_MINUTES
        hit = self.accident & (minutes >= weather.incident) & (minutes < ends)
        return np.where(hit, 1.0, np.minimum(own, 1.0))

    def dark(self, minutes: Floats, weather: Weather) -> NDArray[np.bool_]:
        """Say when Prometheus is away."""
        return (minutes > weather.incident) & (minutes <= weather.incident + self.outage)

    def _in_incident(self, minutes: Floats, weather: Weather) -> NDArray[np.bool_]:
        begins = weather.incident - BEFORE * self.earlier
        lasts = (minutes >= begins) & (minutes < begins + INCIDENT_MINUTES)
        return lasts & (self.incident or self.earlier)


def _swing(minutes: Floats, weather: Weather) -> Floats:
    return np.sin(2 * pi * (minutes + weather.time_of_day) / DAY)


HEALTHY = World("healthy")
WORLDS: tuple[World, ...] = (
    HEALTHY,
    World("shared incident", incident=True),
    World("bursts of errors", burst=10),
    World("daily cycle", daily=True),
    World("cold start", cold=3.0),
    World("Prometheus away", outage=6.0),
    World("errors ×3", Harm.ERRORS, ratio=3.0),
    World("errors ×10", Harm.ERRORS, ratio=10.0),
    World("slow leak", Harm.ERRORS, leak=0.0005),
    World("latency ×1.3", Harm.SLOW, slower=1.3),
    World("accuracy -5 points", Harm.WRONG, disagreement=0.13, accuracy=ACCURACY - 0.05),
)
# What nothing in the judge was chosen for.
BESIDE: tuple[World, ...] = (
    World("earlier incident", earlier=True),
    World("accident", accident=True),
    World("accident, few errors", accident=True, baseline=0.001),
    World("errors ×3, earlier incident", Harm.ERRORS, ratio=3.0, earlier=True),
    World("errors ×1.5", Harm.ERRORS, ratio=1.5),
    World("errors ×2", Harm.ERRORS, ratio=2.0),
    World("stalls", Harm.SLOW, stalls=0.05),
)
