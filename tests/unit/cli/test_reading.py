"""`seatrial versions`, `show` and `channel`: what they say, as a table and as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from seatrial.store.channels import read_channel
from seatrial.store.versions import read_manifest
from tests.contract.store.pushes import push
from tests.unit.cli.conftest import HOME, Terminal


@pytest.fixture
def full(seatrial: Terminal, tmp_path: Path) -> Terminal:
    """A store with versions 2, 9 (rejected) and 10, and the channel `latest` at 2."""
    for version, passed in (("10", True), ("2", True), ("9", False)):
        push(seatrial.store, HOME, tmp_path, version, version, passed=passed)
    seatrial("channel", "risk", "latest", "2", "--reason", "the first")
    return seatrial


def said(seatrial: Terminal) -> Any:
    return json.loads(seatrial.out)


def digest(seatrial: Terminal, version: str) -> str:
    return read_manifest(seatrial.store, HOME, version)[1]


def test_versions_are_listed_in_natural_order_with_what_matters(full: Terminal) -> None:
    assert full("versions", "risk") == 0
    heading, *lines = full.out.splitlines()
    assert heading.split() == ["VERSION", "CREATED", "ESTIMATOR", "METRIC", "GATES", "CHANNELS"]
    assert [line.split()[0] for line in lines] == ["2", "9", "10"]
    assert lines[0].split()[2:] == ["sklearn.tree.DecisionTreeClassifier", "-", "passed", "1", "latest"]
    assert "rejected: minimum" in lines[1]
    assert len({line.index("sklearn") for line in lines}) == 1


def test_versions_as_json_have_their_digests(full: Terminal) -> None:
    full("versions", "risk", "-o", "json")
    two, nine, ten = said(full)
    assert (two["version"], two["digest"], two["channels"]) == ("2", digest(full, "2"), ["latest"])
    assert (nine["passed"], ten["passed"]) == (False, True)


def test_an_unreadable_version_hides_no_other(full: Terminal) -> None:
    full.store.put(HOME.manifest("3"), b"no JSON")
    assert full("versions", "risk") == 0
    assert [line.split()[0] for line in full.out.splitlines()[1:]] == ["2", "3", "9", "10"]
    assert "unreadable" in full.out


def test_a_model_without_versions_is_an_error(seatrial: Terminal) -> None:
    assert seatrial("versions", "risk") == 2
    assert seatrial.err == "seatrial: model risk has no versions in s3://models/team\n"


def test_show_says_all_of_a_version(full: Terminal) -> None:
    assert full("show", "risk", "2") == 0
    for line in (
        "risk 2",
        f"digest    {digest(full, '2')}",
        "channels  latest",
        "task     classification",
        "classes  a, b",
        "x  number",
        "minimum  passed: accuracy 0.7, at least 0.85",
        "card.md      sha256:",
    ):
        assert line in full.out


def test_show_as_json_is_the_manifest(full: Terminal) -> None:
    full("show", "risk", "2", "--json")
    manifest, found = read_manifest(full.store, HOME, "2")
    assert said(full) == {"digest": found, "channels": ["latest"], "manifest": manifest.document()}


def test_a_version_that_is_not_there_is_an_error(full: Terminal) -> None:
    assert full("show", "risk", "3") == 2
    expected = "model risk has no version 3 in s3://models/team; `seatrial versions risk` tells which there are"
    assert full.err == f"seatrial: {expected}\n"


def test_channels_are_listed(full: Terminal) -> None:
    full("channel", "risk", "stable", "10")
    full("channel", "risk", "-o", "json")
    assert [(row["channel"], row["version"]) for row in said(full)] == [("latest", "2"), ("stable", "10")]


def test_a_channel_says_who_moved_it_and_why(full: Terminal) -> None:
    full("channel", "risk", "latest", "-o", "json")
    (row,) = said(full)
    assert (row["version"], row["digest"], row["by"], row["reason"]) == ("2", digest(full, "2"), "ann", "the first")
    assert row["moved"] == "2026-01-02T03:04:05+00:00"


def test_a_channel_is_moved(full: Terminal) -> None:
    assert full("channel", "risk", "latest", "10") == 0
    held = read_channel(full.store, HOME, "latest")
    assert held is not None
    assert held.pointer.version == "10"


def test_a_rejected_version_needs_force(full: Terminal) -> None:
    assert full("channel", "risk", "latest", "9") == 2
    assert full.err.startswith("seatrial: version 9 of risk was rejected by its gates (minimum: accuracy 0.7")
    held = read_channel(full.store, HOME, "latest")
    assert held is not None
    assert held.pointer.version == "2"
    assert full("channel", "risk", "latest", "9", "--force") == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nightly"], "model risk has no channel nightly"),
        (["latest", "77"], "model risk has no version 77"),
        (["../latest"], "channel is '../latest'; expected"),
    ],
)
def test_what_a_channel_cannot_be_is_said(full: Terminal, arguments: list[str], problem: str) -> None:
    assert full("channel", "risk", *arguments) == 2
    assert problem in full.err


def test_a_model_without_channels_is_no_empty_table(seatrial: Terminal) -> None:
    assert seatrial("channel", "nowhere") == 2
    assert "model nowhere has no channels in s3://" in seatrial.err
