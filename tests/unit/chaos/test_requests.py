"""Which failed requests are nobody's fault."""

from tests.chaos.requests import ECHO, Failure, by_kill, unexplained

BAD = {"broken-1"}


def failure(at: float, version: str = "none") -> Failure:
    return Failure(at, version, "status 503")


def test_what_a_bad_version_answers_itself_may_fail() -> None:
    assert unexplained([failure(1.0, "broken-1")], BAD, []) == []


def test_a_pod_that_is_killed_without_grace_takes_some_requests_with_it() -> None:
    before, after, later = failure(9.9), failure(10.1), failure(10.1 + ECHO)
    assert unexplained([before, after, later], BAD, [10.0]) == [before, later]


def test_a_good_version_may_not_fail_at_all() -> None:
    found = failure(1.0, "good-1")
    assert unexplained([found], BAD, []) == [found]


def test_each_request_is_on_the_account_of_the_last_kill_before_it() -> None:
    failures = [failure(10.5), failure(12.5), failure(12.6), failure(12.7, "broken-1"), failure(30.0)]
    assert by_kill(failures, BAD, [10.0, 12.0, 20.0]) == {10.0: 1, 12.0: 2, 20.0: 0}
