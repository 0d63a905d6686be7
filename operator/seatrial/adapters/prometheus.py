"""The real Prometheus behind ports.Metrics, by its HTTP API.

What is not a whole and well-formed answer is an error: a trial is never judged on part of the evidence.
https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from seatrial.adapters.unreachable import cause
from seatrial.ports import ANSWER_BYTES, BadQueryError, Clock, MetricsError, Series

TIMEOUT = 5.0  # seconds for one query, from connecting to the last byte
BAD_QUERY = (400, 422)  # what it says of a query that it cannot parse, or execute
IN_PASSING = 1 << 18  # bytes of an answer that are read without another thread, in some milliseconds
CLOCKS_APART = timedelta(seconds=30)  # a step of evidence, of which the ends would be mistaken
_SHOWN = 300
_LARGEST = 2.0**53  # beyond which a float counts no longer one by one, and no counter of requests ever was


class Prometheus:
    """One Prometheus, or what answers like one, at a base address such as http://prometheus:9090."""

    def __init__(self, url: str, clock: Clock, *, timeout: float = TIMEOUT) -> None:
        self._url, self._clock, self._timeout = url.rstrip("/"), clock, timeout
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def instant(self, query: str) -> Sequence[Series]:
        """Evaluate a query now."""
        form = {"query": query, "timeout": f"{self._timeout:g}s"}
        return await self._read("/api/v1/query", form, "vector", ANSWER_BYTES)

    async def range(
        self, query: str, start: datetime, end: datetime, step: timedelta, *, most: int = ANSWER_BYTES
    ) -> Sequence[Series]:
        """Evaluate a query at each step from `start` to `end`."""
        form = {
            "query": query,
            "timeout": f"{self._timeout:g}s",
            "start": f"{start.timestamp():.3f}",
            "end": f"{end.timestamp():.3f}",
            "step": f"{step.total_seconds():g}",
        }
        return await self._read("/api/v1/query_range", form, "matrix", most)

    async def _read(self, path: str, form: Mapping[str, str], kind: str, most: int) -> Sequence[Series]:
        body = await self._post(path, form, most)
        if len(body) <= IN_PASSING:
            return read_answer(body, kind)
        return await asyncio.to_thread(read_answer, body, kind)

    async def _post(self, path: str, form: Mapping[str, str], most: int) -> bytes:
        try:
            return await self._exchange(self._url + path, form, most)
        except TimeoutError:
            raise MetricsError(f"Prometheus at {self._url} did not answer within {self._timeout:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise MetricsError(f"Prometheus at {self._url} cannot be reached: {cause(error)}") from error

    async def _exchange(self, url: str, form: Mapping[str, str], most: int) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._timeout))
        async with self._session.post(url, data=form, allow_redirects=False) as answer:
            body = bytearray()
            async for chunk in answer.content.iter_chunked(1 << 16):
                body += chunk
                if len(body) > most:
                    raise MetricsError(f"Prometheus at {self._url} answered with more than {most:,} bytes")
        if answer.status != 200:
            kind = BadQueryError if answer.status in BAD_QUERY else MetricsError
            raise kind(f"Prometheus at {self._url} answered {answer.status}: {_own_words(bytes(body))}")
        self._check_clock(answer.headers.get("Date", ""))
        return bytes(body)

    def _check_clock(self, date: str) -> None:
        """Raise where the two clocks differ so much that what is asked for would be of another stage."""
        try:
            ahead = parsedate_to_datetime(date) - self._clock.now()
        except (ValueError, TypeError):
            return  # it does not say, or not with a time zone
        if abs(ahead) > CLOCKS_APART:
            seconds, where = abs(ahead.total_seconds()), "ahead of" if ahead > timedelta(0) else "behind"
            raise MetricsError(
                f"the clock of Prometheus at {self._url} is {seconds:.0f} s {where} the operator's: set both right"
            )


def read_answer(body: bytes, kind: str) -> Sequence[Series]:
    """Read the series of a `vector` or a `matrix`; NaN and infinite values are left out. Raises MetricsError."""
    try:
        document = json.loads(body)
        if document["status"] != "success":
            raise MetricsError(f"Prometheus refused the query: {document.get('error', 'no reason was given')}")
        if warnings := document.get("warnings"):
            raise MetricsError(f"Prometheus warns that the answer may not be whole: {'; '.join(map(str, warnings))}")
        data = document["data"]
        if data["resultType"] != kind:
            raise MetricsError(f"Prometheus answered with a {data['resultType']}; expected a {kind}")
        return tuple(_series(item, kind) for item in data["result"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        shown = body[:_SHOWN].decode(errors="replace")
        raise MetricsError(f"Prometheus's answer is malformed ({error!r}): {shown}") from None


def _series(item: Mapping[str, Any], kind: str) -> Series:
    pairs = [item["value"]] if kind == "vector" else item["values"]
    points = ((float(at), float(value)) for at, value in pairs)
    labels = {str(name): str(value) for name, value in item["metric"].items()}
    return Series(labels, tuple(point for point in points if abs(point[1]) <= _LARGEST))


def _own_words(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return body[:_SHOWN].decode(errors="replace") or "no reason was given"
