"""The information limit of each world that has one, beside what Seatrial needed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import isfinite

import numpy as np

from seatrial.api.checks import AccuracyCheck, ErrorsCheck, LatencyCheck
from seatrial.api.spec import Shadow
from seatrial.contract.metrics import DURATION_EDGES
from seatrial.core.judging import ALPHA
from seatrial.judge.counts import LatencyInterval
from seatrial.judge.latency import HICCUPS
from seatrial.judge.latency_edges import SMALLEST_SHARE, edges_to_judge
from tests.benchmarks.judgement.figures import Figures
from tests.benchmarks.judgement.judges import OURS, OURS_AFTER_SHADOW, OURS_BY_LABELS, OURS_BY_LABELS_IN_SHADOW
from tests.benchmarks.judgement.limit import (
    FIRST_LOOK,
    NEVER,
    Limit,
    limit,
    needed,
    of_bernoulli,
    of_latencies,
    of_loss,
    of_paired_loss,
    of_ratio,
)
from tests.benchmarks.judgement.outcome import SLOW_BUCKET
from tests.benchmarks.judgement.run import Place, Results
from tests.benchmarks.judgement.seatrial import LABELLED
from tests.benchmarks.judgement.steps import DEFAULT, WIDE, Steps
from tests.benchmarks.judgement.traffic import shares_by_bucket
from tests.benchmarks.judgement.worlds import ACCURACY, BASELINE, BESIDE, WORLDS, Harm, World

# Of the whole stage: a test that looks for one thing alone may use all of what the stage's checks share.
NATS = needed(ALPHA)
MANY = 10**9  # requests, among which shares are as they are
IN_SHADOW = (OURS_AFTER_SHADOW.name, OURS_BY_LABELS_IN_SHADOW.name)
FOUND = 0.995  # a limit on the mean says nothing where many were not found
STEPS = {steps.name: steps for steps in (DEFAULT, WIDE)}
BY_NAME = {world.name: world for world in (*WORLDS, *BESIDE)}


@dataclass(frozen=True, slots=True)
class Compared:
    """Seatrial's figures in a place, and the limit there."""

    place: Place
    ours: Figures
    limit: Limit

    @property
    def ratio(self) -> float:
        """How many times the limit's harm ours is in the mean; in a shadow, its minutes in the mean."""
        if self.place.judge in IN_SHADOW:
            return self.ours.mean_minute / self.limit.minutes
        return self.ours.mean_harm / self.limit.harm


def compared(results: Results) -> Iterator[Compared]:
    """Yield the places where Seatrial found every bad version and there is a limit."""
    for place, ours in results.items():
        if ours.rolled_back < FOUND * ours.runs:
            continue
        found = _limit(place, BY_NAME[place.world])
        if isfinite(found.minutes):
            yield Compared(place, ours, found)


def missed(results: Results) -> Iterator[Place]:
    """Yield the places that have a limit, and where Seatrial found too few to compare it with."""
    for place, ours in results.items():
        if ours.rolled_back < FOUND * ours.runs and isfinite(_limit(place, BY_NAME[place.world]).minutes):
            yield place


def _limit(place: Place, world: World) -> Limit:
    steps = STEPS[place.steps]
    match place.judge, world.harm:
        case OURS.name, _:
            return _of_canary(world, steps, place.rate)
        case OURS_AFTER_SHADOW.name, Harm.WRONG:
            return _of_shadow(world, place.rate)
        case OURS_BY_LABELS.name, Harm.WRONG:
            return _of_labels(world, steps, place.rate)
        case OURS_BY_LABELS_IN_SHADOW.name, Harm.WRONG:
            return _of_paired_labels(world, place.rate)
    return NEVER


def _of_canary(world: World, steps: Steps, rate: float) -> Limit:
    match world.harm:
        case Harm.ERRORS if not world.leak:
            bad = world.ratio * BASELINE
            told = partial(of_ratio, candidate=bad, stable=BASELINE, ratio=ErrorsCheck().maximum_ratio)
            return limit(steps, rate, told, bad, NATS)
        case Harm.SLOW:
            bad = float(shares_by_bucket(world.slower, world.stalls)[SLOW_BUCKET:].sum())
            return limit(steps, rate, _of_latencies(world), bad, NATS)
    return NEVER


def _of_shadow(world: World, rate: float) -> Limit:
    """In a shadow all that stable could answer is compared, and what the candidate fails is disagreed on."""
    failed = BASELINE / (1 - BASELINE)
    told = of_bernoulli(failed + (1 - failed) * world.disagreement, Shadow().maximum_disagreement)
    return _in_shadow(told * (1 - BASELINE), rate)


def _of_labels(world: World, steps: Steps, rate: float) -> Limit:
    loss = AccuracyCheck().maximum_loss
    told = partial(of_loss, candidate=1 - world.accuracy, stable=1 - ACCURACY, loss=loss)
    return limit(steps, rate, lambda share: LABELLED * told(share), 1 - world.accuracy, NATS)


def _of_paired_labels(world: World, rate: float) -> Limit:
    told = of_paired_loss(world.pairs, AccuracyCheck().maximum_loss)
    return _in_shadow(LABELLED * (1 - BASELINE) ** 2 * told, rate)


def _in_shadow(told: float, rate: float) -> Limit:
    """Return the limit where a request tells so much, at all times alike; callers get none of the answers."""
    requests = max(NATS / told, FIRST_LOOK * rate)
    return Limit(requests / rate, requests, 0.0)


def _of_latencies(world: World) -> Callable[[float], float]:
    """Return what a request's latency tells, by the candidate's share, of 'beyond some judged edge too often'."""
    usual = shares_by_bucket()
    counts = tuple((usual * MANY).astype(int).tolist())
    judged = edges_to_judge(DURATION_EDGES, [LatencyInterval(counts, counts)])
    begins = [0, *(edge.index + 1 for edge in judged)]
    return partial(
        of_latencies,
        candidate=np.add.reduceat(shares_by_bucket(world.slower, world.stalls), begins),
        stable=np.add.reduceat(usual, begins),
        ratios=np.array([LatencyCheck().maximum_ratio * edge.allowance for edge in judged]),
        most=np.array([HICCUPS if edge.stable.share < SMALLEST_SHARE else 0.0 for edge in judged]),
    )
