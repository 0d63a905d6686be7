"""Values of the contract as hypothesis draws them."""

import hypothesis.strategies as st

from seatrial.contract.canonical import digest_of
from seatrial.contract.manifest import FORMATS, Data, File, Gate, Lineage, Manifest
from seatrial.contract.records import Pointer
from seatrial.contract.reference import CategoryBins, Distribution, NumericBins, Reference
from seatrial.contract.schema import Feature, Kind, Output, Task
from seatrial.contract.training import Answer, Candidate, Gates, Request

TEXTS = st.text(max_size=20)
NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,20}[A-Za-z0-9])?", fullmatch=True)
DIGESTS = st.binary(max_size=8).map(digest_of)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 10**12)
SCALARS = st.none() | st.booleans() | st.integers() | NUMBERS | TEXTS

FEATURES = st.builds(
    Feature,
    name=st.text(min_size=1, max_size=20),
    kind=st.sampled_from(Kind),
    nullable=st.booleans(),
    minimum=st.none() | NUMBERS,
    maximum=st.none() | NUMBERS,
    categories=st.lists(TEXTS, max_size=5).map(tuple),
    closed=st.booleans(),
)
CLASSIFICATIONS = st.builds(
    Output,
    name=TEXTS,
    task=st.just(Task.CLASSIFICATION),
    classes=st.lists(TEXTS, min_size=2, max_size=5).map(tuple),
    recommendations=st.dictionaries(TEXTS, TEXTS, max_size=3),
)
REGRESSIONS = st.builds(Output, name=TEXTS, task=st.just(Task.REGRESSION))
DATA = st.builds(
    Data, uri=TEXTS, sha256=DIGESTS, rows=COUNTS, split=st.dictionaries(TEXTS, st.integers(0, 2**50), max_size=3)
)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    """Draw a manifest that may stand in a store."""
    files = draw(st.dictionaries(NAMES, st.builds(File, DIGESTS, COUNTS), min_size=1, max_size=4))
    return Manifest(
        model=draw(NAMES),
        version=draw(NAMES),
        created=draw(TEXTS),
        files=files,
        artifact=draw(st.sampled_from(sorted(files))),
        format=draw(st.sampled_from(FORMATS)),
        features=tuple(draw(st.lists(FEATURES, min_size=1, max_size=4, unique_by=lambda feature: feature.name))),
        output=draw(CLASSIFICATIONS | REGRESSIONS),
        estimator=draw(TEXTS),
        parameters=draw(st.dictionaries(TEXTS, TEXTS, max_size=3)),
        packages=draw(st.dictionaries(TEXTS, TEXTS, max_size=3)),
        data=draw(st.none() | DATA),
        metrics=draw(st.dictionaries(TEXTS, st.dictionaries(TEXTS, NUMBERS, max_size=3), max_size=3)),
        gates=tuple(draw(st.lists(st.builds(Gate, TEXTS, st.booleans(), TEXTS), max_size=3))),
        lineage=draw(st.builds(Lineage, TEXTS, TEXTS, TEXTS)),
        seed=draw(st.none() | st.integers()),
    )


POINTERS = st.builds(Pointer, NAMES, DIGESTS, TEXTS, TEXTS, TEXTS, TEXTS)


@st.composite
def distributions(draw: st.DrawFn) -> Distribution:
    """Draw the bins of a feature, and as many counts."""
    numeric = st.builds(NumericBins, st.lists(NUMBERS, max_size=9).map(lambda e: tuple(sorted(e))), NUMBERS, NUMBERS)
    categories = st.builds(CategoryBins, st.lists(TEXTS, max_size=20).map(tuple))
    bins: NumericBins | CategoryBins = draw(numeric | categories)
    size = len(bins.names)
    return Distribution(bins, tuple(draw(st.lists(COUNTS, min_size=size, max_size=size))))


REFERENCES = st.builds(Reference, COUNTS, st.dictionaries(TEXTS, distributions(), max_size=5))
CANDIDATES = st.builds(
    Candidate, TEXTS, st.dictionaries(TEXTS, st.lists(SCALARS, min_size=1, max_size=3).map(tuple), max_size=3)
)
REQUESTS = st.builds(
    Request,
    job=TEXTS,
    trigger=TEXTS,
    detail=TEXTS,
    dataset=TEXTS,
    target=TEXTS,
    candidates=st.lists(CANDIDATES, max_size=3).map(tuple),
    serving_version=TEXTS,
    serving_digest=TEXTS,
    include_feedback=st.booleans(),
    split=st.dictionaries(TEXTS, NUMBERS, max_size=3),
    split_by=TEXTS,
    cross_validation=st.integers(),
    metric=TEXTS,
    seed=st.integers(),
    gates=st.builds(Gates, st.none() | NUMBERS, NUMBERS, st.none() | NUMBERS),
    channel=TEXTS,
)
ANSWERS = st.builds(Answer, st.sampled_from(["Passed", "Rejected", "Failed"]), NAMES, st.text(max_size=50))
