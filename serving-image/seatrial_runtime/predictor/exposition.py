"""The counts of a predictor as Prometheus reads them: `/metrics`, and `/metrics/drift` for the many bins."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.utils import floatToGoString

from seatrial.contract import metrics as names
from seatrial_runtime.predictor.metrics import Answered, Counts, Histogram, Metrics

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

# A sample's label values beyond the identity, and its value.
Sample = tuple[tuple[str, ...], float]


class _Families:
    """Makes metric families whose every sample begins with the labels that say whose it is."""

    def __init__(self, identity: Mapping[str, str]) -> None:
        self._labels, self._values = tuple(identity), tuple(identity.values())

    def counter(self, name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Metric:
        family = CounterMetricFamily(name, text, labels=[*self._labels, *labels])
        for values, count in samples:
            family.add_metric([*self._values, *values], count)
        return family

    def gauge(self, name: str, text: str, value: float, labels: Mapping[str, str]) -> Metric:
        family = GaugeMetricFamily(name, text, labels=[*self._labels, *labels])
        family.add_metric([*self._values, *labels.values()], value)
        return family

    def histogram(
        self, name: str, text: str, labels: tuple[str, ...], histograms: Mapping[tuple[str, ...], Histogram]
    ) -> Metric:
        family = HistogramMetricFamily(name, text, labels=[*self._labels, *labels])
        for values, histogram in histograms.items():
            edges = [*map(floatToGoString, histogram.edges), "+Inf"]
            buckets = [*zip(edges, accumulate(histogram.counts), strict=True)]
            family.add_metric([*self._values, *values], buckets, histogram.sum)
        return family


class _Main(Collector):
    """Everything but the bins of features."""

    def __init__(self, identity: Mapping[str, str], metrics: Metrics) -> None:
        self._families, self._metrics = _Families(identity), metrics

    def collect(self) -> Iterator[Metric]:
        make, m = self._families, self._metrics
        by_traffic = [((t, outcome), n) for t, counts in m.requests.items() for (outcome,), n in _samples(counts)]
        yield make.counter(
            names.REQUESTS, "Requests by traffic and outcome.", (names.TRAFFIC, names.OUTCOME), by_traffic
        )
        yield make.histogram(
            names.DURATION,
            "Seconds from a request's last byte to its answer, where the outcome is ok or error.",
            (names.TRAFFIC,),
            {(traffic,): histogram for traffic, histogram in m.durations.items()},
        )
        yield make.gauge(names.QUEUE_DEPTH, "Requests that wait for the model.", m.depth(), {})
        yield make.histogram(names.BATCH_ROWS, "Rows in a batch of the model.", (), {(): m.batches})
        reason = (names.REASON,)
        yield make.counter(
            names.SHADOW_DROPPED, "Requests that the shadow did not get.", reason, _samples(m.shadow_dropped)
        )
        yield make.counter(
            names.COLLECTOR_DROPPED, "Answered rows that no collector got.", reason, _samples(m.collector_dropped)
        )
        yield make.counter(
            names.SHADOW_COMPARISONS,
            "Rows of shadow traffic by whether this model agrees with the serving one.",
            (names.RESULT,),
            _samples(m.comparisons),
        )
        if m.answered is not None:
            yield from self._of_model(m.answered)

    def _of_model(self, answered: Answered) -> Iterator[Metric]:
        yield self._families.gauge(names.INFO, "The version that is loaded; always 1.", 1, answered.info)
        yield self._families.counter(
            names.PREDICTIONS,
            "Answered rows by traffic and predicted class, or bin of the predicted number.",
            (names.TRAFFIC, names.CLASS),
            [
                ((traffic, name), count)
                for traffic, tally in answered.predictions.items()
                for name, count in zip(answered.prediction_names, tally.counts, strict=False)
            ],
        )


class _Drift(Collector):
    """The bins of features."""

    def __init__(self, identity: Mapping[str, str], metrics: Metrics) -> None:
        self._families, self._metrics = _Families(identity), metrics

    def collect(self) -> Iterator[Metric]:
        answered = self._metrics.answered
        tallies = {} if answered is None else answered.features
        yield self._families.counter(
            names.FEATURE_BINS,
            "Live rows by feature and bin of the reference.",
            (names.FEATURE, names.BIN),
            [
                ((feature, name), count)
                for feature, tally in tallies.items()
                for name, count in zip(tally.bins.names, tally.counts, strict=True)
            ],
        )


def _samples(counts: Counts) -> list[Sample]:
    return [((value,), count) for value, count in counts.by_value.items()]


class Exposition:
    """Writes a predictor's counts; `identity` has a value for each of `contract.metrics.IDENTITY`."""

    def __init__(self, identity: Mapping[str, str], metrics: Metrics) -> None:
        self._main, self._drift = CollectorRegistry(), CollectorRegistry()
        self._main.register(_Main(identity, metrics))
        self._drift.register(_Drift(identity, metrics))

    def main(self) -> bytes:
        """Return `/metrics`."""
        return generate_latest(self._main)

    def drift(self) -> bytes:
        """Return `/metrics/drift`."""
        return generate_latest(self._drift)
