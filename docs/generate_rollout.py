"""Write the stages, moves and guards into concepts/rollout.md from the tables that the operator itself decides by.

Usage: python docs/generate_rollout.py
"""

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path

from seatrial.api.status import Stage
from seatrial.core.guards import GUARDS
from seatrial.core.table import MOVES, Move
from seatrial.judge.verdict import Verdict

PAGE = Path(__file__).resolve().parent / "concepts" / "rollout.md"
STAGES = (Stage.PREPARING, Stage.SHADOW, Stage.CANARY, Stage.PROBATION)
WORDS: Mapping[Move, str] = {
    Move.ADVANCE: "goes on",
    Move.REJECT: "is rolled back and rejected",
    Move.FINISH: "ends when its time is over; the old version goes",
    Move.REVERT: "the old version serves again, and this one is rejected",
}
WAITS = "waits"


def page(text: str) -> str:
    """Return the page with its generated parts made anew."""
    for name, part in (("diagram", diagram()), ("moves", moves()), ("guards", guards())):
        begin, end = f"<!-- {name} -->\n", "<!-- end -->"
        before, _, rest = text.partition(begin)
        text = before + begin + part + end + rest.partition(end)[2]
    return text


def diagram() -> str:
    """Return the stages and what leads from one to the next, as a Mermaid diagram."""
    arrows = "".join(f"    {line}\n" for line in _arrows())
    return f"```mermaid\nstateDiagram-v2\n{arrows}```\n"


def _arrows() -> Iterator[str]:
    yield f"[*] --> {STAGES[0]}: another version is wanted"
    for (stage, verdict), move in MOVES.items():
        if move is Move.ADVANCE and stage is Stage.CANARY:
            yield f"{stage} --> {stage}: {verdict}, next step"
        following = STAGES[STAGES.index(stage) + 1] if move is Move.ADVANCE else "[*]"
        yield f"{stage} --> {following}: {verdict}{'' if move is Move.ADVANCE else f', {move.lower()}'}"


def moves() -> str:
    """Return what each verdict does at each stage, as a table."""
    head = "| stage | " + " | ".join(Verdict) + " |\n" + "| --- " * (len(Verdict) + 1) + "|\n"
    rows = [f"| {stage} | " + " | ".join(_cell(stage, verdict) for verdict in Verdict) + " |\n" for stage in STAGES]
    return head + "".join(rows)


def _cell(stage: Stage, verdict: Verdict) -> str:
    move = MOVES.get((stage, verdict))
    if move is not None:
        return WORDS[move]
    return "" if stage is Stage.PREPARING else WAITS


def guards() -> str:
    """Return what may keep a trial from going on, in the order in which it is asked."""
    lines = (" ".join((inspect.getdoc(guard) or "").split()) for guard in GUARDS)
    return "".join(f"{number}. {line}\n" for number, line in enumerate(lines, start=1))


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
