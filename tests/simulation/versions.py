"""What the simulated models are like."""

from dataclasses import dataclass
from enum import StrEnum


class Quality(StrEnum):
    """How a version does, which nobody in the simulation is told."""

    GOOD = "good"
    FAILS = "fails"  # a fifth of its requests
    FAILS_LIVE = "fails live"  # only real callers' requests, not the shadow's copies
    SLOW = "slow"
    DISAGREES = "disagrees"
    SOURS = "sours"  # fails once it has all the traffic
    REFUSED = "refused"  # the predictor finds that the artifact was tampered with
    STUCK = "stuck"  # its pods never come up
    CRASHES = "crashes"  # real callers' requests end its process


# No version like these may ever be promoted.
BAD = frozenset(Quality) - {Quality.GOOD, Quality.SOURS}
USUAL_ERRORS, MANY_ERRORS = 0.005, 0.2
USUAL_DISAGREEMENT, MUCH_DISAGREEMENT = 0.02, 0.5
CRASHING = 0.7  # the chance in each moment with requests
USUAL_BUCKETS, SLOW_BUCKETS = (8, 12), (14, 18)
REFUSAL = "CrashLoopBackOff: refused: model.skops has not the digest that its manifest promises"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What one version's pods do with requests, as shares, and in which histogram buckets."""

    errors: float
    disagreement: float
    buckets: tuple[int, int]


def behaviour(quality: Quality, *, live: bool, share: float) -> Behaviour:
    """Return what a version does with live requests or copies, when it gets a share of the traffic."""
    fails = quality is Quality.FAILS or (quality is Quality.FAILS_LIVE and live)
    fails |= quality is Quality.SOURS and share > 0.99
    disagrees = quality is Quality.DISAGREES
    return Behaviour(
        MANY_ERRORS if fails else USUAL_ERRORS,
        MUCH_DISAGREEMENT if disagrees else USUAL_DISAGREEMENT,
        SLOW_BUCKETS if quality is Quality.SLOW else USUAL_BUCKETS,
    )
