"""Everything that a cluster is started from: its programs, their images and the base of the applications' images.

What is missing in the cache is built, some of it side by side; Go's caches exist only while something is built.
"""

from __future__ import annotations

import contextlib
import platform
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tests.cluster import images, programs
from tests.cluster.cache import Cache, Recipe
from tests.cluster.commands import run
from tests.cluster.places import Places
from tests.cluster.progress import Progress

SIDE_BY_SIDE: Final = 3  # two compilers, and one that downloads
HANDS: Final = 16  # that remove files: they wait for the disk
IMAGES: Final = {
    "pause": programs.PAUSE,
    "coredns": programs.COREDNS,
    "versitygw": programs.VERSITYGW,
    "prometheus": programs.PROMETHEUS,
    "contour": programs.CONTOUR,
    "metrics-server": programs.METRICS_SERVER,
    "envoy": programs.ENVOY,
}


@dataclass(frozen=True, slots=True)
class Stock:
    """The folders of the built programs by name, and the OCI layouts of the cluster's own images."""

    folders: Mapping[str, Path]
    layouts: tuple[Path, ...]

    def program(self, name: str) -> Path:
        """The path of a built program."""
        return self.folders[name] / name


def image_reference(program: str) -> str:
    """The name under which pods use a program's image."""
    return f"localhost/{program}:{IMAGES[program].removeprefix('v')}"


def inputs(places: Places) -> tuple[str, ...]:
    """The names of all entries that a stock consists of: they differ as soon as anything is to be built anew."""
    cache = Cache(places.cache)
    return tuple(recipe.entry for recipe in (*_programs(places), *_images(cache, _programs(places))))


def fill(places: Places, progress: Progress) -> Stock:
    """Find or build everything. Raises CommandError with the builder's output if a build fails."""
    cache = Cache(places.cache)
    wanted = _programs(places)
    missing = [recipe for recipe in wanted if not cache.find(recipe)]
    if missing:
        progress.say(f"{len(missing)} programs are built once and kept; all of them take 10 to 20 minutes on 2 cores")
        with _go_folder(places, progress):
            _side_by_side([partial(_make, cache, recipe, progress) for recipe in missing])
    folders = {recipe.name: cache.get(recipe) for recipe in wanted}
    wrapped = _images(cache, wanted)
    with progress.step("wrap them into images") if missing else contextlib.nullcontext():
        return Stock(folders, tuple(cache.get(recipe) for recipe in wrapped))


def _programs(places: Places) -> tuple[Recipe, ...]:
    return programs.recipes(places.cache / "making" / "go")


def _images(cache: Cache, made: Iterable[Recipe]) -> tuple[Recipe, ...]:
    return tuple(_image(cache, recipe) for recipe in made if recipe.name in IMAGES)


def _image(cache: Cache, program: Recipe) -> Recipe:
    """The image with one program, and for a linked one the libraries that it loads."""
    reference = image_reference(program.name)

    def make(target: Path) -> None:
        path = cache.get(program) / program.name
        files = {f"/{program.name}": path, **libraries(path)}
        images.write_scratch_layout(target, reference, files, f"/{program.name}", platform.machine())

    return Recipe(f"image-{program.name}", {"reference": reference, "program": program.entry}, ("index.json",), make)


@contextlib.contextmanager
def _go_folder(places: Places, progress: Progress) -> Iterator[None]:
    """The folder for Go's caches: more than 10 GB while everything is built, and nothing afterwards.

    A build that failed or was killed leaves its caches, and the next one goes on with them.
    """
    making = places.cache / "making"
    (making / "go").mkdir(parents=True, exist_ok=True)
    for path in making.iterdir():
        if path.name != "go":
            shutil.rmtree(path)
    yield
    with progress.step("remove what only the building needed"):
        _remove(making / "go")


def _remove(folder: Path) -> None:
    """Remove 10 GB of small files by many hands: a disk that is told of each block that becomes free takes its time."""
    for depth in ("*/*/*", "*/*"):
        folders = [path for path in folder.glob(depth) if path.is_dir() and not path.is_symlink()]
        with ThreadPoolExecutor(HANDS) as pool:
            list(pool.map(shutil.rmtree, folders))
    shutil.rmtree(folder)


def libraries(program: Path) -> dict[str, Path]:
    """The shared libraries of a program, each at the path where its loader looks; none for a static one."""
    if b"ld-linux" not in program.read_bytes()[:4096]:
        return {}
    return {path: Path(path) for path in linked(run(["ldd", program], timeout=30))}


def linked(listing: str) -> list[str]:
    """The paths in the output of ldd, the loader's own among them."""
    return sorted(set(re.findall(r"(/\S+) \(0x", listing)))


def _make(cache: Cache, recipe: Recipe, progress: Progress) -> None:
    with progress.step(f"build {recipe.name}"):
        cache.get(recipe)


def _side_by_side(tasks: Iterable[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        started = [pool.submit(task) for task in tasks]
        try:
            for future in started:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
