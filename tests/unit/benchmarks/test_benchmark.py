"""The benchmark as a whole: the same figures for the same seed, from end to end."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks.judgement import run as running
from tests.benchmarks.judgement import schedule as scheduling
from tests.benchmarks.judgement.__main__ import main
from tests.benchmarks.judgement.figures import Figures
from tests.benchmarks.judgement.judges import OURS, PEERS
from tests.benchmarks.judgement.record import from_json, to_json
from tests.benchmarks.judgement.report import report
from tests.benchmarks.judgement.run import Place, run
from tests.benchmarks.judgement.schedule import RATES, USUAL_RATES, Cell, schedule
from tests.benchmarks.judgement.steps import DEFAULT
from tests.benchmarks.judgement.targets import Target, targets
from tests.benchmarks.judgement.worlds import BESIDE, HEALTHY, WORLDS

NAN = float("nan")
NONE_BACK = Figures(
    1000,
    rolled_back=0,
    promoted=1000,
    minute_rolled_back=NAN,
    mean_minute=NAN,
    minute_promoted=40.0,
    harm=50,
    mean_harm=50,
)
ALL_BACK = Figures(
    200,
    rolled_back=200,
    promoted=0,
    minute_rolled_back=20.0,
    mean_minute=21.0,
    minute_promoted=NAN,
    harm=20,
    mean_harm=22,
)
THREEFOLD = next(world for world in WORLDS if world.name == "errors ×3")


def results(**changes: Figures) -> dict[Place, Figures]:
    """A world of results in which Seatrial meets its targets, and what is different from that."""
    names = {"ours": OURS.name, "peer": PEERS[1].name}
    usual = {"ours_healthy": NONE_BACK, "ours_threefold": ALL_BACK} | {
        "peer_healthy": NONE_BACK,
        "peer_threefold": replace(ALL_BACK, mean_harm=24),
    }
    found: dict[Place, Figures] = {}
    for key, figures in (usual | changes).items():
        who, world = key.split("_")
        name = HEALTHY.name if world == "healthy" else THREEFOLD.name
        judges = [peer.name for peer in PEERS] if who == "peer" else [names[who]]
        found |= {Place(DEFAULT.name, name, 600, judge): figures for judge in judges}
    return found


def missed(found: dict[Place, Figures]) -> list[str]:
    return [target.asked for target in targets(found) if not target.met]


def test_the_targets_are_met_by_a_judge_that_does_better_than_its_peers() -> None:
    assert missed(results()) == []


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"ours_healthy": replace(NONE_BACK, rolled_back=6)}, ["healthy versions rolled back"]),
        ({"ours_healthy": replace(NONE_BACK, minute_promoted=61.0)}, ["a healthy version is promoted"]),
        (
            {"ours_threefold": replace(ALL_BACK, rolled_back=199)},
            ["three times as high is always found", "fewer errors in the mean"],
        ),
        ({"peer_threefold": replace(ALL_BACK, mean_harm=21)}, ["fewer errors in the mean"]),
        (
            {"ours_threefold": replace(ALL_BACK, mean_harm=28), "peer_threefold": replace(ALL_BACK, promoted=1)},
            ["information limit"],
        ),
    ],
)
def test_a_target_that_is_missed_is_said_to_be(changes: dict[str, Figures], asked: list[str]) -> None:
    found = missed(results(**changes))
    assert len(found) == len(asked)
    assert all(words in target for words, target in zip(asked, found, strict=True))


def test_where_too_few_are_found_the_limit_is_not_said_to_be_near() -> None:
    few = results(ours_threefold=replace(ALL_BACK, rolled_back=190))
    elsewhere = {replace(place, rate=6_000): figures for place, figures in results().items()}
    [near] = [target for target in targets(elsewhere | few) if "information limit" in target.asked]
    assert not near.met
    assert "too few were found to compare at 600 a minute" in near.seen


def test_a_peer_that_refuses_what_is_good_is_no_measure_of_what_is_found() -> None:
    refusing = replace(NONE_BACK, rolled_back=200)
    assert missed(results(peer_healthy=refusing, peer_threefold=replace(ALL_BACK, mean_harm=1))) == []
    assert missed(results(peer_threefold=replace(ALL_BACK, mean_harm=1))) != []


def test_figures_come_back_from_json_as_they_were() -> None:
    assert report(from_json(to_json(results()))) == report(results())


def test_the_figures_are_the_seeds_however_the_work_is_split(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [Cell(HEALTHY, DEFAULT, 600, PEERS, runs=3), Cell(THREEFOLD, DEFAULT, 600, (OURS, *PEERS), runs=2)]
    once = to_json(run(cells, seed=1))
    monkeypatch.setattr(running, "AT_ONCE", 1)
    assert to_json(run(cells, seed=1)) == once
    assert to_json(run(cells, seed=2)) != once


def test_the_full_form_has_every_world_at_every_rate_and_many_healthy_ones_at_each() -> None:
    cells = [cell for cell in schedule(quick=False, runs=None) if cell.steps is DEFAULT]
    assert {(cell.world.name, cell.rate) for cell in cells} == {
        *((world.name, rate) for world in WORLDS for rate in RATES),
        *((world.name, rate) for world in BESIDE for rate in USUAL_RATES),
    }
    healthy = {cell.rate: cell.runs for cell in cells if cell.world is HEALTHY and OURS in cell.judges}
    assert healthy == {6: 200, 60: 200, 600: 1000, 6_000: 1000, 60_000: 1000}


def test_the_quick_form_prints_every_world_and_writes_every_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling, "USUAL_RATES", (scheduling.QUICK_RATE,))
    assert main(["--quick", "--runs", "1", "--seed", "7", "--json", str(tmp_path / "figures.json")]) == 0
    printed = capsys.readouterr().out
    assert all(f"**{world.name}**" in printed for world in WORLDS)
    assert all(f"| {judge.name} |" in printed for judge in (OURS, *PEERS))
    written = json.loads((tmp_path / "figures.json").read_text())
    assert {item["runs"] for item in written} == {1}


@pytest.mark.parametrize("runs", ["0", "-1", "many"])
def test_a_number_that_is_none_is_refused(runs: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--runs", runs])
    assert refused.value.code == 2
    assert f"{runs} is no whole number above 0" in capsys.readouterr().err


def test_a_target_says_what_was_seen() -> None:
    healthy = targets(results())[0]
    assert healthy == Target(healthy.asked, healthy.seen, met=True)
    assert "0 of 1000 (healthy, 600 a minute" in healthy.seen
