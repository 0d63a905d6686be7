"""The shadow's side: answers what the serving predictor answered, and counts where the two agree.

A request is compared once, however many rows it has: the judge's test takes comparisons for independent, which the
rows of one request are not. So one row of it is drawn, each with the same chance, and a request agrees with the chance
that is its share of rows that do.
"""

import math
import random
import time
from collections.abc import Callable
from typing import Any

from seatrial.contract.metrics import AGREE, DISAGREE, ERROR, OK, SHADOW, SHED
from seatrial_runtime.predictor.batcher import Batcher, OverdueError, QueueFullError
from seatrial_runtime.predictor.invalid import InvalidInputError, shown_at
from seatrial_runtime.predictor.metrics import Metrics
from seatrial_runtime.predictor.model import PredictionError
from seatrial_runtime.predictor.protocol import LIGHT_BODY, Answer, read_object
from seatrial_runtime.predictor.rows import Schema, check_count
from seatrial_runtime.predictor.worker import Worker

_TOLERANCE = 0.01  # relative, between two numbers that agree
_draw = random.SystemRandom().randrange

Draw = Callable[[int], int]  # n → one of 0 … n - 1


def agrees(own: str | float, other: Any) -> bool:
    """Say whether two predictions of one row are the same: classes by name, numbers within a hundredth."""
    if isinstance(own, str):
        return bool(own == other)
    number = isinstance(other, int | float) and not isinstance(other, bool)
    return number and math.isclose(own, other, rel_tol=_TOLERANCE, abs_tol=1e-9)


def read_shadowed(body: bytes, most_values: int) -> tuple[dict[str, Any], list[Any]]:
    """Return values by feature and the other's predictions; raises InvalidInputError."""
    document = read_object(body, most_values)
    request, answer = document.get("request"), document.get("answer")
    if type(request) is not dict:
        raise InvalidInputError(
            f"request is {shown_at(document, 'request')}; expected an object of lists by feature", "request"
        )
    if type(answer) is not list:
        raise InvalidInputError(f"answer is {shown_at(document, 'answer')}; expected a list of predictions", "answer")
    check_count(len(answer), "answer")
    return request, answer


class Shadow:
    """Answers shadow traffic. A request that this model refuses or fails on, and the serving one answered, is an error.

    `draw` says which of a request's rows is compared.
    """

    def __init__(self, schema: Schema, batcher: Batcher, metrics: Metrics, aside: Worker, draw: Draw = _draw) -> None:
        self._schema, self._batcher, self._metrics = schema, batcher, metrics
        self._aside, self._draw = aside, draw

    async def receive(self, body: bytes) -> bool:
        """Predict and compare one row; False where the queue is full. Raises InvalidInputError for no such message."""
        started = time.perf_counter()
        request, theirs = await self._aside.call_if(
            len(body) > LIGHT_BODY, lambda: read_shadowed(body, self._schema.most_values)
        )
        outcome, answer = await self._answer(request, len(theirs))
        self._metrics.request(SHADOW, outcome, time.perf_counter() - started)
        if answer is not None:
            self._compare(answer, theirs)
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

    def _compare(self, answer: Answer, theirs: list[Any]) -> None:
        i = self._draw(len(theirs))
        self._metrics.comparisons.add(AGREE if agrees(answer.predictions[i], theirs[i]) else DISAGREE)
