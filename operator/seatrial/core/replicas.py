"""How many pods each revision runs: arithmetic on replicas, weights, and what an autoscaler has made of them.

An autoscaler counts stable's pods alone, so in a canary it takes away what the candidate's share leaves idle. What it
took would be missing the moment the traffic comes back, or moves on. So while a trial goes on and until an autoscaler
has seen what came of it, a revision that serves keeps the pods that it has.
"""

import math
from datetime import datetime, timedelta

from seatrial.api.spec import Spec
from seatrial.api.status import Stage, Status, Trial
from seatrial.core.observed import Observed
from seatrial.core.stages import NO_PODS, goes_untried, going, pods_of, step_weight, takes_over
from seatrial.core.traffic import FULL, MAXIMUM_GROWTH, pods_beside, pods_for_share

# An autoscaler looks every 15 s, at metrics that are up to a minute old.
UNTIL_SEEN = timedelta(minutes=3)
# So many candidate pods that one may go without taking its share of the requests with it.
FEWEST_ROUTED = 2


def serving_replicas(observed: Observed, spec: Spec, status: Status, revision: str, now: datetime) -> int:
    """Return how many pods a revision runs that serves, or that may have to again."""
    asked = spec.serving.replicas
    if not observed.autoscaled or asked == 0 or not _is_unsettled(status, now):
        return asked
    return max(asked, pods_of(observed, revision).wanted)


def candidate_replicas(observed: Observed, spec: Spec, status: Status, trial: Trial) -> int:
    """Return how many pods the candidate runs: it makes room for those of revisions that go.

    So that there is never more than stable, the candidate at its weight, and one pod, also where what retired cannot
    be removed.
    """
    if status.stable is None:
        return spec.serving.replicas
    needed, most = needed_replicas(observed, spec, status, trial), share_replicas(observed, spec, status, trial) + 1
    others = sum(pods.wanted for pods in going(observed, status).values())
    there = pods_of(observed, trial.candidate.revision).wanted
    return max(min(needed, there), min(needed, most - others))


def needed_replicas(observed: Observed, spec: Spec, status: Status, trial: Trial) -> int:
    """Return how many available candidate pods the stage asks for before it goes on."""
    if status.stable is None:
        return min(1, spec.serving.replicas)
    share = share_replicas(observed, spec, status, trial)
    routed = trial.stage is Stage.CANARY and spec.route is not None
    return max(share, min(FEWEST_ROUTED, spec.serving.replicas)) if routed else share


def share_replicas(observed: Observed, spec: Spec, status: Status, trial: Trial) -> int:
    """Return how many pods the candidate's share of the load needs: its weight's in a canary, otherwise all of it.

    The shadow gets a copy of every request: only with as many pods is its latency that of its peers.
    """
    asked = spec.serving.replicas
    whole = max(asked, _held(observed, status)) if observed.autoscaled else asked
    weight = step_weight(spec.rollout, trial)
    if takes_over(spec.rollout, trial) or goes_untried(observed, trial):
        grown = math.ceil(asked * FULL / (FULL - status.weight)) if observed.autoscaled else whole
        return min(max(whole, grown), MAXIMUM_GROWTH * whole)
    if trial.stage is Stage.CANARY and weight:
        if spec.route is None:
            return min(pods_beside(whole, weight), whole)
        busy = pods_beside(asked, weight) if observed.autoscaled else 0
        return min(max(pods_for_share(whole, weight), busy), whole)
    return whole if spec.rollout.shadow is not None else min(1, whole)


def _held(observed: Observed, status: Status) -> int:
    return (pods_of(observed, status.stable.revision) if status.stable is not None else NO_PODS).wanted


def _is_unsettled(status: Status, now: datetime) -> bool:
    """Say whether traffic moves between revisions, or has moved so lately that an autoscaler cannot know."""
    ended = status.history[-1].ended if status.history else datetime.min.replace(tzinfo=now.tzinfo)
    return status.trial is not None or status.probation is not None or now - ended < UNTIL_SEEN
