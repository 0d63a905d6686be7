"""Rows to warm up on: drawn from the reference's bins, or from the schema where there is no reference."""

import random
from typing import Any

from seatrial.contract.reference import CategoryBins, Distribution, NumericBins, Reference
from seatrial.contract.schema import MISSING, OTHER, OUT_OF_RANGE, Feature, Kind, class_name
from seatrial_runtime.predictor.rows import Rows

_UNUSUAL = (OTHER, OUT_OF_RANGE)


def draw_rows(features: tuple[Feature, ...], reference: Reference | None, count: int, chance: random.Random) -> Rows:
    """Return `count` rows that the schema allows; each feature is drawn by itself."""
    known = {} if reference is None else reference.features
    draws = range(count)
    return Rows(tuple([_value(f, known.get(f.name), chance) for _ in draws] for f in features), count)


def _value(feature: Feature, distribution: Distribution | None, chance: random.Random) -> Any:
    name = None if distribution is None else _bin(distribution, chance)
    if distribution is None or name is None:
        return _typical(feature)
    if name == MISSING:
        return None if feature.nullable else _typical(feature)
    match distribution.bins:
        case NumericBins() as bins:
            return _number(feature, _within(bins, bins.names.index(name), chance))
        case CategoryBins():
            return name == class_name(True) if feature.kind is Kind.BOOLEAN else name


def _bin(distribution: Distribution, chance: random.Random) -> str | None:
    """Draw the name of a bin that says what is in it; None where there is none."""
    weights = dict(zip(distribution.bins.names, distribution.counts, strict=True))
    usual = {name: weight for name, weight in weights.items() if weight > 0 and name not in _UNUSUAL}
    return chance.choices(list(usual), list(usual.values()))[0] if usual else None


def _within(bins: NumericBins, index: int, chance: random.Random) -> float:
    ends = (bins.minimum, *bins.edges, bins.maximum)
    return chance.uniform(ends[index], ends[index + 1])


def _number(feature: Feature, value: float) -> float | int:
    if feature.minimum is not None:
        value = max(value, feature.minimum)
    if feature.maximum is not None:
        value = min(value, feature.maximum)
    return round(value) if feature.kind is Kind.INTEGER else value


def _typical(feature: Feature) -> Any:
    match feature.kind:
        case Kind.BOOLEAN:
            return False
        case Kind.STRING:
            return feature.categories[0] if feature.categories else "a"
        case Kind.NUMBER | Kind.INTEGER:
            return _number(feature, 0.0)
