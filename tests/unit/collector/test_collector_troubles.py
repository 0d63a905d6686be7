"""What the log says of failures that go on, and by which cause they are counted."""

import logging

import pytest

from seatrial.store.objects import DeniedError, NoBucketError, StoreError, UnreachableError
from seatrial_runtime.collector.access import SecretError
from seatrial_runtime.collector.room import FullError
from seatrial_runtime.collector.troubles import Cause, Troubles, cause_of


@pytest.fixture
def troubles(caplog: pytest.LogCaptureFixture) -> Troubles:
    caplog.set_level(logging.INFO)
    return Troubles()


def test_a_failure_that_goes_on_is_said_once_and_that_it_is_over(
    troubles: Troubles, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        troubles.met("flush", DeniedError("wrong key"))
    troubles.met("flush", UnreachableError("no answer"))
    for _ in range(2):
        troubles.over("flush")
    assert caplog.messages == [
        "flush failed, to be tried again: wrong key",
        "flush failed, to be tried again: no answer",
        "flush succeeds again",
    ]


def test_a_failure_that_comes_back_is_said_again(troubles: Troubles, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        troubles.met("flush", DeniedError("wrong key"))
        troubles.over("flush")
    assert len(caplog.messages) == 4


def test_one_steps_success_does_not_end_anothers_failure(troubles: Troubles, caplog: pytest.LogCaptureFixture) -> None:
    troubles.met("flush", DeniedError("wrong key"))
    troubles.over("sweep")
    troubles.met("flush", DeniedError("wrong key"))
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(("error", "traced"), [(FullError(), False), (KeyError("a bug"), True)])
def test_only_what_is_not_foreseen_has_a_trace(
    troubles: Troubles, caplog: pytest.LogCaptureFixture, error: Exception, traced: bool
) -> None:
    troubles.met("flush", error)
    assert bool(caplog.records[0].exc_info) is traced


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (DeniedError("refused"), Cause.DENIED),
        (SecretError("no Secret"), Cause.DENIED),
        (NoBucketError("none"), Cause.NO_BUCKET),
        (UnreachableError("silent"), Cause.UNREACHABLE),
        (StoreError("another region"), Cause.OTHER),
        (KeyError("a bug"), Cause.OTHER),
    ],
)
def test_a_failure_is_counted_by_its_cause(error: Exception, cause: Cause) -> None:
    assert cause_of(error) is cause
