"""Small versions to push, and many threads to push them at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import TypeVar

from seatrial.contract.canonical import digest_of
from seatrial.contract.layout import ModelHome
from seatrial.contract.manifest import File, Gate, Manifest
from seatrial.contract.schema import Feature, Kind, Output, Task
from seatrial.store.objects import ObjectStore, StoreError
from seatrial.store.versions import Published, publish

T = TypeVar("T")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def version(folder: Path, name: str, content: str = "model", *, passed: bool = True) -> Manifest:
    """Write a version's files into a folder and return its manifest."""
    files = {"model.skops": content, "card.md": f"# card of {content}"}
    for path, text in files.items():
        (folder / path).write_text(text)
    return Manifest(
        model="risk",
        version=name,
        created="2026-01-01T00:00:00Z",
        files={path: File(digest_of(text.encode()), len(text)) for path, text in files.items()},
        artifact="model.skops",
        format="skops",
        features=(Feature("x", Kind.NUMBER),),
        output=Output("y", Task.CLASSIFICATION, ("a", "b")),
        estimator="sklearn.tree.DecisionTreeClassifier",
        gates=(Gate("minimum", passed, "accuracy 0.7, at least 0.85"),),
    )


def push(
    store: ObjectStore, home: ModelHome, folder: Path, name: str, content: str = "model", *, passed: bool = True
) -> Published:
    """Publish such a version."""
    return publish(store, home, version(folder, name, content, passed=passed), folder, by="ann", now=NOW)


def at_once(acts: Sequence[Callable[[], T]]) -> list[T | StoreError]:
    """Do all at the same moment, and return what each returned or raised."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], T]) -> T | StoreError:
        barrier.wait()
        try:
            return act()
        except StoreError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
