"""Where a test may break in: before a fake does what it is asked for, and after it did, before it answers."""

from collections.abc import Callable
from typing import Any

Hook = Callable[[str, tuple[Any, ...]], None]  # the call's name and arguments; it may raise


def nothing(call: str, arguments: tuple[Any, ...]) -> None:
    """Do not break in."""
