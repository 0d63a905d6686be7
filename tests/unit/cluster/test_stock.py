"""The programs' recipes: pinned, and named by all that decides them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.cluster import programs, stamps, stock
from tests.cluster.cache import Cache, Recipe
from tests.cluster.commands import CommandError
from tests.cluster.places import HERE, Places
from tests.cluster.progress import Progress

LISTING = """\
\tlinux-vdso.so.1 (0x00007f06c3dce000)
\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f06c3cdd000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f06bca1e000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f06c3dd0000)
"""


def test_linked_libraries_and_their_loader_are_found() -> None:
    assert stock.linked(LISTING) == [
        "/lib/x86_64-linux-gnu/libc.so.6",
        "/lib/x86_64-linux-gnu/libm.so.6",
        "/lib64/ld-linux-x86-64.so.2",
    ]


def test_an_image_has_the_version_of_its_program() -> None:
    assert stock.image_reference("contour") == f"localhost/contour:{programs.CONTOUR[1:]}"


def test_the_folder_of_go_is_no_input() -> None:
    here, there = programs.recipes(Path("/a")), programs.recipes(Path("/b"))

    assert [recipe.entry for recipe in here] == [recipe.entry for recipe in there]


def test_our_modules_are_covered_with_their_sums() -> None:
    recipes = {recipe.name: recipe for recipe in programs.recipes(Path("/go"))}

    assert {"main.go", "go.mod", "go.sum", "flags"} <= recipes["kube"].inputs.keys()
    assert {"go.mod", "go.sum", "tags"} <= recipes["prometheus"].inputs.keys()


@pytest.mark.parametrize(
    ("module", "package", "version"),
    [
        ("kube", "k8s.io/kubernetes", programs.KUBERNETES),
        ("prometheus", "github.com/prometheus/prometheus", programs.PROMETHEUS),
    ],
)
def test_the_stated_version_is_the_one_that_is_built(module: str, package: str, version: str) -> None:
    required = re.search(rf"^\s{re.escape(package)} (v\S+)", (HERE / module / "go.mod").read_text(), re.MULTILINE)

    assert required is not None
    assert required[1] == version


def test_go_writes_below_its_folder_alone() -> None:
    environment = programs.go_environment(Path("/go"))

    assert {key for key, value in environment.items() if value.startswith("/go")} == {"GOCACHE", "GOMODCACHE", "GOPATH"}
    assert environment["CGO_ENABLED"] == "0"


def test_the_stock_is_known_without_building(tmp_path: Path) -> None:
    entries = stock.inputs(Places(cache=tmp_path))

    assert len(entries) == len(set(entries)) == len(programs.recipes(tmp_path)) + len(stock.IMAGES)
    assert list(tmp_path.iterdir()) == []


def test_an_image_is_made_anew_when_its_program_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stock.inputs(Places(cache=tmp_path))
    monkeypatch.setattr(programs, "COREDNS", "v9.9.9")
    changed = {entry.rpartition("-")[0] for entry in set(stock.inputs(Places(cache=tmp_path))) - set(before)}

    assert changed == {"coredns", "image-coredns"}


@pytest.fixture
def quiet() -> Progress:
    return Progress(lambda line: None)


def offer(monkeypatch: pytest.MonkeyPatch, make: Callable[[Path, Path], None]) -> None:
    """Let one program be all that a cluster needs; `make` gets Go's folder and the folder to fill."""
    monkeypatch.setattr(programs, "recipes", lambda go: (Recipe("kube", {}, ("kube",), partial(make, go)),))


def test_gos_caches_are_gone_when_all_is_built(
    tmp_path: Path, quiet: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()

    def make(go: Path, folder: Path) -> None:
        for deep in ("modules/a/b/c/d", "build/00", "empty"):
            (go / deep).mkdir(parents=True)
            (go / deep / "file").touch()
        (go / "modules" / "a" / "link").symlink_to(tmp_path / "elsewhere")
        (folder / "kube").touch()

    offer(monkeypatch, make)
    filled = stock.fill(Places(cache=tmp_path), quiet)

    assert filled.program("kube").exists()
    assert (tmp_path / "elsewhere").exists()
    assert list((tmp_path / "making").iterdir()) == []


def test_a_failed_build_is_gone_on_with(tmp_path: Path, quiet: Progress, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(go: Path, folder: Path) -> None:
        (go / "modules").mkdir()
        raise CommandError(["go"], "exit code 1", "no space left")

    def succeed(go: Path, folder: Path) -> None:
        assert (go / "modules").exists()
        assert not (tmp_path / "making" / "other.7").exists()
        (folder / "kube").touch()

    offer(monkeypatch, fail)
    with pytest.raises(CommandError, match="no space left"):
        stock.fill(Places(cache=tmp_path), quiet)
    (tmp_path / "making" / "other.7").mkdir()
    offer(monkeypatch, succeed)

    assert stock.fill(Places(cache=tmp_path), quiet).program("kube").exists()


def test_what_is_there_is_not_built(tmp_path: Path, quiet: Progress, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, lambda go, folder: (folder / "kube").touch())
    stock.fill(Places(cache=tmp_path), quiet)

    def refuse(go: Path, folder: Path) -> None:
        raise AssertionError("built again")

    offer(monkeypatch, refuse)
    stock.fill(Places(cache=tmp_path), quiet)


def test_a_missing_record_is_no_record(tmp_path: Path) -> None:
    places = Places(state=tmp_path, cache=tmp_path)

    assert stamps.recorded(places) == stamps.Stamps()
    stamps.record(places, stamps.wanted(places))
    assert stamps.recorded(places) == stamps.wanted(places) != stamps.Stamps()


def test_a_static_program_brings_no_library(tmp_path: Path) -> None:
    (tmp_path / "static").write_bytes(b"\x7fELF" + bytes(5000))

    assert stock.libraries(tmp_path / "static") == {}
    assert Cache(tmp_path).find(programs.recipes(tmp_path)[0]) is None
