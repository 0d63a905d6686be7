"""Hypothesis strategies for counts, and what a test that begins with them all says."""

from math import exp, log

from hypothesis import settings
from hypothesis import strategies as st

from seatrial.judge.counts import Counts, Interval, Pairs

# The same examples every time, however slow the machine is.
seeded = settings(derandomize=True, deadline=None)


@st.composite
def counts(draw: st.DrawFn, most: int = 100_000) -> Counts:
    """Requests of one side, any share of them bad, none at all among them."""
    total = draw(st.integers(0, most))
    return Counts(total, draw(st.integers(0, total)))


def intervals(most: int = 100_000) -> st.SearchStrategy[list[Interval]]:
    """The intervals of a stage."""
    return st.lists(st.builds(Interval, counts(most), counts(most)), max_size=8)


def pairs(most: int = 100_000) -> st.SearchStrategy[Pairs]:
    """Labelled pairs, none at all among them."""
    return st.builds(Pairs, *[st.integers(0, most)] * 4)


ratios = st.floats(0.2, 5.0)
dispersions = st.floats(1.0, 10.0)
losses = st.floats(0.0, 0.99)


def begun(log_e: float) -> float:
    """Return a log e-value where half of the weight is on tests that have not begun, and so are worth 1."""
    return log(0.5 * exp(log_e) + 0.5)
