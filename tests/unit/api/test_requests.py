"""What a person asks of a trial is written as the contract says."""

import pytest

from seatrial.api.requests import ABORT, PROMOTE, RETRY, approves, promote_value, promotes, retry_value, unspent


def test_the_annotations_are_in_seatrials_own_domain() -> None:
    assert (PROMOTE, ABORT, RETRY) == ("seatrial.dev/promote", "seatrial.dev/abort", "seatrial.dev/retry")


def test_an_approval_names_the_revision_and_the_steps_weight() -> None:
    assert promote_value("aaaa", 50) == "aaaa/50"


def test_a_promotion_without_waiting_names_the_revision_alone() -> None:
    assert promote_value("aaaa", None) == "aaaa"


def test_a_retry_names_the_revision_and_what_makes_it_a_new_one() -> None:
    assert retry_value("aaaa", "20260102T030405Z") == "aaaa/20260102T030405Z"


@pytest.mark.parametrize(
    ("value", "promoted", "approved"),
    [
        ("aaaa", True, False),
        ("aaaa//again", True, False),
        ("aaaa/50", False, True),
        ("aaaa/50/again", False, True),
        ("aaaa/49", False, False),
        ("aaaa/", False, False),  # a weight was forgotten
        ("aaaa/50/again/and-again", False, False),
        ("bbbb", False, False),
        ("bbbb/50", False, False),
        ("", False, False),
    ],
)
def test_a_promotion_or_an_approval_may_have_a_token(value: str, promoted: bool, approved: bool) -> None:
    said = {PROMOTE: value}
    assert (promotes(said, "aaaa"), approves(said, "aaaa", 50)) == (promoted, approved)


@pytest.mark.parametrize("weight", [None, 50])
def test_what_was_for_another_trial_is_said_anew_by_another_value(weight: int | None) -> None:
    spent = promote_value("aaaa", weight)
    again = promote_value("aaaa", weight, spent)
    assert unspent({PROMOTE: spent, "team": "risk"}, spent) == {"team": "risk"}
    assert unspent({PROMOTE: again}, spent) == {PROMOTE: again}
    assert promotes({PROMOTE: again}, "aaaa") is (weight is None)
    assert approves({PROMOTE: again}, "aaaa", 50) is (weight is not None)
    assert promote_value("aaaa", weight, again) == spent
