"""`seatrial watch`: a trial is followed to its end, whatever happens to cluster and operator meanwhile."""

import json
from dataclasses import replace
from functools import partial

import pytest

from seatrial.api.status import Stage, Status
from seatrial.ports import RefusedError, UnavailableError
from tests.unit.cli.conftest import Terminal
from tests.unit.cli.worlds import (
    CANDIDATE,
    NEXT,
    SERVING,
    STABLE,
    awaiting,
    document,
    ended,
    in_probation,
    on_trial,
    rolled_back,
)

V3 = f"version 3 (revision {CANDIDATE.revision})"
AWAY = UnavailableError("http://api cannot be reached")


def watch(seatrial: Terminal, *options: str) -> int:
    return seatrial("watch", "risk", *options, store=None)


def happens(seatrial: Terminal, *states: Status) -> None:
    """Let the first state be there, and the others come one after the other while somebody looks."""
    first, *others = states
    seatrial.cluster.put(document(first))
    for state in others:
        seatrial.cluster.happenings.append(partial(seatrial.cluster.put, document(state)))


def aborted() -> Status:
    return replace(SERVING, history=(ended("Aborted"),))


def superseded() -> Status:
    return replace(SERVING, history=(ended("Superseded", message="by version 4"),))


@pytest.mark.parametrize(
    ("end", "code", "words"),
    [
        (in_probation(), 0, "was promoted: it was Promoted"),
        (rolled_back(), 1, "was rolled back: it was RolledBack"),
        (aborted(), 1, "was aborted: it was Aborted"),
        (superseded(), 1, "was replaced: by version 4"),
    ],
)
def test_the_exit_code_is_how_the_trial_ended(seatrial: Terminal, end: Status, code: int, words: str) -> None:
    happens(seatrial, on_trial(), end)
    assert watch(seatrial) == code
    assert seatrial.out.splitlines()[-1] == f"{V3} {words}"


def test_it_is_the_trial_that_was_there_first_and_no_other(seatrial: Terminal) -> None:
    other = on_trial(history=(ended("Superseded"),))
    assert other.trial is not None
    happens(seatrial, on_trial(), replace(other, trial=replace(other.trial, candidate=NEXT)))
    assert watch(seatrial) == 1


def test_an_older_trial_of_the_same_revision_is_not_its_end(seatrial: Terminal) -> None:
    again = (ended("RolledBack", minutes=90),)
    happens(seatrial, on_trial(history=again), replace(in_probation(), history=(*again, ended("Promoted"))))
    assert watch(seatrial) == 0


def test_a_trial_that_has_not_begun_yet_is_waited_for(seatrial: Terminal) -> None:
    happens(seatrial, rolled_back(), SERVING, on_trial(Stage.PREPARING), in_probation())
    assert watch(seatrial) == 0


def test_a_probation_is_followed_to_its_own_end(seatrial: Terminal) -> None:
    promoted = ended("Promoted", minutes=12)
    happens(seatrial, in_probation(), replace(SERVING, stable=CANDIDATE, history=(promoted,)))
    assert watch(seatrial) == 0
    happens(seatrial, in_probation(), replace(SERVING, history=(promoted, ended("RolledBack"))))
    assert watch(seatrial) == 1


def test_a_status_that_was_lost_is_no_promotion(seatrial: Terminal) -> None:
    happens(seatrial, on_trial(), SERVING)
    assert watch(seatrial) == 1
    assert "is not on trial any more, and status does not say why" in seatrial.out


# the version that is waited for


def test_a_version_that_serves_already_is_promoted(seatrial: Terminal) -> None:
    happens(seatrial, in_probation())
    assert watch(seatrial, "--version", "3") == 0
    assert seatrial.out.splitlines()[-1].startswith(f"{V3} serves")


def test_a_version_that_was_refused_before_anybody_looked_is_told(seatrial: Terminal) -> None:
    happens(seatrial, rolled_back())
    assert watch(seatrial, "--version", "3") == 1


def test_a_refusal_under_another_spec_is_not_taken_for_the_end(seatrial: Terminal) -> None:
    seatrial.cluster.put(document(rolled_back(), observed=0))
    seatrial.cluster.happenings.append(lambda: seatrial.cluster.put(document(on_trial())))
    seatrial.cluster.happenings.append(lambda: seatrial.cluster.put(document(in_probation())))
    assert watch(seatrial, "--version", "3") == 0


def test_the_trial_of_another_version_is_not_the_one(seatrial: Terminal) -> None:
    other = on_trial()
    assert other.trial is not None
    fourth = replace(other, trial=replace(other.trial, candidate=NEXT))
    happens(seatrial, fourth, replace(SERVING, history=(ended("RolledBack", NEXT),)), on_trial(), in_probation())
    assert watch(seatrial, "--version", "3") == 0


# time


def test_the_time_may_be_bounded(seatrial: Terminal) -> None:
    happens(seatrial, awaiting())
    began = seatrial.clock.monotonic()
    assert watch(seatrial, "--timeout", "10m") == 2
    assert seatrial.err == "seatrial: no trial of risk has ended within 10m\n"
    assert 600 <= seatrial.clock.monotonic() - began <= 602


def test_no_look_is_so_long_that_a_deaf_one_would_not_be_noticed(seatrial: Terminal) -> None:
    looks: list[float] = []
    seatrial.cluster.before = lambda call, arguments: looks.append(arguments[-1]) if call == "changes" else None
    happens(seatrial, awaiting())
    watch(seatrial, "--timeout", "2m30s")
    assert looks == [60.0, 60.0, 26.0]


