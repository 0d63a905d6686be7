"""The rollout as a table: what a verdict asks for at each stage. What may keep a move from being made is in `guards`.

Idle ─► Preparing ─► Shadow ─► Canary step 1…n ─► Probation ─► Idle, and back from everywhere.
"""

from collections.abc import Mapping
from enum import StrEnum

from seatrial.api.status import Stage
from seatrial.judge.verdict import Verdict


class Move(StrEnum):
    """What a verdict asks for."""

    ADVANCE = "Advance"
    REJECT = "Reject"
    FINISH = "Finish"
    REVERT = "Revert"


# Inconclusive is absent on purpose: it waits, until the deadline speaks; only a probation ends by itself, because a
# promoted version that nobody calls must not keep the old one for ever.
MOVES: Mapping[tuple[Stage, Verdict], Move] = {
    (Stage.PREPARING, Verdict.PASS): Move.ADVANCE,
    (Stage.SHADOW, Verdict.PASS): Move.ADVANCE,
    (Stage.SHADOW, Verdict.FAIL): Move.REJECT,
    (Stage.CANARY, Verdict.PASS): Move.ADVANCE,
    (Stage.CANARY, Verdict.FAIL): Move.REJECT,
    (Stage.PROBATION, Verdict.PASS): Move.FINISH,
    (Stage.PROBATION, Verdict.INCONCLUSIVE): Move.FINISH,
    (Stage.PROBATION, Verdict.FAIL): Move.REVERT,
}
