"""Chaos from beginning to end: three models serve, things happen, then nothing does and everything comes to rest."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from seatrial.api.requests import retry_value
from tests.chaos.accidents import Accidents
from tests.chaos.callers import Callers
from tests.chaos.happenings import Happening, happenings
from tests.chaos.journal import Journal
from tests.chaos.model import Model, models
from tests.chaos.people import DEEDS
from tests.chaos.rest import by_outcome, unrecorded, unrest
from tests.chaos.versions import BAD, GOOD, chaos_shelf, stock
from tests.chaos.watchman import Watchman
from tests.system.kubectl import CommandError
from tests.system.site import Site
from tests.system.store import empty

LOOK_EVERY = 2.0  # seconds
# Seconds in which everything comes to rest. A trial that begins last takes five minutes on two busy cores: at 30
# requests a second it is three until a canary that fails nothing is known to fail less than 1 %.
CALM = 420.0
TOLD = 15.0  # seconds in which the audit may follow


@dataclass(slots=True)
class Report:
    """What it was like; `broken` is what did not hold, `kills` what each kill without grace cost, in requests."""

    seed: int
    broken: list[str] = field(default_factory=list)
    happened: Mapping[str, int] = field(default_factory=dict)
    endings: Mapping[str, int] = field(default_factory=dict)
    requests: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    kills: Mapping[str, Sequence[int]] = field(default_factory=dict)
    rest: float = 0.0  # seconds from the last happening until everything had come to rest
    journal: Sequence[str] = ()


class Scene:
    """Everything, wired."""

    def __init__(self, site: Site, seed: int, minutes: float) -> None:
        self._site, self._seed, self._minutes = site, seed, minutes
        self._journal = Journal()
        self._shelf = chaos_shelf(site)
        self._models = models(site, self._shelf)
        self._accidents = Accidents(site.commands, self._journal)
        self._happened: Counter[str] = Counter()

    def play(self) -> Report:
        """Let it happen, and clean up whatever comes."""
        try:
            self._set_up()
            return self._watched()
        finally:
            self._accidents.end()
            self._clean_up()

    def _watched(self) -> Report:
        names = [model.name for model in self._models]
        with (
            Watchman(self._site.commands, names, self._journal, lambda: self._accidents.blind) as watchman,
            Callers(self._models, self._accidents.kills, watchman.broken) as callers,
        ):
            self._happen()
            self._accidents.end()
            rest = self._come_to_rest(watchman)
            callers.gather()
            callers.check_kills()
            self._compare_with_audit(watchman)
        return self._report(watchman, callers, rest)

    def _set_up(self) -> None:
        self._journal.say(f"seed {self._seed}, {self._minutes:g} minutes")
        stock(self._shelf)
        self._clean_up()
        empty(self._site, self._shelf.bucket, f"{self._shelf.prefix}/{self._shelf.model}/audit/")
        self._all(Model.begin)
        self._journal.say("three models serve")

    def _clean_up(self) -> None:
        self._all(lambda model: model.world.is_gone())

    def _all(self, act: Callable[[Model], object]) -> None:
        with ThreadPoolExecutor(len(self._models)) as pool:
            list(pool.map(act, self._models))

    def _happen(self) -> None:
        end = time.monotonic() + 60 * self._minutes
        for one in happenings(self._seed, len(self._models)):
            if time.monotonic() + one.wait > end:
                return
            time.sleep(one.wait)
            self._let_happen(one)

    def _let_happen(self, happening: Happening) -> None:
        model = self._models[happening.model]
        self._happened[happening.what] += 1
        deed = {**DEEDS, **self._accidents.deeds}[happening.what]
        head = f"#{happening.number} {model.name}: {happening.what}"
        self._journal.say(head)
        try:
            self._journal.say(f"{head}: {deed(model, happening)}")
        except CommandError as error:
            self._journal.say(f"{head}: could not be done: {error}")

    def _come_to_rest(self, watchman: Watchman) -> float:
        self._journal.say("nothing happens any more")
        began = time.monotonic()
        for model in self._models:
            model.settle()
            self._forgive(model, watchman)
        while (restless := self._restless(watchman)) and time.monotonic() - began < CALM:
            time.sleep(LOOK_EVERY)
        for line in restless:
            watchman.broken(f"{line}; that after {CALM:.0f} s")
        self._journal.say("everything is at rest" if not restless else "it has not come to rest")
        return time.monotonic() - began

    def _forgive(self, model: Model, watchman: Watchman) -> None:
        """What a person aborted, and is good, may serve again."""
        rejected = watchman.look(model.name).status.rejected
        aborted = [one.revision for one in rejected if one.version == model.wanted and one.version in GOOD]
        if aborted:
            model.world.annotates(retry=retry_value(aborted[-1], "settle"))

    def _restless(self, watchman: Watchman) -> list[str]:
        found = {model.name: unrest(watchman.look(model.name), model.wanted) for model in self._models}
        return [f"{name}: {what}" for name, what in found.items() if what]

    def _compare_with_audit(self, watchman: Watchman) -> None:
        end = time.monotonic() + TOLD
        while (wrong := unrecorded(watchman.endings, self._shelf.audits())) and time.monotonic() < end:
            time.sleep(LOOK_EVERY)
        for line in wrong:
            watchman.broken(f"audit: {line}")

    def _report(self, watchman: Watchman, callers: Callers, rest: float) -> Report:
        counted = ("sent", "answered", "failed", "lost")
        return Report(
            seed=self._seed,
            broken=watchman.breaches,
            happened=dict(self._happened),
            endings=by_outcome(watchman.endings, {**GOOD, **BAD}),
            requests={name: {one: stats[one] for one in counted} for name, stats in callers.stats.items()},
            kills={name: list(costs.values()) for name, costs in callers.caused_by_kills().items()},
            rest=rest,
            journal=self._journal.lines,
        )