@pytest.mark.parametrize("timeout", ["soon", "10", "-1m", "0s"])
def test_a_timeout_that_is_none_is_refused(seatrial: Terminal, timeout: str) -> None:
    assert watch(seatrial, "--timeout", timeout) == 2
    assert f"it is {timeout!r}; expected a duration such as 90s, 10m or 1h30m above 0s" in seatrial.err


# trouble


def failing(seatrial: Terminal, times: int, error: Exception = AWAY, first: int = 1) -> None:
    """Let watches fail, from a certain one on."""
    count = 0

    def before(call: str, _: object) -> None:
        nonlocal count
        count += 1
        if first < count <= first + times:
            raise error

    seatrial.cluster.before = before


def test_an_api_server_that_goes_away_is_waited_for_and_told_once(seatrial: Terminal) -> None:
    happens(seatrial, awaiting())
    failing(seatrial, times=5)
    assert watch(seatrial, "--timeout", "3m") == 2
    assert seatrial.err.splitlines() == [
        f"seatrial: {AWAY}; trying again",
        "seatrial: no trial of risk has ended within 3m",
    ]


def test_an_api_server_that_stays_away_is_given_up(seatrial: Terminal) -> None:
    happens(seatrial, awaiting())
    failing(seatrial, times=1000)
    assert watch(seatrial) == 2
    assert seatrial.err.splitlines()[-1] == f"seatrial: {AWAY}"


def test_an_api_server_that_comes_back_may_go_away_again_and_again(seatrial: Terminal) -> None:
    calls = 0

    def before(call: str, _: object) -> None:
        nonlocal calls
        calls += 1
        if calls % 3:
            raise AWAY

    happens(seatrial, awaiting())
    calls = 2
    seatrial.cluster.before = before
    assert watch(seatrial, "--timeout", "2h") == 2
    assert "no trial of risk has ended within 2h" in seatrial.err


def test_an_api_server_that_was_never_there_is_told_at_once(seatrial: Terminal) -> None:
    happens(seatrial, awaiting())
    failing(seatrial, times=1000, first=0)
    assert watch(seatrial) == 2
    assert seatrial.err == f"seatrial: {AWAY}\n"
    assert seatrial.clock.monotonic() == 0


def test_a_watch_that_something_in_between_cuts_off_is_nothing_to_tell(seatrial: Terminal) -> None:
    def cut_off() -> None:
        seatrial.clock.advance(30)
        raise AWAY

    happens(seatrial, awaiting())
    seatrial.cluster.happenings.extend([cut_off] * 3)
    assert watch(seatrial, "--timeout", "5m") == 2
    assert seatrial.err == "seatrial: no trial of risk has ended within 5m\n"


def test_a_right_that_is_lost_is_told(seatrial: Terminal) -> None:
    happens(seatrial, awaiting())
    failing(seatrial, times=1, error=RefusedError("log in again"))
    assert watch(seatrial) == 2
    assert seatrial.err == "seatrial: log in again\n"


def test_an_object_that_is_deleted_ends_it(seatrial: Terminal) -> None:
    happens(seatrial, awaiting())
    seatrial.cluster.happenings.append(lambda: seatrial.cluster.remove("ml", "risk"))
    assert watch(seatrial) == 2
    assert "there is no ModelDeployment risk" in seatrial.err


# what is shown


def test_a_file_gets_a_line_where_the_words_change(seatrial: Terminal) -> None:
    """Not where only figures do, which is every half minute."""
    left = [on_trial(step=1, weight=5, held=f"step 2 passes so far; {time} left") for time in ("7m30s", "7m", "6m30s")]
    happens(seatrial, SERVING, *left, awaiting(), in_probation())
    watch(seatrial)
    assert seatrial.out.splitlines() == [
        f"2026-01-02T03:04:05Z Idle: version 2 (revision {STABLE.revision}) serves",
        "2026-01-02T03:04:05Z version 3: Canary, step 2 of 4, 5 % of the traffic: step 2 passes so far; 7m30s left",
        "2026-01-02T03:04:05Z version 3: Canary, step 4 of 4, 25 % of the traffic: waits for an approval of this step",
        f"2026-01-02T03:04:05Z Probation: {V3} serves, in its probation after version 2 (revision {STABLE.revision})",
        f"{V3} was promoted: it was Promoted",
    ]


def test_the_same_state_seen_twice_is_one(seatrial: Terminal) -> None:
    happens(seatrial, awaiting())
    watch(seatrial, "--timeout", "5m", "--json")
    assert len(seatrial.out.splitlines()) == 1


def test_a_program_gets_a_line_of_json_for_each_state(seatrial: Terminal) -> None:
    happens(seatrial, on_trial(Stage.SHADOW), on_trial(Stage.CANARY), in_probation())
    assert watch(seatrial, "--json") == 0
    assert [json.loads(line)["status"]["stage"] for line in seatrial.out.splitlines()] == [
        "Shadow",
        "Canary",
        "Probation",
    ]


def test_a_terminal_is_left_with_the_last_screen(seatrial: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    happens(seatrial, on_trial(Stage.SHADOW), in_probation())
    assert watch(seatrial) == 0
    assert seatrial.out.index("[Shadow]") < seatrial.out.index("stays warm") < seatrial.out.index("was promoted: ")
