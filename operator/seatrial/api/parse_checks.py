"""Reading `spec.rollout.checks`."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from seatrial.api.checks import (
    DISAGREEMENT,
    PLACEHOLDERS,
    RESTARTS,
    REVISION,
    AccuracyCheck,
    Check,
    ErrorsCheck,
    Kind,
    LatencyCheck,
    PredictionsCheck,
    QueryCheck,
    possible_stages,
)
from seatrial.api.fields import SMALLEST_SHARE, between, decimal, duration, number, optional_text
from seatrial.api.quantities import format_duration
from seatrial.api.status import Stage
from seatrial.contract.reading import Reader

MAXIMUM_CHECKS = 20
MAXIMUM_RATIO = 1000
MOST_SAMPLES = 10_000_000
LONGEST_QUERY = 2000  # characters
SHORTEST_INTERVAL = timedelta(seconds=1)
OWN_CHECKS = {DISAGREEMENT: "the shadow stage", RESTARTS: "every stage"}
LIMITS = ("maximumRatio", "minimumRatio", "maximum", "minimum")
_ANY_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{\{")
# A range or the range of a subquery, as PromQL writes durations; what stands in quotes may look like one, and is none.
# Strings and comments may hold brackets that are no range.
_SILENT = re.compile(r"""\"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*""")
_RANGE = re.compile(r"\[\s*(\d+(?:\.\d+)?|(?:\d+(?:ms|[smhdwy]))+)\s*(?::[^\]]*)?\]")
_PART = re.compile(r"(\d+)(ms|[smhdwy])")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


def parse_checks(reader: Reader) -> tuple[Check, ...]:
    """Read the list."""
    checks = tuple(_check(item) for item in reader.objects("checks"))
    if len({check.name for check in checks}) != len(checks) or not 0 < len(checks) <= MAXIMUM_CHECKS:
        raise reader.fail("checks", f"1 to {MAXIMUM_CHECKS} checks of different names")
    return checks


def _check(reader: Reader) -> Check:
    found = [kind for kind in KINDS if reader.raw(kind) is not None]
    if len(found) != 1:
        raise reader.fail("name", f"a check with exactly one of {', '.join(KINDS)} beside its name")
    name, kind = reader.text("name"), KINDS[found[0]](reader.object(found[0]))
    if name in OWN_CHECKS:
        raise reader.fail("name", f"another name: {name} is what {OWN_CHECKS[name]} calls its own check")
    samples = None if reader.raw("minimumSamples") is None else between(reader, "minimumSamples", 1, MOST_SAMPLES, 1)
    return Check(name, kind, samples, _stages(reader, kind))


def _stages(reader: Reader, kind: Kind) -> tuple[Stage, ...]:
    possible, named = possible_stages(kind), reader.strings("stages", ())
    if not set(named) <= set(possible):
        raise reader.fail("stages", f"any of {', '.join(possible)}, where this check can say something")
    return tuple(stage for stage in possible if stage in named)


def _errors(reader: Reader) -> ErrorsCheck:
    default = ErrorsCheck()
    objective = decimal(reader, "objective", default.objective, at_least=SMALLEST_SHARE, at_most=1 - SMALLEST_SHARE)
    return ErrorsCheck(_ratio(reader, default.maximum_ratio), objective)


def _latency(reader: Reader) -> LatencyCheck:
    default = LatencyCheck()
    objective = None if reader.raw("objective") is None else duration(reader, "objective", default.warm_up)
    return LatencyCheck(_ratio(reader, default.maximum_ratio), objective, duration(reader, "warmUp", default.warm_up))


def _accuracy(reader: Reader) -> AccuracyCheck:
    return AccuracyCheck(decimal(reader, "maximumLoss", AccuracyCheck().maximum_loss, at_most=1 - SMALLEST_SHARE))


def _predictions(reader: Reader) -> PredictionsCheck:
    return PredictionsCheck(_ratio(reader, PredictionsCheck().maximum_ratio))


def _query(reader: Reader) -> QueryCheck:
    limits = [limit for limit in LIMITS if reader.raw(limit) is not None]
    if len(limits) != 1:
        raise reader.fail("maximum", f"exactly one of {', '.join(LIMITS)}")
    check = QueryCheck(
        candidate=_promql(reader, "candidate") or "",
        stable=_promql(reader, "stable"),
        maximum_ratio=_positive(reader, "maximumRatio"),
        minimum_ratio=_positive(reader, "minimumRatio"),
        maximum=number(reader, "maximum"),
        minimum=number(reader, "minimum"),
        interval=duration(reader, "interval", QueryCheck("").interval, at_least=SHORTEST_INTERVAL),
    )
    longest = max(map(longest_range, (check.candidate, check.stable or "")))
    if check.interval < longest:
        least = f"at least {format_duration(longest)}, the longest range in the PromQL: readings that overlap are one"
        raise reader.fail("interval", least)
    if check.compares and check.stable is None and REVISION not in check.candidate:
        raise reader.fail("stable", f"PromQL for the stable version: candidate has no {REVISION} to put it into")
    return check


def longest_range(promql: str) -> timedelta:
    """Return the longest range that PromQL looks back over, such as of `rate(x[5m])`; none is 0."""
    longest = max(map(_seconds, _RANGE.findall(_SILENT.sub("", promql))), default=0.0)
    return timedelta(seconds=min(longest, timedelta.max.total_seconds() / 2))


def _seconds(range_: str) -> float:
    """A range is a number of seconds, or has units."""
    parts = _PART.findall(range_)
    return sum(float(n) * _SECONDS[unit] for n, unit in parts) if parts else float(range_)


def _promql(reader: Reader, field: str) -> str | None:
    text = optional_text(reader, field) if field == "stable" else reader.text(field)
    if text is not None and not 0 < len(text) <= LONGEST_QUERY:
        raise reader.fail(field, f"PromQL of 1 to {LONGEST_QUERY} characters")
    if not set(_ANY_PLACEHOLDER.findall(text or "")) <= set(PLACEHOLDERS):
        raise reader.fail(field, f"PromQL with no other placeholders than {', '.join(PLACEHOLDERS)}")
    return text


def _ratio(reader: Reader, default: float) -> float:
    return decimal(reader, "maximumRatio", default, at_least=1, at_most=MAXIMUM_RATIO)


def _positive(reader: Reader, field: str) -> float | None:
    if reader.raw(field) is None:
        return None
    return decimal(reader, field, 1.0, at_least=1 / MAXIMUM_RATIO, at_most=MAXIMUM_RATIO)


KINDS: Mapping[str, Callable[[Reader], Kind]] = {
    "errors": _errors,
    "latency": _latency,
    "accuracy": _accuracy,
    "predictions": _predictions,
    "query": _query,
}
