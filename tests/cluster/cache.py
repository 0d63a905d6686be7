"""What was built is kept, under a name that is the digest of everything that decides the result.

An entry is made in a folder of its own and renamed when it is whole, so a build that was cut off leaves nothing
that could be mistaken for a result. The newest entries of each name are kept, older ones go.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KEPT: Final = 3  # entries of one name


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make one thing.

    `inputs` holds, under any names, all that decides the result: versions, flags, file contents. `make` gets an
    empty folder to fill. `files` are what must stand in it afterwards.
    """

    name: str
    inputs: Mapping[str, str]
    files: tuple[str, ...]
    make: Callable[[Path], None]

    @property
    def digest(self) -> str:
        """16 hexadecimal digits over the name, the inputs and the expected files."""
        text = json.dumps([self.name, dict(self.inputs), self.files], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def entry(self) -> str:
        """The name of the cache's folder for it."""
        return f"{self.name}-{self.digest}"


class IncompleteError(Exception):
    """A recipe ended without making what it promised."""


class Cache:
    """The kept results below one folder."""

    def __init__(self, root: Path) -> None:
        self._kept, self._making = root / "kept", root / "making"

    def find(self, recipe: Recipe) -> Path | None:
        """The folder with the recipe's result, if it was made before."""
        entry = self._kept / recipe.entry
        return entry if all((entry / file).exists() for file in recipe.files) else None

    def get(self, recipe: Recipe) -> Path:
        """The folder with the recipe's result, made now if need be."""
        return self.find(recipe) or self._make(recipe)

    def _make(self, recipe: Recipe) -> Path:
        making, entry = self._making / f"{recipe.entry}.{os.getpid()}", self._kept / recipe.entry
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        try:
            recipe.make(making)
            missing = [file for file in recipe.files if not (making / file).exists()]
            if missing:
                raise IncompleteError(f"{recipe.name} was made without {', '.join(missing)}")
            self._keep(making, entry)
        finally:
            shutil.rmtree(making, ignore_errors=True)
        self._forget_old(recipe.name)
        return entry

    def _keep(self, making: Path, entry: Path) -> None:
        self._kept.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(entry, ignore_errors=True)  # an incomplete one: find() refused it
        making.rename(entry)

    def _forget_old(self, name: str) -> None:
        entries = [entry for entry in self._kept.glob(f"{name}-*") if entry.name[:-17] == name]
        for old in sorted(entries, key=lambda entry: entry.stat().st_mtime, reverse=True)[KEPT:]:
            shutil.rmtree(old)


def text_digest(*texts: str) -> str:
    """The SHA-256 of several texts, each told apart from the next."""
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()
