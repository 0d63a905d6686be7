"""The tables, as README.md has them: one for each world, a row for each judge, a column for each rate."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isnan

from tests.benchmarks.judgement.figures import Figures
from tests.benchmarks.judgement.limits import BY_NAME, compared
from tests.benchmarks.judgement.run import Place, Results
from tests.benchmarks.judgement.targets import targets

HEALTHY_LEGEND = "rolled back % / held % / median minutes to promotion"
FAULT_LEGEND = "promoted % / held % / median of {harm} that callers got until the end / median minute of the rollback"


def report(results: Results) -> str:
    """Return the whole report as Markdown."""
    return "\n".join((*_worlds(results), *_limits(results), *_targets(results)))


def _worlds(results: Results) -> Iterator[str]:
    for steps in _distinct(results, lambda place: place.steps):
        yield f"## Steps {steps}\n"
        for world in _distinct(results, lambda place: place.world):
            there = {place: found for place, found in results.items() if (place.steps, place.world) == (steps, world)}
            if there:
                yield from _world(world, there)


def _world(world: str, there: Results) -> Iterator[str]:
    harm = BY_NAME[world].harm
    cell = _healthy if harm is None else _fault
    legend = HEALTHY_LEGEND if harm is None else FAULT_LEGEND.format(harm=harm.value)
    rates = sorted({place.rate for place in there})
    yield f"**{world}**: {legend}\n"
    yield from _table(
        ["judge", *(f"{rate:,} a minute" for rate in rates)],
        (
            [judge, *(cell(_find(there, judge, rate)) for rate in rates)]
            for judge in _distinct(there, lambda p: p.judge)
        ),
    )


def _find(there: Results, judge: str, rate: int) -> Figures | None:
    return next((found for place, found in there.items() if (place.judge, place.rate) == (judge, rate)), None)


def _healthy(found: Figures | None) -> str:
    if found is None:
        return ""
    return f"{_share(found, found.rolled_back)} / {_share(found, found.held)} / {_number(found.minute_promoted)}"


def _fault(found: Figures | None) -> str:
    if found is None:
        return ""
    shares = f"{_share(found, found.promoted)} / {_share(found, found.held)}"
    return f"{shares} / {_number(found.harm)} / {_number(found.minute_rolled_back)}"


def _limits(results: Results) -> Iterator[str]:
    yield "## The information limit\n"
    yield from _table(
        [
            "world",
            "steps",
            "requests a minute",
            "limit: minute",
            "requests",
            "bad answers",
            "Seatrial: minute",
            "bad answers",
            "ratio",
        ],
        (
            [
                *(one.place.world, one.place.steps, f"{one.place.rate:,}"),
                *(f"{one.limit.minutes:.1f}", f"{one.limit.requests:,.0f}", f"{one.limit.harm:,.1f}"),
                *(_number(one.ours.mean_minute), f"{one.ours.mean_harm:,.1f}", f"{one.ratio:.2f}"),
            ]
            for one in compared(results)
        ),
    )


def _targets(results: Results) -> Iterator[str]:
    yield "## Targets\n"
    rows = ([one.asked, one.seen, "met" if one.met else "**not met**"] for one in targets(results))
    yield from _table(["target", "figure", ""], rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"
    yield ""


def _distinct(results: Results, name: Callable[[Place], str]) -> list[str]:
    return list(dict.fromkeys(name(place) for place in results))


def _share(found: Figures, count: int) -> str:
    percent = found.percent(count)
    return f"{percent:.1f}" if 0 < percent < 1 or 99 < percent < 100 else f"{percent:.0f}"


def _number(value: float) -> str:
    return "–" if isnan(value) else f"{value:,.1f}" if value < 10 else f"{value:,.0f}"
