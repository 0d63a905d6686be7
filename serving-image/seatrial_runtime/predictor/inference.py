"""The life of one prediction: read, wait for the model, write, count; what others hear of it comes afterwards."""

import logging
import time
from collections.abc import Callable

from seatrial.contract.http import PREDICTION_ID
from seatrial.contract.metrics import ERROR, INVALID, LIVE, OK, SHED
from seatrial_runtime.log import Sparing
from seatrial_runtime.predictor.batcher import Batcher, OverdueError, QueueFullError
from seatrial_runtime.predictor.invalid import InvalidInputError
from seatrial_runtime.predictor.metrics import Metrics
from seatrial_runtime.predictor.model import PredictionError
from seatrial_runtime.predictor.protocol import LIGHT_BODY, Answered, Dialect, stamp
from seatrial_runtime.predictor.reply import RETRY_AFTER, Reply, problem, refusal
from seatrial_runtime.predictor.worker import Worker

_LIGHT_ROWS = 200  # whose answer is written in well below a millisecond
_SHOWN = 300  # characters of what a model says when it fails
_ID_HEADER = PREDICTION_ID.encode()
_log = logging.getLogger(__name__)

# Called with each live answered request after the answer has been sent.
Tell = Callable[[Answered], None]


class Inference:
    """Answers live requests."""

    def __init__(self, batcher: Batcher, metrics: Metrics, aside: Worker, tell: Tell) -> None:
        self._batcher, self._metrics, self._aside, self._tell = batcher, metrics, aside, tell
        self._sparing = Sparing(10.0)

    async def reply(self, dialect: Dialect, model: str, body: bytes) -> Reply:
        """Return the answer to a request's body, whatever it is; what nobody foresaw counts as an error too."""
        started = time.perf_counter()
        try:
            outcome, reply = await self._outcome(dialect, model, body)
        except Exception:
            self._metrics.request(LIVE, ERROR, time.perf_counter() - started)
            raise
        self._metrics.request(LIVE, outcome, time.perf_counter() - started)
        return reply

    async def _outcome(self, dialect: Dialect, model: str, body: bytes) -> tuple[str, Reply]:
        try:
            return OK, await self._answer(dialect, model, body)
        except InvalidInputError as error:
            return INVALID, refusal(error)
        except QueueFullError as error:
            return SHED, problem(503, f"the predictor has too much to do: {error}", "", RETRY_AFTER)
        except OverdueError as error:
            return ERROR, problem(503, str(error), "", RETRY_AFTER)
        except PredictionError as error:
            self._failed(error)
            return ERROR, problem(500, f"the model failed on these rows: {str(error)[:_SHOWN]}")

    async def _answer(self, dialect: Dialect, model: str, body: bytes) -> Reply:
        query = await self._aside.call_if(len(body) > LIGHT_BODY, lambda: dialect.read(body, model))
        answer = await self._batcher.submit(query.rows, LIVE)
        stamped = stamp(query.rows.count, time.time_ns())
        heavy = query.rows.count > _LIGHT_ROWS
        written = await self._aside.call_if(heavy, lambda: dialect.write(query, answer, stamped))
        identified = ((_ID_HEADER, stamped.ids[0].encode()),)
        answered = Answered(query.rows, answer, stamped, len(body))
        return Reply(200, written, identified, after=lambda: self._tell(answered))

    def _failed(self, error: PredictionError) -> None:
        held_back = self._sparing.admits(time.monotonic())
        if held_back is not None:
            _log.error("the model failed on rows that its schema allows: %s", error, extra=_fields(held_back))


def _fields(held_back: int) -> dict[str, dict[str, int]]:
    return {"fields": {"events_held_back": held_back}}
