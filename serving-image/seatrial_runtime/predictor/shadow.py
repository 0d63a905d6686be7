"""The shadow's side: answers what the serving predictor answered, and counts where the two agree.

A request is compared once, however many rows it has: the judge's test takes comparisons for independent, which the
rows of one request are not. So one row of it is drawn, each with the same chance, and a request agrees with the chance
that is its share of rows that do.
"""

import math
import time
from collections.abc import Callable
from typing import Any

from seatrial.contract.metrics import AGREE, DISAGREE, ERROR, OK, SHADOW, SHED
from seatrial_runtime.predictor.batcher import Batcher, OverdueError, QueueFullError
from seatrial_runtime.predictor.chance import Draw, draw
from seatrial_runtime.predictor.invalid import InvalidInputError
from seatrial_runtime.predictor.metrics import Metrics
from seatrial_runtime.predictor.model import PredictionError
from seatrial_runtime.predictor.protocol import LIGHT_BODY, Answer, moment
from seatrial_runtime.predictor.rows import Schema
from seatrial_runtime.predictor.shadow_answers import ShadowAnswer
from seatrial_runtime.predictor.shadow_message import Shadowed, read_shadowed
from seatrial_runtime.predictor.worker import Worker

_TOLERANCE = 0.01  # relative, between two numbers that agree

Tell = Callable[[ShadowAnswer], None]


def agrees(own: str | float, other: Any) -> bool:
    """Say whether two predictions of one row are the same: classes by name, numbers within a hundredth."""
    if isinstance(own, str):
        return bool(own == other)
    number = isinstance(other, int | float) and not isinstance(other, bool)
    return number and math.isclose(own, other, rel_tol=_TOLERANCE, abs_tol=1e-9)


class Shadow:
    """Answers shadow traffic. A request that this model refuses or fails on, and the serving one answered, is an error.

    `draw` says which of a request's rows is compared; `tell` hears what this model says of that row, where its label
    can make a pair: where it has an id, and the answer is a class.
    """

    def __init__(
        self, schema: Schema, batcher: Batcher, metrics: Metrics, aside: Worker, tell: Tell, draw: Draw = draw
    ) -> None:
        self._schema, self._batcher, self._metrics = schema, batcher, metrics
        self._aside, self._tell, self._draw = aside, tell, draw

    async def receive(self, body: bytes) -> bool:
        """Predict and compare one row; False where the queue is full. Raises InvalidInputError for no such message."""
        started = time.perf_counter()
        shadowed = await self._aside.call_if(
            len(body) > LIGHT_BODY, lambda: read_shadowed(body, self._schema.most_values)
        )
        outcome, answer = await self._answer(shadowed.request, len(shadowed.answer))
        self._metrics.request(SHADOW, outcome, time.perf_counter() - started)
        if answer is not None:
            self._compare(answer, shadowed)
        elif outcome == ERROR:
            self._metrics.comparisons.add(ERROR)
        return outcome != SHED

    async def _answer(self, request: dict[str, Any], count: int) -> tuple[str, Answer | None]:
        try:
            rows = self._schema.from_columns(request, count)
            return OK, await self._batcher.submit(rows, SHADOW)
        except QueueFullError:
            return SHED, None
        except (InvalidInputError, OverdueError, PredictionError):
            return ERROR, None

    def _compare(self, answer: Answer, shadowed: Shadowed) -> None:
        i = self._draw(len(shadowed.answer))
        own, control = answer.predictions[i], shadowed.control
        self._metrics.comparisons.add(AGREE if agrees(own, shadowed.answer[i]) else DISAGREE)
        if control is not None and isinstance(own, str):
            self._tell(ShadowAnswer(control.ids[i], moment(time.time_ns()), control.revision, own))
