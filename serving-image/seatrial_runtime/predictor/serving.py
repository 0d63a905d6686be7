"""Everything that a loaded model needs to serve, put together."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from seatrial.contract.http import PREDICTOR_PORT
from seatrial.contract.manifest import Manifest
from seatrial_runtime.predictor.batcher import Batcher, Limits
from seatrial_runtime.predictor.collect import Collecting
from seatrial_runtime.predictor.inference import Inference
from seatrial_runtime.predictor.metrics import Metrics
from seatrial_runtime.predictor.mirror import Mirror
from seatrial_runtime.predictor.model import Predict
from seatrial_runtime.predictor.peers import Peers, Resolve, resolve
from seatrial_runtime.predictor.predictions import PredictionWriter
from seatrial_runtime.predictor.protocol import Answered
from seatrial_runtime.predictor.rows import Schema
from seatrial_runtime.predictor.settings import Settings
from seatrial_runtime.predictor.shadow import Shadow
from seatrial_runtime.predictor.shadow_answers import ShadowAnswer, ShadowAnswerWriter
from seatrial_runtime.predictor.shadow_message import writer_of
from seatrial_runtime.predictor.v1 import V1
from seatrial_runtime.predictor.v2 import V2
from seatrial_runtime.predictor.worker import Worker

_FLUSH = 5.0  # seconds for the collector's last posts
_AGAIN = 1.0  # seconds before a background task that failed is started again
_log = logging.getLogger(__name__)


class Serving:
    """A model that answers, and the two that hear of its answers: the shadow and the collector.

    `metrics.answered` must be there. `model` is the thread in which `predict` runs. Made and used on the event loop.
    """

    def __init__(
        self,
        settings: Settings,
        manifest: Manifest,
        predict: Predict,
        metrics: Metrics,
        model: Worker,
        resolver: Resolve = resolve,
        shadow_port: int = PREDICTOR_PORT,
    ) -> None:
        answered = metrics.answered
        if answered is None:
            raise ValueError("metrics.answered is None; it must be set for the model that is served")
        schema, parsing, behind = Schema(manifest.features), Worker("parsing"), Worker("behind")
        limits = Limits(settings.maximum_batch, settings.maximum_delay, settings.timeout)
        self.v1 = V1(schema, manifest.output, manifest.version)
        self.v2 = V2(schema, manifest.output, manifest.version)
        self.batcher = Batcher(predict, limits, model, answered.observe, lambda rows: metrics.batches.add(float(rows)))
        self.inference = Inference(self.batcher, metrics, parsing, self._tell)
        self.shadow = Shadow(schema, self.batcher, metrics, parsing, self._tell_of_shadow)
        url, who = settings.collector_url, {"revision": settings.revision, "version": manifest.version}
        self._predictions = self._shadow_answers = None
        if url:
            writer, dropped = PredictionWriter(manifest.features, who), metrics.collector_dropped
            self._predictions = Collecting(url, writer, dropped, behind)
            self._shadow_answers = Collecting(url, ShadowAnswerWriter(who), dropped, behind)
        self._peers = self._mirror = None
        if settings.shadow_host and settings.pod_ip:
            self._peers = Peers(settings.shadow_host, settings.pod_ip, resolver)
            write = writer_of(schema.names, who if url else None)
            self._mirror = Mirror(write, self._peers, shadow_port, metrics.shadow_dropped, behind)
        self._tasks: list[asyncio.Task[None]] = []
        self._last_posts: list[asyncio.Task[None]] = []
        metrics.depth = lambda: self.batcher.depth

    @property
    def is_shadow(self) -> bool:
        """Whether this pod takes shadow traffic."""
        return self._peers is not None and self._peers.is_shadow

    def start(self) -> None:
        """Begin what runs beside the requests."""
        for runs in (self._peers and self._peers.watch, self._mirror and self._mirror.run):
            if runs:
                self._tasks.append(asyncio.create_task(_for_ever(runs)))
        for collecting in (self._predictions, self._shadow_answers):
            if collecting:
                self._last_posts.append(asyncio.create_task(_for_ever(collecting.run)))

    async def stop(self) -> None:
        """End what runs beside the requests; what the collector has not heard of gets a last chance."""
        for collecting in (self._predictions, self._shadow_answers):
            if collecting:
                collecting.close()
        if self._last_posts:
            await asyncio.wait(self._last_posts, timeout=_FLUSH)
        tasks = [*self._tasks, *self._last_posts]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _tell(self, answered: Answered) -> None:
        if self._mirror:
            self._mirror.offer(answered)
        if self._predictions:
            self._predictions.offer(answered)

    def _tell_of_shadow(self, answer: ShadowAnswer) -> None:
        if self._shadow_answers:
            self._shadow_answers.offer(answer)


async def _for_ever(run: Callable[[], Awaitable[None]]) -> None:
    """Run what should not fail; if it does, say so and run it again. Ends when it ends."""
    while True:
        try:
            await run()
        except Exception:
            _log.exception("a background task failed; it is started again")
            await asyncio.sleep(_AGAIN)
        else:
            return
