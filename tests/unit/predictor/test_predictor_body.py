"""Bodies as ASGI hands them over: bounded in size and together, read on after a refusal, given up with the caller."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from seatrial.contract.http import MAXIMUM_BODY
from seatrial_runtime.bodies import Bodies, DisconnectedError, Receive
from seatrial_runtime.predictor.body import RefusedError, check_headers, new_bodies, read_body
from tests.unit.predictor.given_clock import short_seconds

MIB = b"x" * (1 << 20)


def parts(*bodies: bytes, end: bool = True) -> Receive:
    """Return what hands over these parts, then that the caller went away."""
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in bodies]
    if end:
        waiting[-1]["more_body"] = False

    async def receive() -> Mapping[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    return receive


async def refused(bodies: Bodies, receive: Receive) -> tuple[int, str, bool]:
    with pytest.raises(RefusedError) as error:
        await read_body(bodies, [], receive)
    reply = error.value.reply
    return reply.status, json.loads(reply.body)["error"], reply.last


async def test_parts_make_a_body_that_is_held_until_released() -> None:
    bodies = new_bodies()
    assert await bodies.read(parts(b"ab", b"", b"cd")) == b"abcd"
    assert bodies.held == 4
    bodies.release(4)
    assert bodies.held == 0


async def test_the_largest_body_is_taken_and_one_byte_more_is_not() -> None:
    bodies = new_bodies()
    whole = [MIB] * (MAXIMUM_BODY // len(MIB))
    assert len(await bodies.read(parts(*whole))) == MAXIMUM_BODY
    bodies.release(MAXIMUM_BODY)
    status, message, last = await refused(bodies, parts(*whole, b"x"))
    assert (status, last) == (413, True)
    assert "at most 8,388,608 bytes" in message
    assert bodies.held == 0


async def test_a_refused_body_is_read_on_so_that_its_sender_hears_of_it() -> None:
    receive = parts(*[MIB] * 12)
    assert (await refused(new_bodies(), receive))[0] == 413
    assert (await receive())["type"] == "http.disconnect"  # nothing is left


async def test_but_not_for_ever() -> None:
    receive = parts(*[MIB] * 100)
    assert (await refused(new_bodies(), receive))[0] == 413
    assert (await receive())["type"] == "http.request"


async def test_all_bodies_together_are_bounded() -> None:
    bodies = Bodies(maximum_held=10, patience=10.0)
    await bodies.read(parts(b"123456"))
    status, _, last = await refused(bodies, parts(b"12345"))
    assert (status, last) == (503, True)
    bodies.release(6)
    assert await bodies.read(parts(b"12345")) == b"12345"


async def test_a_caller_who_goes_away_leaves_nothing_behind() -> None:
    bodies = new_bodies()
    with pytest.raises(DisconnectedError):
        await bodies.read(parts(b"ab", end=False))
    assert bodies.held == 0


async def test_a_body_that_does_not_end_is_given_up() -> None:
    bodies, sent = new_bodies(), [{"type": "http.request", "body": b"ab", "more_body": True}]

    async def receive() -> Mapping[str, Any]:
        if not sent:
            await asyncio.Event().wait()
        return sent.pop()

    with short_seconds():
        status, message, last = await refused(bodies, receive)
    assert (status, message, last) == (408, "the body did not arrive within 30 s", True)
    assert bodies.held == 0


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"content-type", b"application/json")],
        [(b"content-type", b"Application/JSON; charset=utf-8")],
        [(b"content-encoding", b"identity")],
    ],
)
def test_json_is_taken(headers: list[tuple[bytes, bytes]]) -> None:
    check_headers(headers)


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ([(b"content-type", b"application/x-www-form-urlencoded")], "content-type"),
        ([(b"content-type", b"text/json\xff")], "content-type"),
        ([(b"content-encoding", b"gzip")], "content-encoding"),
    ],
)
def test_other_types_are_refused_by_name(headers: list[tuple[bytes, bytes]], field: str) -> None:
    with pytest.raises(RefusedError) as error:
        check_headers(headers)
    assert error.value.reply.status == 415
    assert json.loads(error.value.reply.body)["field"] == field
