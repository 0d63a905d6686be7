"""What the judge is to reach, each with its figure."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf, isnan

from tests.benchmarks.judgement.figures import Figures, upper_bound
from tests.benchmarks.judgement.judges import OURS, PEERS
from tests.benchmarks.judgement.limits import BY_NAME, Compared, compared, missed
from tests.benchmarks.judgement.run import Place, Results
from tests.benchmarks.judgement.steps import DEFAULT
from tests.benchmarks.judgement.worlds import HEALTHY

MOST_ROLLED_BACK = 0.5  # percent
TOO_MANY_ROLLED_BACK = 20.0  # percent: a peer that finds what is bad because it refuses what is good
THREEFOLD = "errors ×3"
LONGEST_PROMOTION = 1.5  # times the steps' own minimum
PROMOTED_AT = 600  # requests a minute
NEAREST = 1.3  # times the information limit


@dataclass(frozen=True, slots=True)
class Target:
    """One target: what is asked for, what was seen, and whether that is enough."""

    asked: str
    seen: str
    met: bool


def targets(results: Results) -> tuple[Target, ...]:
    """Return all targets as these results meet them."""
    return (_healthy(results), _found(results), _cheaper(results), _promoted(results), *_near(results))


def _ours(results: Results, wanted: Callable[[Place], bool]) -> dict[Place, Figures]:
    return {place: found for place, found in results.items() if place.judge == OURS.name and wanted(place)}


def _healthy(results: Results) -> Target:
    cells = _ours(results, lambda place: BY_NAME[place.world].harm is None)
    place, worst = max(cells.items(), key=lambda item: item[1].percent(item[1].rolled_back))
    back, runs = (sum(getattr(one, name) for one in cells.values()) for name in ("rolled_back", "runs"))
    least, few = max(cells.items(), key=lambda item: upper_bound(item[1].rolled_back, item[1].runs))
    seen = (
        f"at worst {worst.rolled_back} of {worst.runs} ({place.world}, {place.rate:,} a minute, {place.steps}); in all"
        f" {back} of {runs:,}, at most {100 * upper_bound(back, runs):.2f} % with 95 % confidence;"
        f" least is known of {least.world}, {least.rate:,} a minute, {least.steps}: {few.rolled_back} of {few.runs}, at"
        f" most {100 * upper_bound(few.rolled_back, few.runs):.1f} %"
    )
    met = worst.percent(worst.rolled_back) <= MOST_ROLLED_BACK
    return Target(f"healthy versions rolled back: at most {MOST_ROLLED_BACK} % in every world", seen, met)


def _found(results: Results) -> Target:
    cells = _ours(results, lambda place: place.world == THREEFOLD)
    shares = [f"{found.percent(found.rolled_back):.0f} % {_where(place)}" for place, found in cells.items()]
    met = all(found.rolled_back == found.runs for found in cells.values())
    return Target("an error rate three times as high is always found", ", ".join(shares), met)


def _cheaper(results: Results) -> Target:
    told, met = [], True
    for place, found in _ours(results, lambda place: place.world == THREEFOLD).items():
        ours = _errors(found)
        fair = [peer.name for peer in PEERS if _is_fair(results, place, peer.name)]
        others = {name: _errors(results[_at(place, name, THREEFOLD)]) for name in fair}
        least = min(others, key=lambda name: others[name], default="")
        beside = f"{least} {others[least]:,.1f}" if others.get(least, inf) < inf else _who_misses(results, place, fair)
        all_found = found.rolled_back == found.runs
        told.append(f"{found.mean_harm:,.1f} {_where(place)}{'' if all_found else ', not all found'}, {beside}")
        met = met and all_found and all(ours < errors for errors in others.values() if errors < inf)
    asked = (
        "and after fewer errors in the mean than at any peer that rolls back less than"
        f" {TOO_MANY_ROLLED_BACK:.0f} % of healthy ones (one that promotes a bad version once has errors without end)"
    )
    return Target(asked, "; ".join(told), met)


def _who_misses(results: Results, place: Place, fair: Iterable[str]) -> str:
    """Name the peer with the fewest errors, which promotes some of what is bad."""
    seen = {name: results[_at(place, name, THREEFOLD)] for name in fair}
    if not seen:
        return "no such peer"
    name = min(seen, key=lambda one: seen[one].mean_harm)
    missed = seen[name].percent(seen[name].promoted)
    return f"no such peer finds all of them ({name} {seen[name].mean_harm:,.1f}, promotes {missed:.0f} %)"


def _errors(found: Figures) -> float:
    """Who promotes a bad version has errors without end."""
    return inf if found.promoted else found.mean_harm


def _is_fair(results: Results, place: Place, peer: str) -> bool:
    healthy = results[_at(place, peer, HEALTHY.name)]
    return healthy.percent(healthy.rolled_back) < TOO_MANY_ROLLED_BACK


def _promoted(results: Results) -> Target:
    found = results[Place(DEFAULT.name, HEALTHY.name, PROMOTED_AT, OURS.name)]
    times = found.minute_promoted / DEFAULT.shortest
    return Target(
        f"a healthy version is promoted within {LONGEST_PROMOTION}× the steps' own time at {PROMOTED_AT} a minute",
        "never" if isnan(times) else f"{times:.2f}× (median {found.minute_promoted:.1f} minutes)",
        times <= LONGEST_PROMOTION,
    )


def _near(results: Results) -> Iterable[Target]:
    """Return a target for each world; where holding did less harm than going on would, the limit says nothing."""
    by_world: dict[str, list[Compared]] = defaultdict(list)
    for one in compared(results):
        by_world[one.place.world].append(one)
    missing = list(missed(results))
    for world, found in by_world.items():
        told = [one for one in found if one.ratio >= 1]
        seen = "; ".join(f"{one.ratio:.2f}× {_where(one.place)}" for one in told)
        held = f" (and below it, by holding, in {len(found) - len(told)})" if len(found) > len(told) else ""
        not_found = [_where(place) for place in missing if place.world == world]
        lost = f"; too few were found to compare {', '.join(not_found)}" if not_found else ""
        met = all(one.ratio <= NEAREST for one in told) and not not_found
        yield Target(f"within {NEAREST}× the information limit: {world}", f"{seen}{held}{lost}", met)


def _at(place: Place, judge: str, world: str) -> Place:
    return Place(place.steps, world, place.rate, judge)


def _where(place: Place) -> str:
    return f"at {place.rate:,} a minute ({place.steps})"
