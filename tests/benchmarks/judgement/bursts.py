"""Which requests fail: each by chance, or several in a row because they shared what broke."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def errors(rng: Generator, requests: Counts, shares: Floats, burst: int) -> Counts:
    """Return the errors among requests, by [tick, slot], of which `shares` (by tick) fail in rows of `burst`."""
    if burst == 1:
        return rng.binomial(requests, shares[:, None])
    columns = [_in_rows(rng, column, float(shares.mean()), burst) for column in requests.T]
    return np.stack(columns, axis=1)


def _in_rows(rng: Generator, requests: Counts, share: float, burst: int) -> Counts:
    """Return the errors by tick where rows begin at any request; one that begins within another comes after it."""
    served = np.concatenate(([0], np.cumsum(requests)))
    begins = np.sort(rng.uniform(0, served[-1], rng.poisson(served[-1] * share / burst)))
    if not begins.size:
        return np.zeros_like(requests)
    failed_before = burst * np.arange(begins.size)
    begins = np.maximum.accumulate(begins - failed_before) + failed_before
    requests_seen = np.stack([begins, begins + burst], axis=1).ravel()
    errors_seen = np.stack([failed_before, failed_before + burst], axis=1).ravel()
    return np.diff(np.floor(np.interp(served, requests_seen, errors_seen))).astype(np.int64)
