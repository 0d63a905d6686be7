"""A training from request to answer: each step in order, with what it decided in the log."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import Data, Lineage, Manifest
from seatrial.contract.schema import Task
from seatrial.contract.training import PASSED, REJECTED, Answer, Request
from seatrial.store.channels import read_channel
from seatrial.store.objects import ObjectStore
from seatrial.store.pointers import Held
from seatrial_runtime.publish.write import Draft
from seatrial_runtime.trainer.candidates import TRUSTED, Contender, contenders
from seatrial_runtime.trainer.errors import RequestError
from seatrial_runtime.trainer.judging import Outcome, Trained, look
from seatrial_runtime.trainer.publication import move, publish_next, published_by
from seatrial_runtime.trainer.schema import check_classes, join
from seatrial_runtime.trainer.scoring import check_metric
from seatrial_runtime.trainer.search import Plan, Searched, choose, refit, search
from seatrial_runtime.trainer.sources import Material, OpenStore, read_material, read_serving
from seatrial_runtime.trainer.splitting import RANDOM, split_rows

_log = logging.getLogger(__name__)
_FOLDS = range(2, 21)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a training runs: the model's home, its stores, an empty folder, the clocks (the second in seconds)."""

    home: ModelHome
    open_store: OpenStore
    folder: Path
    now: Callable[[], datetime]
    seconds: Callable[[], float]
    trusted: tuple[str, ...] = TRUSTED

    @property
    def store(self) -> ObjectStore:
        """The store of the model's home."""
        return self.open_store(self.home.bucket)


def train(request: Request, place: Place) -> Answer:
    """Train, judge, publish, and move the channel; raises TrainingError or a StoreError where it cannot be done."""
    seen = read_channel(place.store, place.home, request.channel) if request.channel else None
    before = published_by(place.store, place.home, request.job)
    if before is not None:
        _log.info("this Job published before", extra={"fields": {"version": before.version}})
        parent = seen is None or seen.pointer.version in (before.lineage.parent, before.version)
        return _conclude(request, place, before, seen) if parent else _answer(before, _kept(request.channel, seen))
    found, task = contenders(request.candidates, request.seed, place.trusted)
    plan = _plan(request, task)
    serving = read_serving(place.store, place.home, request, place.folder / "serving")
    known = None if serving is None else serving.manifest
    material = read_material(request, task, known, place.home, place.open_store)
    trained = _train(request, plan, found, material)
    outcome = look(request.gates, plan, trained, serving, place.seconds)
    manifest = _publish(request, place, trained, outcome, material, known)
    return _conclude(request, place, manifest, seen)


def _plan(request: Request, task: Task) -> Plan:
    if request.cross_validation not in _FOLDS:
        raise RequestError(f"crossValidation is {request.cross_validation}; expected {_FOLDS[0]} to {_FOLDS[-1]}")
    return Plan(check_metric(request.metric), task, request.cross_validation, request.seed)


def _train(request: Request, plan: Plan, found: tuple[Contender, ...], material: Material) -> Trained:
    by = RANDOM if plan.task is Task.REGRESSION else request.split_by
    split = split_rows(material.rows, request.split, by, request.seed)
    _log.info("split the rows", extra={"fields": split.counts})
    if plan.task is Task.CLASSIFICATION:
        check_classes(split.train.target, plan.folds)
    results = search(found, material.dataset.features, split.train, split.validation, plan, _tell)
    chosen = choose(results)
    fitted = refit(chosen, split.train, split.validation)
    _log.info("chose and fitted anew", extra={"fields": {"candidate": chosen.path, "parameters": chosen.parameters}})
    return Trained(chosen, fitted, join([split.train, split.validation]), split)


def _publish(
    request: Request, place: Place, trained: Trained, outcome: Outcome, material: Material, serving: Manifest | None
) -> Manifest:
    now = place.now()
    answers = trained.model.predict(trained.rows.features)
    classes = {str(name) for name in getattr(trained.model, "classes_", ())}
    carried = {} if serving is None else serving.output.recommendations
    bounds = {} if serving is None else {f.name: (f.minimum, f.maximum) for f in serving.features}

    def draft(version: str) -> Draft:
        return Draft(
            model=place.home.model,
            version=version,
            created=now.astimezone(UTC).isoformat(),
            estimator=trained.model,
            rows=trained.rows.features,
            target=request.target,
            answers=answers,
            reference=material.recent,
            bounds=bounds,
            recommendations={name: text for name, text in carried.items() if name in classes},
            metrics=outcome.metrics,
            gates=outcome.gates,
            data=Data(request.dataset, material.sha256, len(material.rows), trained.split.counts),
            lineage=Lineage(request.serving_version, request.trigger, request.job),
            seed=request.seed,
        )

    folder = place.folder / "published"
    folder.mkdir()
    return publish_next(place.store, place.home, draft, folder, by=_by(request), now=now)


def _conclude(request: Request, place: Place, manifest: Manifest, seen: Held | None) -> Answer:
    if not manifest.passed or not request.channel:
        return _answer(manifest, "")
    reason = f"{request.trigger}: {request.detail}"[:500]
    what = move(
        place.store, place.home, request.channel, manifest, seen, by=_by(request), reason=reason, now=place.now()
    )
    return _answer(manifest, what)


def _answer(manifest: Manifest, channel: str) -> Answer:
    failed = [f"{gate.name}: {gate.detail}" for gate in manifest.gates if not gate.passed]
    shown = failed or [f"{gate.name}: {gate.detail}" for gate in manifest.gates]
    message = "; ".join([*shown, *([channel] if channel else [])])
    return Answer(REJECTED if failed else PASSED, manifest.version, message)


def _kept(channel: str, seen: Held | None) -> str:
    where = "" if seen is None else f": {seen.pointer.by} moved it to {seen.pointer.version}"
    return f"channel {channel} was left{where}"


def _by(request: Request) -> str:
    return f"training job {request.job}"


def _tell(result: Searched) -> None:
    fields = {
        "candidate": result.path,
        "parameters": result.parameters,
        "crossValidation": round(result.cross_validation, 6),
        "validation": round(result.validation, 6),
    }
    _log.info("searched", extra={"fields": fields})
