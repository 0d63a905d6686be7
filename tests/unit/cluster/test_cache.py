"""The cache: a result is found only if it is whole and was made from the same inputs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cluster.cache import KEPT, Cache, IncompleteError, Recipe, text_digest


def writing(text: str, name: str = "thing", **inputs: str) -> Recipe:
    def make(folder: Path) -> None:
        (folder / "out").write_text(text)

    return Recipe(name, inputs or {"text": text}, ("out",), make)


def refusing(name: str = "thing", **inputs: str) -> Recipe:
    def make(folder: Path) -> None:
        (folder / "half").write_text("")
        raise RuntimeError("the build failed")

    return Recipe(name, inputs, ("out",), make)


def test_a_result_is_made_once(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    first = cache.get(writing("one", version="1"))

    again = cache.get(refusing(version="1"))

    assert again == first
    assert (again / "out").read_text() == "one"


@pytest.mark.parametrize(
    "other",
    [
        writing("x", version="2"),
        writing("x", version="1", flag=""),
        writing("x", name="other", version="1"),
        Recipe("thing", {"version": "1"}, ("out", "more"), lambda folder: None),
    ],
)
def test_another_input_name_or_output_is_another_entry(other: Recipe) -> None:
    assert other.entry != writing("x", version="1").entry


def test_the_order_of_inputs_is_no_input() -> None:
    assert writing("x", a="1", b="2").digest == writing("x", b="2", a="1").digest


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    cache = Cache(tmp_path)

    with pytest.raises(RuntimeError):
        cache.get(refusing())

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert cache.find(refusing()) is None


def test_a_build_that_breaks_its_promise_is_refused(tmp_path: Path) -> None:
    silent = Recipe("thing", {}, ("out", "more"), lambda folder: (folder / "out").touch())

    with pytest.raises(IncompleteError, match="thing was made without more"):
        Cache(tmp_path).get(silent)

    assert Cache(tmp_path).find(silent) is None


def test_an_entry_that_lost_a_file_is_made_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    (cache.get(writing("one", version="1")) / "out").unlink()

    assert (cache.get(writing("two", version="1")) / "out").read_text() == "two"


def test_only_the_newest_entries_of_a_name_stay(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    neighbour = cache.get(writing("n", name="thing-else"))
    made = []
    for number in range(KEPT + 2):
        made.append(cache.get(writing(str(number))))
        os.utime(made[-1], (number, number))

    cache.get(writing("last"))

    assert [path.exists() for path in made] == [False] * 3 + [True] * (KEPT - 1)
    assert neighbour.exists()


def test_texts_are_told_apart() -> None:
    assert text_digest("ab", "c") != text_digest("a", "bc")
