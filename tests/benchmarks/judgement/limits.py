"""The information limit of each world that has one, beside what Seatrial needed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import isfinite

import numpy as np
from scipy.optimize import brentq

from seatrial.api.checks import ErrorsCheck, LatencyCheck
from seatrial.api.spec import Rollout, Shadow, Spec
from seatrial.api.status import Stage
from seatrial.contract.metrics import DURATION_EDGES
from seatrial.core.judging import ALPHA, check_names
from seatrial.judge.counts import LatencyInterval
from seatrial.judge.latency import HICCUPS
from seatrial.judge.latency_edges import SMALLEST_SHARE, Edge, edges_to_judge
from tests.benchmarks.judgement.figures import Figures
from tests.benchmarks.judgement.judges import OURS, OURS_AFTER_SHADOW
from tests.benchmarks.judgement.limit import (
    FIRST_LOOK,
    NEVER,
    Limit,
    limit,
    needed,
    of_bernoulli,
    of_ratio,
    of_slowdown,
)
from tests.benchmarks.judgement.outcome import SLOW_BUCKET
from tests.benchmarks.judgement.run import Place, Results
from tests.benchmarks.judgement.seatrial import specification
from tests.benchmarks.judgement.steps import DEFAULT, WIDE, Steps
from tests.benchmarks.judgement.traffic import shares_by_bucket
from tests.benchmarks.judgement.worlds import BASELINE, WORLDS, Harm, World

MANY = 10**9  # requests, among which shares are as they are
LARGEST_SLOWDOWN = 10.0
FOUND = 0.995  # a limit on the mean says nothing where many were not found
STEPS = {steps.name: steps for steps in (DEFAULT, WIDE)}
BY_NAME = {world.name: world for world in WORLDS}


@dataclass(frozen=True, slots=True)
class Compared:
    """Seatrial's figures in a place, and the limit there."""

    place: Place
    ours: Figures
    limit: Limit

    @property
    def ratio(self) -> float:
        """How many times the limit's harm ours is in the mean; in a shadow, its minutes."""
        if self.place.judge == OURS_AFTER_SHADOW.name:
            return self.ours.minute_rolled_back / self.limit.minutes
        return self.ours.mean_harm / self.limit.harm


def compared(results: Results) -> Iterator[Compared]:
    """Yield the places where Seatrial found every bad version and there is a limit."""
    for place, ours in results.items():
        if ours.rolled_back < FOUND * ours.runs:
            continue
        found = _limit(place, BY_NAME[place.world])
        if isfinite(found.minutes):
            yield Compared(place, ours, found)


def _limit(place: Place, world: World) -> Limit:
    steps = STEPS[place.steps]
    if place.judge == OURS.name:
        return _of_canary(world, steps, place.rate, specification(steps, shadow=False))
    if place.judge == OURS_AFTER_SHADOW.name and world.harm is Harm.WRONG:
        return _of_shadow(world, place.rate, specification(steps, shadow=True))
    return NEVER


def _of_canary(world: World, steps: Steps, rate: float, spec: Spec) -> Limit:
    nats = _nats(spec.rollout, Stage.CANARY)
    match world.harm:
        case Harm.ERRORS if not world.leak:
            bad = world.ratio * BASELINE
            told = partial(of_ratio, candidate=bad, stable=BASELINE, ratio=ErrorsCheck().maximum_ratio)
            return limit(steps, rate, told, bad, nats)
        case Harm.SLOW:
            told = partial(of_slowdown, slower=world.slower, allowed=_allowed_slowdown())
            bad = float(shares_by_bucket(world.slower)[SLOW_BUCKET:].sum())
            return limit(steps, rate, told, bad, nats)
    return NEVER


def _of_shadow(world: World, rate: float, spec: Spec) -> Limit:
    """In a shadow all that stable could answer is compared, and what the candidate fails is disagreed on."""
    failed = BASELINE / (1 - BASELINE)
    told = of_bernoulli(failed + (1 - failed) * world.disagreement, Shadow().maximum_disagreement)
    comparisons = _nats(spec.rollout, Stage.SHADOW) / told
    requests = max(comparisons / (1 - BASELINE), FIRST_LOOK * rate)
    return Limit(requests / rate, requests, 0.0)


def _allowed_slowdown() -> float:
    """Return how many times as slow a version may be: at no edge that is judged slow too often by the check's limit."""
    stable = tuple((shares_by_bucket(1.0) * MANY).astype(int).tolist())
    judged = edges_to_judge(DURATION_EDGES, [LatencyInterval(stable, stable)])

    def excess(slower: float) -> float:
        beyond = dict(zip(DURATION_EDGES, (1 - np.cumsum(shares_by_bucket(slower))).tolist(), strict=False))
        return max(float(beyond[edge.seconds]) - _allowed_share(edge) for edge in judged)

    return float(brentq(excess, 1.0, LARGEST_SLOWDOWN))


def _allowed_share(edge: Edge) -> float:
    by_ratio = LatencyCheck().maximum_ratio * edge.allowance * edge.stable.share
    return by_ratio if edge.stable.share >= SMALLEST_SHARE else max(by_ratio, HICCUPS)


def _nats(rollout: Rollout, stage: Stage) -> float:
    return needed(ALPHA / len(check_names(rollout, stage)))
