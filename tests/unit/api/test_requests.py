"""What a person asks of a trial is written as the contract says."""

from seatrial.api.requests import ABORT, PROMOTE, RETRY, promote_value, retry_value


def test_the_annotations_are_in_seatrials_own_domain() -> None:
    assert (PROMOTE, ABORT, RETRY) == ("seatrial.dev/promote", "seatrial.dev/abort", "seatrial.dev/retry")


def test_an_approval_names_the_revision_and_the_steps_weight() -> None:
    assert promote_value("aaaa", 50) == "aaaa/50"


def test_a_promotion_without_waiting_names_the_revision_alone() -> None:
    assert promote_value("aaaa", None) == "aaaa"


def test_a_retry_names_the_revision_and_what_makes_it_a_new_one() -> None:
    assert retry_value("aaaa", "20260102T030405Z") == "aaaa/20260102T030405Z"
