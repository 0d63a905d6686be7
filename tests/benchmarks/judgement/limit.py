"""The information limit: how soon, and after how much harm, any sequential test could know that the candidate is bad.

Wald 1945: a test that fails a good one with chance alpha at most, and always finds this bad one, needs in the mean at
least ln(1/alpha) nats of information; one that misses it with chance β needs kl(1-β | alpha), a little less. A request
gives, with a share w of the requests going to the candidate, at most

    w·KL(P₁ | Q₁) + (1 - w)·KL(P₀ | Q₀)

nats, P being how both versions answer in truth and Q the pair that is still allowed and most like it. Assumed is more
than anybody has: the very fault is known beforehand, errors are independent, and from the first look on one looks after
each request. What the candidate does to callers meanwhile is a convex function of the information, since a larger share
tells less a request of the candidate's, so that the bound on the mean of the one is (Jensen) a bound on the mean of the
other: of a judge whose steps go on by the clock. One that holds at a low share can do less harm.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, log

import numpy as np
from scipy.optimize import LinearConstraint, minimize, minimize_scalar

from tests.benchmarks.judgement.bursts import Floats
from tests.benchmarks.judgement.steps import Steps


@dataclass(frozen=True, slots=True)
class Limit:
    """The fewest minutes, requests of the candidate and bad answers to callers in the mean; inf where never."""

    minutes: float
    requests: float
    harm: float


FIRST_LOOK = 0.5  # minutes
NEGLIGIBLE = 1e-12  # a share of requests that nobody will see
EXACTLY = {"xatol": 1e-9}
SCALE = 1e4  # the solver's tolerances are absolute
NEVER = Limit(inf, inf, inf)


def entropy(p: Floats, q: Floats) -> float:
    """Return the relative entropy KL(p | q) of two distributions, in nats."""
    likely = p > NEGLIGIBLE
    return float((p[likely] * np.log(p[likely] / np.maximum(q[likely], NEGLIGIBLE))).sum())


def needed(alpha: float) -> float:
    """Return the information that a test needs in the mean, in nats."""
    return -log(alpha)


def of_bernoulli(share: float, allowed: float) -> float:
    """Return what one comparison tells of 'a larger share than is allowed', where `share` is the true one."""
    return entropy(_bernoulli(share), _bernoulli(allowed))


def of_ratio(share: float, candidate: float, stable: float, ratio: float) -> float:
    """Return what a request tells of 'the candidate fails more than `ratio` times as often as stable'."""
    return _of_rates(share, candidate, stable, candidate / ratio, lambda allowed: ratio * allowed)


def of_loss(share: float, candidate: float, stable: float, loss: float) -> float:
    """Return what a label tells of 'the candidate is wrong on more than `loss` more requests than stable is'."""
    return _of_rates(share, candidate, stable, candidate - loss, lambda allowed: allowed + loss)


def _of_rates(share: float, candidate: float, stable: float, highest: float, most: Callable[[float], float]) -> float:
    """Return what tells the candidate's rate from the nearest allowed: most(stable's), for stable's up to `highest`.

    0 where the candidate's own is allowed.
    """
    if highest <= stable:
        return 0.0

    def told(allowed: float) -> float:
        mine = entropy(_bernoulli(candidate), _bernoulli(most(allowed)))
        return share * mine + (1 - share) * entropy(_bernoulli(stable), _bernoulli(allowed))

    return _least(told, stable, highest)


def _least(told: Callable[[float], float], low: float, high: float) -> float:
    return float(minimize_scalar(told, bounds=(low, high), method="bounded", options=EXACTLY).fun)


def of_paired_loss(pairs: Sequence[float], loss: float) -> float:
    """Return what the label of a request that both answered tells of the same.

    `pairs` are the shares where both are right, only the candidate, only stable, and neither.
    """
    _, candidate, stable, _ = pairs
    truly = np.array([candidate, stable, 1 - candidate - stable])

    def told(won: float) -> float:
        return entropy(truly, np.array([won, won + loss, 1 - loss - 2 * won]))

    return _least(told, 0.0, (1 - loss) / 2)


def of_latencies(share: float, candidate: Floats, stable: Floats, ratios: Floats, most: Floats) -> float:
    """Return what a request's latency tells of 'beyond some edge the candidate's are too often'.

    `candidate` and `stable` are shares by bucket. Beyond an edge the candidate's may be at most `ratios` times
    stable's, or where `most` is not 0 at most that. The nearest pair that is allowed is found by convex programming.
    """
    truly = np.concatenate((candidate, stable))
    weights = truly * np.repeat((share, 1 - share), len(stable))

    def told(shares: Floats) -> float:
        return SCALE * float((weights * np.log(np.maximum(truly, NEGLIGIBLE) / shares)).sum())

    found = minimize(
        told,
        np.concatenate((stable, stable)),
        jac=lambda shares: -SCALE * weights / shares,
        bounds=[(NEGLIGIBLE, 1)] * len(truly),
        constraints=_allowed(ratios, most),
    )
    return float(found.fun) / SCALE


def _allowed(ratios: Floats, most: Floats) -> list[LinearConstraint]:
    """Return the constraints on the shares of both sides, the candidate's first: each side's sum, and the limits."""
    buckets = len(ratios) + 1
    beyond = np.triu(np.ones((buckets, buckets)))[1:]  # by edge: the buckets beyond it
    theirs = np.where(most[:, None] > 0, 0.0, -ratios[:, None] * beyond)
    sums = np.kron(np.eye(2), np.ones(buckets))
    return [LinearConstraint(np.hstack((beyond, theirs)), -np.inf, most), LinearConstraint(sums, 1, 1)]


def limit(steps: Steps, rate: float, told: Callable[[float], float], harm: float, nats: float) -> Limit:
    """Return the limit of a canary at `rate` requests a minute, where a request tells told(share of the candidate).

    `harm` is the share of bad ones among the candidate's answers. The last step goes on as long as it must. Nobody
    knows anything before the first look.
    """
    nats = max(nats, FIRST_LOOK * rate * told(steps.weights[0] / 100))
    minutes = requests = 0.0
    for number, weight in enumerate(steps.weights):
        share = weight / 100
        a_minute = rate * told(share)
        if not a_minute:
            return NEVER
        is_last = number == len(steps.weights) - 1
        lasts = nats / a_minute if is_last else min(nats / a_minute, steps.minutes)
        minutes, requests, nats = minutes + lasts, requests + lasts * rate * share, nats - lasts * a_minute
        if nats <= 0:
            break
    return Limit(minutes, requests, requests * harm)


def _bernoulli(p: float) -> Floats:
    return np.array([p, 1 - p])
