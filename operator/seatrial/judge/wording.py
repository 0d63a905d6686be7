"""How numbers read in a verdict's sentence."""

from math import exp, inf, log

from seatrial.judge.counts import Counts

MOST_ODDS = log(1_000_000)


def counted(counts: Counts) -> str:
    """Return '41/1,380 (3.0 %)'."""
    return f"{counts.bad:,}/{counts.total:,} ({percent(counts.share)})"


def percent(share: float) -> str:
    """Return the share in percent with one decimal, small ones with three."""
    if share == 0 or share >= 0.001:
        return f"{100 * share:.1f} %"
    return "<0.001 %" if share < 0.00001 else f"{100 * share:.3f} %"


def share_as_set(share: float) -> str:
    """Return a limit on a share in percent as it was set: '1 %', '2.5 %'."""
    return f"{100 * share:.3g} %"


def ratio_as_set(ratio: float) -> str:
    """Return a limit on a ratio as it was set: '2×', '15.29×'."""
    return f"{ratio:.4g}×"


def times(ratio: float | None) -> str:
    """Return ' · 3.0×' for an estimated ratio, nothing where neither side had anything bad."""
    if ratio is None:
        return ""
    return " · none at stable" if ratio == inf else f" · {ratio:.1f}×"


def divided(dispersion: float) -> str:
    """Return ' · bursts: evidence counts 1/10' where that is so to a digit, otherwise nothing."""
    return f" · bursts: evidence counts 1/{dispersion:.2g}" if dispersion >= 1.05 else ""


def odds(log_e: float) -> str:
    """Return a log e-value as odds, '214:1' for and '1:5' against, rounded down so that it never looks enough."""
    if abs(log_e) > MOST_ODDS:
        return "over 1,000,000:1" if log_e > 0 else "under 1:1,000,000"
    value = exp(log_e) + 1e-9
    return f"{int(value):,}:1" if value >= 1 else f"1:{round(1 / value):,}"


def evidence(log_e: float, threshold: float) -> str:
    """Return 'evidence 214:1, needs 200:1'."""
    return f"evidence {odds(log_e)}, needs {round(exp(threshold)):,}:1"


def duration(seconds: float) -> str:
    """Return a latency with three digits in the unit that people use: '0.5 ms', '64 ms', '1.41 s'."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
