"""A version's manifest: everything that anyone must know of a model without loading it.

Its canonical JSON's SHA-256 is the version's digest. It is written last and never again, so a version is complete
or does not exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seatrial.contract.canonical import Json, canonical_json, digest_of
from seatrial.contract.names import SEGMENT_RULE, is_segment
from seatrial.contract.reading import Reader, read_document
from seatrial.contract.schema import MAXIMUM_FEATURES, Feature, Output, read_feature, read_output

FORMAT = 1
MAXIMUM_BYTES = 4 << 20
MAXIMUM_FILE = 5 << 40  # what S3 holds in one object
FORMATS = ("skops", "joblib")  # how the model's file is written


@dataclass(frozen=True, slots=True)
class File:
    """One file of a version: digest and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Data:
    """The rows that a model was trained on; `split` has the row count of each part."""

    uri: str
    sha256: str
    rows: int
    split: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition that a trained model had to meet, with its numbers as a sentence."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a version comes from; empty strings where it does not apply."""

    parent: str = ""  # the version that it was compared with
    trigger: str = ""  # push, drift, accuracy, schedule, token, …
    job: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One version of one model. Metrics are named by set: {"test": {"accuracy": 0.89}, …}."""

    model: str
    version: str
    created: str  # RFC 3339, UTC
    files: Mapping[str, File]
    artifact: str  # which of the files is the model
    format: str
    features: tuple[Feature, ...]
    output: Output
    estimator: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)  # python, scikit-learn, numpy, …
    data: Data | None = None
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    gates: tuple[Gate, ...] = ()
    lineage: Lineage = Lineage()
    seed: int | None = None

    @property
    def passed(self) -> bool:
        """Whether no gate refused it: only then may a channel point to it."""
        return all(gate.passed for gate in self.gates)

    def document(self) -> dict[str, Json]:
        """The manifest as JSON."""
        return {
            "format": FORMAT,
            "model": self.model,
            "version": self.version,
            "created": self.created,
            "files": {path: {"sha256": f.sha256, "size": f.size} for path, f in self.files.items()},
            "artifact": {"path": self.artifact, "format": self.format},
            "features": [feature.document() for feature in self.features],
            "output": self.output.document(),
            "estimator": {"class": self.estimator, "parameters": dict(self.parameters), "seed": self.seed},
            "packages": dict(self.packages),
            "data": None if self.data is None else _data_document(self.data),
            "metrics": {name: dict(values) for name, values in self.metrics.items()},
            "gates": [{"name": g.name, "passed": g.passed, "detail": g.detail} for g in self.gates],
            "lineage": {"parent": self.lineage.parent, "trigger": self.lineage.trigger, "job": self.lineage.job},
        }

    def encode(self) -> bytes:
        """Return the canonical bytes, which are what stands in the store."""
        return canonical_json(self.document())

    @property
    def digest(self) -> str:
        """The version's digest."""
        return digest_of(self.encode())


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest from its bytes; raises DocumentError naming the field that is wrong."""
    reader = read_document("manifest", data)
    if reader.raw("format") != FORMAT:
        raise reader.fail("format", f"{FORMAT}: a newer Seatrial may be needed")
    artifact, estimator = reader.object("artifact"), reader.object("estimator")
    files = _files(reader.object("files"))
    if artifact.text("path") not in files:
        raise artifact.fail("path", "one of files: " + ", ".join(files))
    if artifact.text("format") not in FORMATS:
        raise artifact.fail("format", "one of " + ", ".join(FORMATS))
    return Manifest(
        model=reader.segment("model"),
        version=reader.segment("version"),
        created=reader.text("created"),
        files=files,
        artifact=artifact.text("path"),
        format=artifact.text("format"),
        features=_features(reader),
        output=read_output(reader.object("output")),
        estimator=estimator.text("class"),
        parameters=_texts(estimator.object("parameters", optional=True)),
        packages=_texts(reader.object("packages", optional=True)),
        data=None if reader.raw("data") is None else _data(reader.object("data")),
        metrics=_metrics(reader.object("metrics", optional=True)),
        gates=tuple(Gate(g.text("name"), g.flag("passed"), g.text("detail", "")) for g in reader.objects("gates")),
        lineage=_lineage(reader.object("lineage", optional=True)),
        seed=None if estimator.raw("seed") is None else estimator.integer("seed"),
    )


def _features(reader: Reader) -> tuple[Feature, ...]:
    features = tuple(read_feature(item) for item in reader.objects("features"))
    if not 0 < len(features) <= MAXIMUM_FEATURES:
        raise reader.fail("features", f"1 to {MAXIMUM_FEATURES} features")
    if len({feature.name for feature in features}) != len(features):
        raise reader.fail("features", "features of different names")
    return features


def _files(reader: Reader) -> dict[str, File]:
    files = {}
    for path in reader.fields():
        if not is_segment(path):
            raise reader.fail(path, f"a plain file name as key: {SEGMENT_RULE}")
        entry = reader.object(path)
        sha256, size = entry.digest("sha256"), entry.integer("size")
        if not 0 <= size <= MAXIMUM_FILE:
            raise entry.fail("size", f"a size in bytes, at most {MAXIMUM_FILE:,}")
        files[path] = File(sha256, size)
    return files


def _metrics(reader: Reader) -> dict[str, dict[str, float]]:
    return {name: reader.numbers(name) for name in reader.fields()}


def _texts(reader: Reader) -> dict[str, str]:
    return {key: reader.text(key) for key in reader.fields()}


def _data(reader: Reader) -> Data:
    split = {name: int(count) for name, count in reader.numbers("split").items()}
    return Data(reader.text("uri"), reader.text("sha256"), reader.integer("rows"), split)


def _data_document(data: Data) -> dict[str, Json]:
    return {"uri": data.uri, "sha256": data.sha256, "rows": data.rows, "split": dict(data.split)}


def _lineage(reader: Reader) -> Lineage:
    return Lineage(reader.text("parent", ""), reader.text("trigger", ""), reader.text("job", ""))
