"""Bodies from outside, read strictly: a complaint names the field and what is right."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec


class BadBodyError(ValueError):
    """A body that cannot be taken; `field` is where, the message says what was expected."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@contextmanager
def strictly() -> Iterator[None]:
    """Raise BadBodyError for whatever msgspec finds wrong."""
    try:
        yield
    except msgspec.ValidationError as error:
        raise _bad(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadBodyError("body", f"the body is no JSON: {error}") from None
    except RecursionError:
        raise BadBodyError("body", "the body is nested too deeply; expected plain values") from None


def _bad(error: msgspec.ValidationError) -> BadBodyError:
    """Read the field out of msgspec's message: `Expected `str`, got `int` - at `$.predictions[0].id``."""
    text, _, place = str(error).partition(" - at `")
    return BadBodyError(place.rstrip("`").removeprefix("$.") or "body", text)
