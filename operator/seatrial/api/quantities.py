"""Durations and decimals as Kubernetes writes them, text so that no float is rounded on the way; and as people do."""

import re
from datetime import timedelta

DURATION_RULE = "a duration such as 90s, 10m or 1h30m"
DECIMAL_RULE = 'a decimal in quotes, such as "0.05"'
NUMBER_RULE = 'a number in quotes, such as "-2.5"'

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
# The Gateway API's form of a duration, which bounds it: no time that it is added to can overflow.
_DURATION = re.compile(r"([0-9]{1,5}(h|ms|m|s)){1,4}")
_PART = re.compile(r"([0-9]+)(h|ms|m|s)")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")


def parse_duration(text: str) -> timedelta | None:
    """Return the duration, None where the text is none."""
    if not _DURATION.fullmatch(text):
        return None
    return timedelta(seconds=sum(int(n) * _UNITS[unit] for n, unit in _PART.findall(text)))


def format_duration(duration: timedelta) -> str:
    """Return a duration in its two largest units, for people: 45s, 3m20s, 2h5m."""
    seconds = max(0, round(duration.total_seconds()))
    hours, minutes = divmod(seconds // 60, 60)
    if hours:
        return f"{hours}h{minutes}m" if minutes else f"{hours}h"
    seconds %= 60
    if minutes:
        return f"{minutes}m{seconds}s" if seconds else f"{minutes}m"
    return f"{seconds}s"


def how_many(count: int, noun: str) -> str:
    """Return a number of things, for people: 1 pod, 2 pods."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def parse_decimal(text: str) -> float | None:
    """Return the decimal, None where the text is none."""
    return float(text) if _DECIMAL.fullmatch(text) else None


def parse_number(text: str) -> float | None:
    """Return the number, which may be below 0; None where the text is none."""
    return float(text) if _NUMBER.fullmatch(text) else None
