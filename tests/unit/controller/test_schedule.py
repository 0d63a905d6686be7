"""The queue's timing, tried with every order of asking, taking and ending that hypothesis can think of."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from seatrial.controller.schedule import FIRST_BACKOFF, LONGEST_BACKOFF, Schedule

KEYS = st.sampled_from("abc")
SOON = st.integers(min_value=0, max_value=5)


class Passes(RuleBasedStateMachine):
    """A schedule beside the simplest thing that could be right: for each key the earliest moment asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.schedule = Schedule[str]()
        self.now = 0.0
        self.asked: dict[str, float] = {}
        self.running: set[str] = set()

    @rule(key=KEYS, after=SOON)
    def ask(self, key: str, after: int) -> None:
        due = self.now + after
        self.schedule.add(key, due)
        self.asked[key] = min(due, self.asked.get(key, due))

    @rule(by=SOON)
    def wait(self, by: int) -> None:
        self.now += by

    @rule()
    def take(self) -> None:
        key = self.schedule.take(self.now)
        ready = {k: due for k, due in self.asked.items() if due <= self.now and k not in self.running}
        if key is None:
            assert not ready, f"{ready} were due, and none was given out"
            return
        assert key not in self.running, "two passes of one key at once"
        assert ready[key] == min(ready.values()), "somebody waits longer"
        del self.asked[key]
        self.running.add(key)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.running)))
        self.running.remove(key)
        self.schedule.done(key)

    @invariant()
    def next_is_the_earliest_that_may_begin(self) -> None:
        waiting = [due for key, due in self.asked.items() if key not in self.running]
        assert self.schedule.next_due() == min(waiting, default=None)

    @invariant()
    def counts_what_is_due(self) -> None:
        assert self.schedule.waiting(self.now) == sum(due <= self.now for due in self.asked.values())
        assert self.schedule.running == self.running


TestPasses = Passes.TestCase


def test_asking_twice_is_asking_once() -> None:
    schedule = Schedule[str]()
    schedule.add("a", 1)
    schedule.add("a", 2)
    assert schedule.take(10) == "a"
    schedule.done("a")
    assert schedule.take(10) is None


def test_what_is_asked_during_a_pass_comes_after_it() -> None:
    schedule = Schedule[str]()
    schedule.add("a", 0)
    assert schedule.take(0) == "a"
    schedule.add("a", 0)
    assert schedule.take(0) is None
    schedule.done("a")
    assert schedule.take(0) == "a"


def test_a_moment_that_was_replaced_begins_no_second_pass() -> None:
    schedule = Schedule[str]()
    schedule.add("a", 5)
    schedule.add("a", 3)
    assert schedule.take(3) == "a"
    schedule.add("a", 5)  # the very moment that was asked for first
    assert schedule.take(5) is None
    assert schedule.next_due() is None
    schedule.done("a")
    assert schedule.take(5) == "a"


@given(failures=st.integers(min_value=1, max_value=40), fraction=st.floats(0, 1, exclude_max=True))
def test_backoff_doubles_up_to_its_bound_and_begins_anew(failures: int, fraction: float) -> None:
    schedule, now, delays = Schedule[str](), 0.0, list[float]()
    for _ in range(failures):
        delays.append(schedule.failed("a", now, fraction))
        now += delays[-1]
    whole = [min(LONGEST_BACKOFF, FIRST_BACKOFF * 2**i) for i in range(failures)]
    assert all(full / 2 <= delay <= full for full, delay in zip(whole, delays, strict=True))
    schedule.succeeded("a")
    assert schedule.failed("a", now, fraction) == delays[0]


def test_failures_before_the_wait_is_over_double_nothing() -> None:
    schedule = Schedule[str]()
    assert schedule.failed("a", 0.0, 0.0) == FIRST_BACKOFF / 2
    assert schedule.failed("a", 0.1, 0.0) == pytest.approx(FIRST_BACKOFF / 2 - 0.1)
    assert schedule.failed("a", 0.2, 0.0) == pytest.approx(FIRST_BACKOFF / 2 - 0.2)
    assert schedule.failed("a", FIRST_BACKOFF / 2, 0.0) == FIRST_BACKOFF


def test_a_wait_is_no_longer_than_the_longest_also_where_that_has_become_shorter() -> None:
    schedule, now = Schedule[str](), 0.0
    for _ in range(20):
        now += schedule.failed("a", now, 0.999)
    assert schedule.failed("a", now, 0.999) > 50
    assert schedule.failed("a", now + 1, 0.999, longest=2.0) == 2.0
    assert schedule.failed("a", now + 100, 0.0, longest=2.0) == 1.0


@settings(max_examples=20)
@given(st.integers(min_value=1, max_value=50))
def test_replaced_moments_do_not_pile_up(rounds: int) -> None:
    schedule = Schedule[str]()
    for i in range(rounds * 20):
        schedule.add("a", 1e6 - i)  # always earlier than before
    assert len(schedule._heap) <= 2 * 1 + 65


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), SOON, st.sampled_from(["ask", "take", "end"])), max_size=60))
def test_no_group_has_more_than_its_share_and_none_is_forgotten(steps: list[tuple[str, int, str]]) -> None:
    """Of two groups each may have two keys at work; whoever is due and may be taken is taken."""
    schedule, now, running = Schedule[str](lambda key: key in "abcd", 2), 0.0, list[str]()

    def group(of: str) -> list[str]:
        return [key for key in running if (key in "abcd") == (of in "abcd")]

    asked = set[str]()
    for key, by, step in steps:
        now += by
        if step == "ask":
            schedule.add(key, now)
            asked.add(key)
        elif step == "end" and running:
            schedule.done(running.pop(0))
        elif (taken := schedule.take(now)) is not None:
            asked.remove(taken)
            running.append(taken)
            assert len(group(taken)) <= 2
        else:
            assert not [key for key in asked if key not in running and len(group(key)) < 2]
    while asked or running:
        if (taken := schedule.take(now)) is not None:
            asked.remove(taken)
            running.append(taken)
        else:
            schedule.done(running.pop(0))
    assert schedule == Schedule[str](schedule.group, 2, _count=schedule._count)
