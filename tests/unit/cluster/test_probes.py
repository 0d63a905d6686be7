"""Questions to the cluster's parts: DNS messages by the book, and waiting that ends."""

from __future__ import annotations

import socket
import struct

import pytest

from tests.cluster import probes
from tests.cluster.probes import NotInTimeError, wait_for

POINTER = b"\xc0\x0c"


def record(kind: int, content: bytes, name: bytes = POINTER) -> bytes:
    return name + struct.pack(">2HIH", kind, 1, 5, len(content)) + content


def message(*records: bytes, identifier: int = 7, code: int = 0) -> bytes:
    question = probes.dns_question(identifier, "a.example")[12:]
    return struct.pack(">6H", identifier, 0x8180 | code, 1, len(records), 0, 0) + question + b"".join(records)


ADDRESS = socket.inet_aton("10.96.0.1")


def test_a_question_has_a_header_the_labels_and_asks_for_an_address() -> None:
    assert probes.dns_question(0x1234, "kubernetes.default.") == (
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + b"\x0akubernetes\x07default\x00" + b"\x00\x01\x00\x01"
    )


def test_an_address_is_read_from_an_answer() -> None:
    assert probes.dns_address(7, message(record(1, ADDRESS))) == "10.96.0.1"


def test_an_alias_before_the_address_is_passed_over() -> None:
    alias = record(5, b"\x05other\x00")

    assert probes.dns_address(7, message(alias, record(1, ADDRESS, name=b"\x05other\x00"))) == "10.96.0.1"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(message(), id="no address"),
        pytest.param(message(code=3), id="no such name"),
        pytest.param(message(record(1, ADDRESS), identifier=8), id="an answer to another question"),
    ],
)
def test_without_an_address_there_is_none(answer: bytes) -> None:
    assert probes.dns_address(7, answer) is None


def test_nobody_there_is_no_status() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]

        assert probes.http_status(f"http://127.0.0.1:{port}/") is None


def test_waiting_ends_with_the_first_yes() -> None:
    answers = iter([False, False, True, False])

    wait_for("yes", lambda: next(answers), timeout=10, pause=0)

    assert next(answers) is False


def test_waiting_without_an_answer_ends_with_its_name() -> None:
    with pytest.raises(NotInTimeError, match="the node"):
        wait_for("the node", lambda: False, timeout=0, pause=0)


def test_a_check_that_fails_ends_the_waiting() -> None:
    def check() -> bool:
        raise RuntimeError("dead")

    with pytest.raises(RuntimeError, match="dead"):
        wait_for("the node", check, timeout=10)
