"""The restarts check: does the candidate's process end while stable's does not?

A process that ends answers nothing and counts nothing, so that no metric of its own tells of it.
"""

from math import inf

from seatrial.judge.verdict import Finding, Verdict

TOO_MANY = 3  # one may be the node's doing, two a coincidence


def judge_restarts(name: str, count: int, control: int, ending: str) -> Finding | None:
    """Return the finding on a version whose processes ended `count` times, those that it is compared with `control`.

    `ending` is how the last one ended. None where they are not too many: restarts alone pass nothing.
    """
    if count < TOO_MANY:
        return None
    sentence = f"its processes ended {count} times, the other version's {control}, the last one with {ending}"
    if count - control < TOO_MANY:
        return Finding(name, Verdict.INCONCLUSIVE, f"{sentence} · {TOO_MANY} more would be too many", -inf, 0.0)
    return Finding(name, Verdict.FAIL, f"{sentence} · {TOO_MANY} more are too many", inf, 0.0)
