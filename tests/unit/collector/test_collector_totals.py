"""The counters as a scrape finds them."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from prometheus_client.parser import text_string_to_metric_families

from seatrial.contract import metrics
from seatrial.contract.feedback import Refusal
from seatrial_runtime.collector.configuration import Limits
from seatrial_runtime.collector.database import open_database
from seatrial_runtime.collector.ledger import Ledger
from seatrial_runtime.collector.totals import exposition, read_totals
from seatrial_runtime.collector.troubles import Cause
from tests.unit.collector.builders import NOW, label, prediction, shadow_answer

WHOSE = {"model_namespace": "ml", "model_name": "deploy-risk"}
R1 = {**WHOSE, "revision": "r1", "version": "1"}


def scrape(
    ledger_work: str = "", failures: Mapping[Cause, int] = MappingProxyType({})
) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    db = open_database(None)
    ledger = Ledger(db, Limits())
    if ledger_work:
        ledger.record_predictions([replace(prediction(n), drawn=n > 0) for n in range(4)], NOW)
    if ledger_work == "shadow":
        ledger.pairing.record([shadow_answer(n, answer) for n, answer in enumerate(("High", "Low"))], NOW)
        ledger.record_labels([label(0), label(1)], NOW)
    if ledger_work == "labels":
        ledger.record_labels([label(0), label(1), label(2, "Low"), label(2)], NOW)
    text = exposition(read_totals(db), failures, "ml", "deploy-risk").decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return samples[(name, frozenset(labels.items()))]


def test_every_series_of_a_revision_exists_at_zero_from_its_first_prediction() -> None:
    samples = scrape("predictions")
    assert value(samples, metrics.COLLECTED, **R1) == 4
    assert value(samples, metrics.UNLABELLED, **R1) == 4
    assert value(samples, metrics.LABELLED_ROWS, **R1) == 0
    for result in (metrics.RIGHT, metrics.WRONG):
        assert value(samples, metrics.LABELS, result=result, **R1) == 0
    for kind in ("predictions", "labels"):
        assert value(samples, metrics.STORED, kind=kind, **R1) == 0
    for reason in ("expired", "overflow"):
        assert value(samples, metrics.UNLABELLED_DROPPED, reason=reason, **R1) == 0


def test_refusals_and_failures_exist_at_zero_before_anything_came() -> None:
    samples = scrape()
    assert {value(samples, metrics.LABELS_REFUSED, reason=reason.value, **WHOSE) for reason in Refusal} == {0}
    assert {value(samples, metrics.FLUSH_FAILURES, reason=cause.value, **WHOSE) for cause in Cause} == {0}
    assert len(samples) == len(Refusal) + len(Cause)


def test_failures_are_counted_by_cause() -> None:
    samples = scrape(failures={Cause.DENIED: 3})
    assert value(samples, metrics.FLUSH_FAILURES, reason="denied", **WHOSE) == 3
    assert value(samples, metrics.FLUSH_FAILURES, reason="unreachable", **WHOSE) == 0


def test_labels_are_counted_as_right_wrong_and_refused() -> None:
    samples = scrape("labels")
    assert value(samples, metrics.LABELS, result=metrics.RIGHT, **R1) == 2
    assert value(samples, metrics.LABELS, result=metrics.WRONG, **R1) == 1
    assert value(samples, metrics.DRAWN_LABELS, result=metrics.RIGHT, **R1) == 1
    assert value(samples, metrics.DRAWN_LABELS, result=metrics.WRONG, **R1) == 1
    assert value(samples, metrics.LABELLED_ROWS, **R1) == 3
    assert value(samples, metrics.UNLABELLED, **R1) == 1
    assert value(samples, metrics.LABELS_REFUSED, reason="duplicate", **WHOSE) == 1


def test_pairs_are_the_candidates_with_whom_it_was_compared_and_all_results() -> None:
    samples = scrape("shadow")
    r2 = {**WHOSE, "revision": "r2", "version": "2", "control": "r1"}
    counted = {result: value(samples, metrics.LABEL_PAIRS, result=result, **r2) for result in metrics.PAIR_RESULTS}
    assert counted == {"both_right": 1, "candidate_right": 0, "stable_right": 1, "both_wrong": 0}
    assert {
        labels for name, labels in samples if dict(labels).get("revision") == "r2" and name != metrics.LABEL_PAIRS
    } == set()
