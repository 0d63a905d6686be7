"""What the operator asks of a training Job, and what the Job answers in its termination message."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seatrial.contract.canonical import Json, canonical_json
from seatrial.contract.reading import Reader, read_document

MAXIMUM_ANSWER = 4096  # bytes: Kubernetes keeps no more of a termination message


@dataclass(frozen=True, slots=True)
class Candidate:
    """An estimator by import path, and the values to search for each of its parameters (JSON values)."""

    estimator: str
    grid: Mapping[str, tuple[Json, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gates:
    """What a model must reach to be published as passed. Fractions of 1, seconds."""

    minimum: float | None = None
    margin: float = 0.0  # how much worse than the serving version it may be on the same test rows
    latency_p99: float | None = None  # seconds for one row


@dataclass(frozen=True, slots=True)
class Request:
    """One training: everything but the store, the model and the credentials, which the environment has."""

    job: str
    trigger: str  # drift, accuracy, token, …
    detail: str  # what was seen: the alert's own words
    dataset: str  # s3://… of a CSV or Parquet file
    target: str
    candidates: tuple[Candidate, ...]
    serving_version: str
    serving_digest: str  # of its manifest; both empty where nothing serves
    include_feedback: bool = False
    split: Mapping[str, float] = field(default_factory=lambda: {"train": 0.7, "validation": 0.15, "test": 0.15})
    split_by: str = "Stratified"  # Random | Stratified
    cross_validation: int = 5
    metric: str = "accuracy"
    seed: int = 42
    gates: Gates = Gates()
    channel: str = ""  # moved when the gates pass; empty: the version is only published

    def encode(self) -> str:
        """Return the request as JSON text for the Job's environment."""
        candidates: list[Json] = [
            {"estimator": c.estimator, "grid": {k: list(v) for k, v in c.grid.items()}} for c in self.candidates
        ]
        document: dict[str, Json] = {
            "job": self.job,
            "trigger": self.trigger,
            "detail": self.detail,
            "dataset": self.dataset,
            "target": self.target,
            "candidates": candidates,
            "servingVersion": self.serving_version,
            "servingDigest": self.serving_digest,
            "includeFeedback": self.include_feedback,
            "split": dict(self.split),
            "splitBy": self.split_by,
            "crossValidation": self.cross_validation,
            "metric": self.metric,
            "seed": self.seed,
            "gates": {
                "minimum": self.gates.minimum,
                "margin": self.gates.margin,
                "latencyP99": self.gates.latency_p99,
            },
            "channel": self.channel,
        }
        return canonical_json(document).decode()


@dataclass(frozen=True, slots=True)
class Answer:
    """How a training ended: `Passed` published (and moved the channel), `Rejected` published with a failed gate,
    `Failed` published nothing."""

    outcome: str  # Passed | Rejected | Failed
    version: str
    message: str

    def encode(self) -> str:
        """Return the answer as JSON of at most MAXIMUM_ANSWER bytes; a longer message is cut."""
        message = self.message[:MAXIMUM_ANSWER]
        while True:
            data = canonical_json({"outcome": self.outcome, "version": self.version, "message": message})
            if len(data) <= MAXIMUM_ANSWER or not message:
                return data.decode()
            # No character takes more than six bytes, so this never cuts more than it must.
            message = message[: -max(1, (len(data) - MAXIMUM_ANSWER) // 6)]


OUTCOMES = (PASSED, REJECTED, FAILED) = ("Passed", "Rejected", "Failed")


def parse_request(text: str) -> Request:
    """Read a request from the Job's environment; raises DocumentError."""
    reader = read_document("training request", text)
    gates = reader.object("gates")
    bounds = {k: None if gates.raw(k) is None else gates.number(k) for k in ("minimum", "latencyP99")}
    return Request(
        job=reader.text("job"),
        trigger=reader.text("trigger"),
        detail=reader.text("detail"),
        dataset=reader.text("dataset"),
        target=reader.text("target"),
        candidates=tuple(_candidate(item) for item in reader.objects("candidates")),
        serving_version=reader.text("servingVersion"),
        serving_digest=reader.text("servingDigest"),
        include_feedback=reader.flag("includeFeedback"),
        split=reader.numbers("split"),
        split_by=reader.text("splitBy"),
        cross_validation=reader.integer("crossValidation"),
        metric=reader.text("metric"),
        seed=reader.integer("seed"),
        gates=Gates(bounds["minimum"], gates.number("margin"), bounds["latencyP99"]),
        channel=reader.text("channel"),
    )


def parse_answer(text: str) -> Answer:
    """Read an answer from a termination message; raises DocumentError."""
    reader = read_document("training answer", text)
    if reader.text("outcome") not in OUTCOMES:
        raise reader.fail("outcome", "one of " + ", ".join(OUTCOMES))
    return Answer(reader.text("outcome"), reader.text("version"), reader.text("message"))


def _candidate(reader: Reader) -> Candidate:
    grid = reader.object("grid", optional=True)
    values = {}
    for key in grid.fields():
        if not isinstance(grid.raw(key), list) or not grid.raw(key):
            raise grid.fail(key, "a list of values to try")
        values[key] = tuple(grid.raw(key))
    return Candidate(reader.text("estimator"), values)
