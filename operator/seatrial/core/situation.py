"""A trial at a moment, and what a guard may say against it going on."""

from dataclasses import dataclass
from datetime import datetime

from seatrial.api.spec import Rollout, Spec
from seatrial.api.status import Status, Trial
from seatrial.core.judging import backstops, check_names
from seatrial.core.observed import Observed, Pods
from seatrial.core.stages import is_left_out, pods_of
from seatrial.judge.verdict import Finding, Verdict, combine


@dataclass(frozen=True, slots=True)
class Situation:
    """A trial at a moment: everything that a guard may look at. `findings` are those of the stage that goes on."""

    observed: Observed
    spec: Spec
    status: Status
    trial: Trial
    findings: tuple[Finding, ...]
    now: datetime

    @property
    def rollout(self) -> Rollout:
        """The rules of the trial."""
        return self.spec.rollout

    @property
    def pods(self) -> Pods:
        """The candidate's pods."""
        return pods_of(self.observed, self.trial.candidate.revision)

    @property
    def verdict(self) -> Verdict:
        """The stage's verdict; where there is nothing to compare, or the spec leaves the stage out, only a Fail counts.

        It must still be a Pass while the candidate scales up after the last step.
        """
        verdict = combine(self._telling())
        judged = self.status.stable is not None and not is_left_out(self.rollout, self.trial.stage)
        waits = judged and set(check_names(self.rollout, self.trial.stage)) - self._backstops()
        return Verdict.PASS if verdict is Verdict.INCONCLUSIVE and not waits else verdict

    def why(self, verdict: Verdict) -> str:
        """Return the lines of the findings with this verdict."""
        return "; ".join(finding.line() for finding in self._telling() if finding.verdict is verdict)

    def _telling(self) -> tuple[Finding, ...]:
        """Return the findings that count: of a backstop only a Fail does, or a Pass."""
        unsure = self._backstops()
        return tuple(f for f in self.findings if f.verdict is not Verdict.INCONCLUSIVE or f.check not in unsure)

    def _backstops(self) -> frozenset[str]:
        stable = self.status.stable
        recipe = self.observed.recipes.get(stable.revision) if stable is not None else None
        collects = recipe is None or recipe.collects
        return backstops(self.rollout, self.trial.stage, regression=self.observed.is_regression, collects=collects)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a trial does not go on.

    `reason` is set where it waits for a person. What is `excused` is no lack of progress: its time does not count
    toward the deadline.
    """

    message: str
    reason: str = ""
    excused: bool = False
