"""The restarts check: do the candidate's processes end again and again while the other version's do not?

A process that ends answers nothing and counts nothing, so that no metric of its own tells of it.
"""

from dataclasses import dataclass
from math import inf

from seatrial.judge.verdict import Finding, Verdict

TOO_MANY = 3  # in each pod: an accident, such as of a node, ends each process once


@dataclass(frozen=True, slots=True)
class Ends:
    """How often the processes of some pods have ended, all together."""

    count: int
    pods: int

    @property
    def in_each(self) -> float:
        """The mean over the pods."""
        return self.count / max(1, self.pods)


def judge_restarts(name: str, candidate: Ends, control: Ends, ending: str) -> Finding | None:
    """Return the finding on a version whose processes ended too often, None where they did not: it passes nothing.

    `ending` is how the last one ended. What ends the other version's processes as well, such as a request that both
    cannot bear, says nothing of the candidate.
    """
    if candidate.in_each - control.in_each < TOO_MANY:
        return None
    sentence = (
        f"processes of the candidate ended {_counted(candidate)}, those of the other version {_counted(control)}"
        f" · {TOO_MANY} more in each pod are too many · the last one with {ending}"
    )
    return Finding(name, Verdict.FAIL, sentence, inf, 0.0)


def _counted(ends: Ends) -> str:
    return f"{ends.count}× in {ends.pods} {'pod' if ends.pods == 1 else 'pods'}"
