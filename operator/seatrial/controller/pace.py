"""How soon what is judged is looked at again: trials share one processor, so the more there are, the later."""

from datetime import timedelta

from seatrial.core.compared import judged_since
from seatrial.core.decision import Decision
from seatrial.ports import Key

# A look takes 30 to 100 ms of the processor, by how long the stage has lasted: more of them would only wait in line.
LOOKS_A_SECOND = 10


class Pace:
    """Knows which ModelDeployments are judged; a new process learns it with its first passes."""

    def __init__(self) -> None:
        self._judged: set[Key] = set()

    def next_look(self, key: Key, decision: Decision) -> timedelta:
        """Return when a ModelDeployment is looked at again: as the decision asks, or later where many are judged."""
        if judged_since(decision.status) is None:
            self.forget(key)
            return decision.requeue_after
        self._judged.add(key)
        return max(decision.requeue_after, timedelta(seconds=len(self._judged) / LOOKS_A_SECOND))

    def forget(self, key: Key) -> None:
        """Take one that is not judged any more, or gone, out of the count."""
        self._judged.discard(key)
