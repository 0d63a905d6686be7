"""How numbers read in a verdict's sentence."""

from math import exp, floor, inf, log, log10

from seatrial.judge.counts import Counts

LARGEST, SMALLEST = 1e6, 1e-6
MOST_ODDS = log(LARGEST)


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


def points(share: float) -> str:
    """Return a difference of two shares: '3.1 points'."""
    return f"{100 * share:.1f} points"


def points_as_set(share: float) -> str:
    """Return a limit on a difference of two shares as it was set: '2 points', '1 point', '0.5 points'."""
    number = f"{100 * share:.3g}"
    return f"{number} point" if number == "1" else f"{number} points"


def ratio_as_set(ratio: float) -> str:
    """Return a limit on a ratio as it was set: '2×', '15.29×'."""
    return f"{ratio:.4g}×"


def number(value: float) -> str:
    """Return any number with four digits or more: '0.0417', '12,346', '1.25e+15'."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


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


def decimal(value: float) -> str:
    """Return a number from 0 on as a decimal string without an exponent, rounded down: '0.00312', '12.4', '300'.

    One decimal from 1 on, three digits below, '0' below a millionth, and at most '1000000'.
    """
    bounded = min(value * (1 + 1e-9), LARGEST)
    if bounded < SMALLEST:
        return "0"
    places = 1 if bounded >= 1 else 2 - floor(log10(bounded))
    text = f"{floor(bounded * 10**places) / 10**places:.{places}f}"
    return text.rstrip("0").rstrip(".")


def e_value(log_e: float) -> str:
    """Return a log e-value as a decimal string, such as '12.4' where odds would say '12:1'."""
    return decimal(exp(min(log_e, MOST_ODDS)))


def duration(seconds: float) -> str:
    """Return a latency with three digits in the unit that people use: '0.5 ms', '64 ms', '1.41 s'."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
