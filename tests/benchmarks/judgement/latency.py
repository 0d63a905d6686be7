"""What is read off latency histograms: quantiles and means, by the buckets that the predictors have."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seatrial.contract.metrics import DURATION_EDGES
from tests.benchmarks.judgement.bursts import Counts, Floats

_EDGES = np.array([0.0, *DURATION_EDGES])
_MIDDLES = np.array([*((_EDGES[1:] + _EDGES[:-1]) / 2), DURATION_EDGES[-1]])


def quantile(buckets: Counts, share: float) -> float:
    """Return a quantile in seconds by linear interpolation in its bucket, as Prometheus' histogram_quantile does.

    NaN where there are no requests.
    """
    below = np.concatenate(([0], np.cumsum(buckets)))
    if not below[-1]:
        return float("nan")
    return float(np.interp(share * below[-1], below[:-1], _EDGES))


def ratio(part: NDArray[np.number[Any]], whole: Counts) -> Floats:
    """Return part / whole, NaN where the whole is 0."""
    found = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
    return found


def means(buckets: Counts) -> Floats:
    """Return the mean in seconds of each row of buckets, as if each request were in its bucket's middle; NaN for none.

    The predictors' own sum would be exact; on buckets this fine it makes no difference to a comparison.
    """
    requests = buckets.sum(axis=-1)
    sums: NDArray[np.float64] = buckets @ _MIDDLES
    return ratio(sums, requests)
