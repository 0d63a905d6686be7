"""Which rows are for training, validation and test. A row's part follows from its content, so it is sticky.

Rows are ranked by a keyed hash, and the ranks are cut. The same rows give the same parts, in whatever order they come;
when rows are added nearly every old one stays where it was. So a version that this split trained before has not seen
the test rows of the next training either (but for the few at the cut), and comparing the two on them is fair.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from seatrial.contract.schema import class_name
from seatrial_runtime.trainer.errors import RequestError
from seatrial_runtime.trainer.schema import Rows

PARTS = ("train", "validation", "test")
RANDOM, STRATIFIED = "Random", "Stratified"


@dataclass(frozen=True, slots=True)
class Split:
    """The three parts, each in the order of its rows' hashes."""

    train: Rows
    validation: Rows
    test: Rows

    @property
    def counts(self) -> dict[str, int]:
        """The number of rows of each part."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}


def split_rows(rows: Rows, shares: Mapping[str, float], by: str, seed: int) -> Split:
    """Split rows by shares that add up to 1; `Stratified` gives each part the same shares of the classes.

    Raises RequestError for shares or a way that cannot be.
    """
    if set(shares) != set(PARTS) or min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > 1e-6:
        raise RequestError(f"split is {dict(shares)}; expected train, validation and test above 0, together 1")
    if by not in (RANDOM, STRATIFIED):
        raise RequestError(f"splitBy is {by!r}; expected {RANDOM} or {STRATIFIED}")
    groups = _groups(rows, by, seed)
    sizes = [len(group) for group in groups]
    train = _allocate(round(shares["train"] * len(rows)), sizes)
    left = [size - taken for size, taken in zip(sizes, train, strict=True)]
    validation = _allocate(round(shares["validation"] * len(rows)), left)
    cuts = [(t, t + v) for t, v in zip(train, validation, strict=True)]
    places = [(group[:a], group[a:b], group[b:]) for group, (a, b) in zip(groups, cuts, strict=True)]
    return Split(*(rows.take(_by_rank([part[i] for part in places])) for i in range(3)))


Ranked = tuple[bytes, int]  # a row's hash, and its place


def _groups(rows: Rows, by: str, seed: int) -> list[list[Ranked]]:
    """Return the rows in the order of their hashes, one list for each class or one for all."""
    ranked = sorted(zip(_hashes(rows, seed), range(len(rows)), strict=True))
    if by == RANDOM:
        return [ranked]
    classes = rows.target.to_list()
    groups: dict[object, list[Ranked]] = {name: [] for name in sorted(set(classes), key=str)}
    for row in ranked:
        groups[classes[row[1]]].append(row)
    return list(groups.values())


def _hashes(rows: Rows, seed: int) -> list[bytes]:
    """Return a hash for each row, of its values and of how many like it came before, so that twins part ways."""
    key = seed.to_bytes(8, "big", signed=True)
    seen: Counter[bytes] = Counter()
    hashes = []
    for row in zip(rows.target, *(rows.features[name] for name in rows.features.columns), strict=True):
        content = "\x1f".join(map(_text, row)).encode()
        hashes.append(blake2b(content + seen[content].to_bytes(8, "big"), digest_size=16, key=key).digest())
        seen[content] += 1
    return hashes


def _text(value: Any) -> str:
    """Return a value's text, the same for 5 and 5.0: a column may change its type when rows are added."""
    return class_name(value)


def _allocate(total: int, sizes: Sequence[int]) -> list[int]:
    """Share a number out in proportion to sizes, exactly: by the largest remainders, ties to the first."""
    whole = sum(sizes)
    ideal = [total * size / whole for size in sizes]
    given = [int(share) for share in ideal]
    order = sorted(range(len(sizes)), key=lambda i: (given[i] - ideal[i], i))
    for i in order[: total - sum(given)]:
        given[i] += 1
    return given


def _by_rank(groups: Sequence[Sequence[Ranked]]) -> list[int]:
    return [place for _, place in sorted(row for group in groups for row in group)]
