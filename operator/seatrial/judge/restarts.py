"""The restarts check: does the candidate's process end while stable's does not?

A process that ends answers nothing and counts nothing, so that no metric of its own tells of it.
"""

from math import inf

from seatrial.judge.verdict import Finding, Verdict

TOO_MANY = 3  # one may be the node's doing, two a coincidence


def judge_restarts(name: str, count: int, ending: str, *, stable_too: bool) -> Finding | None:
    """Return the finding on a candidate whose containers restarted `count` times since the stage began.

    `ending` is how the last one ended. None where they are not too many: restarts alone pass nothing.
    """
    if count < TOO_MANY:
        return None
    sentence = f"the candidate's containers ended {count} times, {TOO_MANY} are too many; the last one: {ending}"
    if stable_too:
        return Finding(name, Verdict.INCONCLUSIVE, f"{sentence} · but stable's end too", -inf, 0.0)
    return Finding(name, Verdict.FAIL, sentence, inf, 0.0)
