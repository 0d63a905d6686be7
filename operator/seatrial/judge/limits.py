"""What the checks hold a candidate to."""

from dataclasses import dataclass
from math import ceil, isfinite

from seatrial.judge.bernoulli import check_limit
from seatrial.judge.verdict import fail_threshold

# A relaxed limit on a share stops here: beyond, it would say nothing.
MOST_RELAXED = 0.5
# A limit of 0 (or 1) on a share could never be shown to hold (or to be broken): the nearest that can.
LOWEST_LIMIT, HIGHEST_LIMIT = 0.001, 0.999


@dataclass(frozen=True, slots=True)
class RatioLimits:
    """The limits of one check on a ratio of rates.

    A candidate whose rate is shown to be more than `maximum_ratio` times stable's fails; one shown to be less than
    `pass_ratio` times stable's passes, once it has `minimum_samples` requests. `alpha` is this check's part of the
    chance of a false Fail. `objective` is an error rate that is good enough whatever stable's is.

    `exposure` is the share of the traffic that a Pass gives to the candidate. What a wrong Pass costs grows with it,
    so what a Pass must show shrinks with it: the same number of bad requests a minute is allowed for at every step
    of a canary. Without this a first step of 1 % would ask for hours of traffic.

    `part` is how much of a whole interval those are that are counted, at most 1. A whole one is longer than most
    accidents, of which one may not end a trial.

    Raises:
        ValueError: where a value is out of its range; names it.
    """

    maximum_ratio: float
    pass_ratio: float
    minimum_samples: int
    alpha: float
    objective: float = 0.01
    exposure: float = 1.0
    part: float = 1.0

    def __post_init__(self) -> None:
        for name, ratio in (("maximum_ratio", self.maximum_ratio), ("pass_ratio", self.pass_ratio)):
            if not (ratio > 0 and isfinite(ratio)):
                raise ValueError(f"{name} is {ratio}: a positive number, such as 1.2")
        if self.minimum_samples < 0:
            raise ValueError(f"minimum_samples is {self.minimum_samples}: a number of requests, 0 or more")
        check_exposure(self.exposure)
        if not 0 < self.part <= 1:
            raise ValueError(f"part is {self.part}: of a whole interval, above 0 and at most 1")
        check_limit("objective", self.objective)
        fail_threshold(self.alpha)

    @property
    def ratio_to_exclude(self) -> float:
        """The ratio that a Pass must show to be too high: 1 + (pass_ratio - 1) / exposure."""
        return self.pass_ratio + max(self.pass_ratio - 1, 0) * (1 / self.exposure - 1)

    @property
    def samples_needed(self) -> int:
        """How many of the candidate's requests a Pass must rest on."""
        return samples_needed(self.minimum_samples, self.exposure)

    def share_to_exclude(self, share: float) -> float:
        """Return what a Pass must show to be too high where `share` would be at full exposure."""
        return share_to_exclude(share, self.exposure)


def samples_needed(minimum: int, exposure: float) -> int:
    """Return how many samples a Pass that gives this share of the traffic must rest on."""
    return ceil(minimum * exposure)


def share_to_exclude(share: float, exposure: float) -> float:
    """Return what a Pass that gives this share of the traffic must show to be too high; `share` if it gives all."""
    return max(share, min(share / exposure, MOST_RELAXED))


def check_exposure(exposure: float) -> None:
    """Raise a ValueError unless the exposure is a share of the traffic that is not nothing."""
    if not 0 < exposure <= 1:
        raise ValueError(f"exposure is {exposure}: a share of the traffic above 0, at most 1")
