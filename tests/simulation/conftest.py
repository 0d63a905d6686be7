"""Failures are what the simulation is about: the log has no news of them."""

import logging

import pytest


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Silence the controller while a test of this folder runs, and no longer."""
    caplog.set_level(logging.CRITICAL, logger="seatrial")
