"""The judges that are compared, as their own documents set them up, and with other intervals."""

from typing import Protocol

from tests.benchmarks.judgement.argo import Argo
from tests.benchmarks.judgement.flagger import Flagger
from tests.benchmarks.judgement.kayenta import Kayenta
from tests.benchmarks.judgement.outcome import Path
from tests.benchmarks.judgement.seatrial import Seatrial
from tests.benchmarks.judgement.traffic import Traffic


class Judge(Protocol):
    """Anybody who leads a candidate through a world."""

    @property
    def name(self) -> str:
        """What tables call it."""

    def lead(self, traffic: Traffic) -> Path:
        """Return how the candidate's canary goes."""


OURS = Seatrial("Seatrial")
OURS_AFTER_SHADOW = Seatrial("Seatrial, shadow first", shadow=True)
OURS_BY_LABELS = Seatrial("Seatrial, labels", labels=True)
OURS_BY_LABELS_IN_SHADOW = Seatrial("Seatrial, labels in the shadow", shadow=True, labels=True)
BY_LABELS = (OURS_BY_LABELS, OURS_BY_LABELS_IN_SHADOW)
PEERS: tuple[Judge, ...] = (
    Flagger("Flagger ≥ 99 %", 0.99),
    Flagger("Flagger ≥ 98 %", 0.98),
    Flagger("Flagger ≥ 95 %", 0.95),
    Flagger("Flagger ≥ 95 %, p99 ≤ 1.2×", 0.95, longest_ratio=1.2),
    Flagger("Flagger ≥ 98 %, 5m", 0.98, minutes=5),
    Flagger("Flagger ≥ 95 %, 5m", 0.95, minutes=5),
    Flagger("Flagger ≥ 98 %, 10m, once", 0.98, threshold=1, minutes=10),
    Argo("Argo ≥ 98 %, 5m", 0.98),
    Argo("Argo ≥ 95 %, 5m", 0.95),
    Argo("Argo ≥ 98 %, 1m", 0.98, minutes=1),
    Argo("Argo ≥ 95 %, 1m", 0.95, minutes=1),
    Kayenta("Kayenta"),
)
BY_NAME = {judge.name: judge for judge in (OURS, OURS_AFTER_SHADOW, *BY_LABELS, *PEERS)}
