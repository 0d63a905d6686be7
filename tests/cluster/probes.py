"""Asking the cluster's parts whether they really answer, without any client library."""

from __future__ import annotations

import random
import socket
import struct
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Final

_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_A, _IN = 1, 1


class NotInTimeError(Exception):
    """Something did not happen within its time."""


def wait_for(what: str, check: Callable[[], bool], *, timeout: float, pause: float = 0.1) -> None:
    """Ask until the answer is yes. `check` may raise to end the waiting early; raises NotInTimeError."""
    deadline = time.monotonic() + timeout
    while not check():
        if time.monotonic() > deadline:
            raise NotInTimeError(f"{what}: not after {timeout:.0f} s")
        time.sleep(pause)


def http_status(url: str, *, timeout: float = 2.0, host: str | None = None) -> int | None:
    """The status of a GET, never through a proxy; None if there was no answer."""
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    try:
        with _DIRECT.open(request, timeout=timeout) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def resolve(name: str, server: str, *, timeout: float = 1.0) -> str | None:
    """The first IPv4 address that a DNS server gives for a name; None without an answer or without an address."""
    identifier = random.getrandbits(16)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout)
        try:
            client.connect((server, 53))
            client.send(dns_question(identifier, name))
            return dns_address(identifier, client.recv(4096))
        except OSError:
            return None


def dns_question(identifier: int, name: str) -> bytes:
    """A query for the IPv4 address of a name (RFC 1035, section 4.1)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    return struct.pack(">6H", identifier, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", _A, _IN)


def dns_address(identifier: int, message: bytes) -> str | None:
    """The first IPv4 address in the answer to the query with this identifier."""
    answered, flags, questions, answers = struct.unpack(">4H", message[:8])
    if answered != identifier or flags & 0x000F:
        return None
    at = 12
    for _ in range(questions):
        at = _after_name(message, at) + 4
    for _ in range(answers):
        at = _after_name(message, at)
        kind, _, _, length = struct.unpack(">2HIH", message[at : at + 10])
        at += 10
        if kind == _A:
            return socket.inet_ntoa(message[at : at + 4])
        at += length
    return None


def _after_name(message: bytes, at: int) -> int:
    """The offset behind a name, which ends with an empty label or with a pointer of two bytes."""
    while message[at]:
        if message[at] & 0xC0:
            return at + 2
        at += 1 + message[at]
    return at + 1
