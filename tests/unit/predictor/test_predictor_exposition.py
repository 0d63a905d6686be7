"""What Prometheus reads, read back by Prometheus' own parser."""

from prometheus_client.parser import text_string_to_metric_families

from seatrial.contract import metrics as names
from seatrial.contract.metrics import ERROR, INVALID, LIVE, OK, SHADOW, SHED
from seatrial_runtime.predictor.exposition import Exposition
from seatrial_runtime.predictor.metrics import DROP_REASONS, Answered, Metrics
from seatrial_runtime.predictor.protocol import Answer
from seatrial_runtime.predictor.rows import Schema
from tests.unit.predictor.given import RISK, a_risk_version, a_row

IDENTITY = dict(zip(names.IDENTITY, ("ml", 'deploy-"risk"', "0123456789", "7"), strict=True))
Labels = frozenset[tuple[str, str]]


def read(text: bytes) -> dict[tuple[str, Labels], float]:
    """Return each sample's value by its name and its labels beyond the identity, which all must have."""
    samples = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            assert {**sample.labels, **IDENTITY} == sample.labels
            key = (sample.name, frozenset((k, v) for k, v in sample.labels.items() if k not in IDENTITY))
            assert key not in samples
            samples[key] = sample.value
    return samples


def labels(**values: str) -> Labels:
    return frozenset(values.items())


def test_everything_exists_at_zero_before_the_first_request() -> None:
    samples = read(Exposition(IDENTITY, Metrics()).main())
    for traffic in (LIVE, SHADOW):
        for outcome in (OK, INVALID, ERROR, SHED):
            assert samples[names.REQUESTS, labels(traffic=traffic, outcome=outcome)] == 0
        assert samples[names.DURATION + "_count", labels(traffic=traffic)] == 0
    for result in names.RESULTS:
        assert samples[names.SHADOW_COMPARISONS, labels(result=result)] == 0
    for reason in DROP_REASONS:
        assert samples[names.SHADOW_DROPPED, labels(reason=reason)] == 0
        assert samples[names.COLLECTOR_DROPPED, labels(reason=reason)] == 0
    assert samples[names.QUEUE_DEPTH, labels()] == 0
    assert samples[names.BATCH_ROWS + "_count", labels()] == 0
    assert set(samples.values()) == {0.0}


def test_a_loaded_model_has_its_classes_and_bins_at_zero() -> None:
    loaded, metrics = a_risk_version(), Metrics()
    metrics.answered = Answered(loaded.manifest, loaded.reference, loaded.digest)
    exposition = Exposition(IDENTITY, metrics)
    main, drift = read(exposition.main()), read(exposition.drift())
    for traffic in (LIVE, SHADOW):
        found = {key: value for key, value in main.items() if key[0] == names.PREDICTIONS}
        assert found[names.PREDICTIONS, frozenset({("traffic", traffic), ("class", "High")})] == 0
    assert len(found) == 6
    assert {name for name, _ in drift} == {names.FEATURE_BINS}
    features = {dict(found)["feature"] for _, found in drift}
    assert features == {f.name for f in RISK} | {"(prediction)"}
    info = labels(digest=loaded.digest, estimator="sklearn.tree.DecisionTreeClassifier", protocol="v2")
    assert main[names.INFO, info] == 1


def test_what_happened_is_counted_once_in_its_place() -> None:
    loaded, metrics = a_risk_version(), Metrics()
    metrics.answered = Answered(loaded.manifest, loaded.reference, loaded.digest)
    metrics.request(LIVE, OK, 0.0006)
    metrics.request(LIVE, ERROR, 100.0)
    metrics.request(LIVE, INVALID, 0.1)
    metrics.request(SHADOW, SHED, 0.1)
    metrics.batches.add(64)
    metrics.answered.observe(LIVE, Schema(RISK).from_records([a_row(team=None)]), Answer(["High"]))
    exposition = Exposition(IDENTITY, metrics)
    samples, drift = read(exposition.main()), read(exposition.drift())
    assert samples[names.REQUESTS, labels(traffic=LIVE, outcome=OK)] == 1
    assert samples[names.REQUESTS, labels(traffic=LIVE, outcome=INVALID)] == 1
    assert samples[names.REQUESTS, labels(traffic=SHADOW, outcome=SHED)] == 1
    assert samples[names.REQUESTS, labels(traffic=SHADOW, outcome=OK)] == 0
    assert samples[names.DURATION + "_count", labels(traffic=LIVE)] == 2
    assert samples[names.DURATION + "_count", labels(traffic=SHADOW)] == 0
    assert samples[names.DURATION + "_sum", labels(traffic=LIVE)] == 100.0006
    buckets = {le: samples[names.DURATION + "_bucket", labels(traffic=LIVE, le=le)] for le in ("0.0005", "0.000707107")}
    assert buckets == {"0.0005": 0, "0.000707107": 1}
    assert samples[names.DURATION + "_bucket", labels(traffic=LIVE, le="+Inf")] == 2
    assert samples[names.BATCH_ROWS + "_bucket", labels(le="32.0")] == 0
    assert samples[names.BATCH_ROWS + "_bucket", labels(le="64.0")] == 1
    assert samples[names.PREDICTIONS, frozenset({("traffic", LIVE), ("class", "High")})] == 1
    assert drift[names.FEATURE_BINS, labels(feature="team", bin="(missing)")] == 1
    assert drift[names.FEATURE_BINS, labels(feature="(prediction)", bin="High")] == 1
    assert sum(drift.values()) == len(RISK) + 1


def test_buckets_are_the_contract_s() -> None:
    found = [
        dict(key[1])["le"]
        for key in read(Exposition(IDENTITY, Metrics()).main())
        if "bucket" in key[0] and (("traffic", LIVE) in key[1])
    ]
    edges = sorted(float(le) for le in found)
    assert edges[:-1] == sorted(names.DURATION_EDGES)
    assert edges[-1] == float("inf")
