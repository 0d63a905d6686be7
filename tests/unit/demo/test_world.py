"""The demo's story rests on these numbers: if one fails, the story would not come true."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
import skops.io
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tests.demo import versions, world
from tests.demo.versions import FORGOTTEN_TEAM, VERSIONS, ModelVersion, accuracy, fit, forest, pipeline_of
from tests.demo.world import CHANGED, FEATURES, LEVELS, MICROSERVICES, PAST, RECOMMENDATIONS, TARGET, World

EXAMPLE = {
    "files_changed": 200,
    "environment": "prod",
    "team": "Platform",
    "time_of_day": 14,
    "previous_failures": 0,
}
LIVE_ROWS = 20_000


@pytest.fixture(scope="module")
def past() -> pd.DataFrame:
    return world.past_deployments()


@pytest.fixture(scope="module")
def changed() -> pd.DataFrame:
    return world.changed_deployments()


@pytest.fixture(scope="module")
def live() -> pd.DataFrame:
    """What the past's world sends once the versions are made."""
    return world.past_deployments(LIVE_ROWS, seed=901)


@pytest.fixture(scope="module")
def live_changed() -> pd.DataFrame:
    """What the changed world sends."""
    return world.changed_deployments(LIVE_ROWS, seed=902)


@pytest.fixture(scope="module")
def made(past: pd.DataFrame) -> dict[str, ModelVersion]:
    return {name: make(past) for name, make in VERSIONS.items()}


@pytest.fixture(scope="module")
def retrained(past: pd.DataFrame, changed: pd.DataFrame) -> ModelVersion:
    return fit(pipeline_of(forest()), pd.concat([past, changed], ignore_index=True))


class TestRule:
    @pytest.mark.parametrize(
        ("changes", "risk"),
        [
            ({}, "High"),
            ({"files_changed": 101}, "High"),
            ({"files_changed": 100}, "Medium"),
            ({"files_changed": 31, "environment": "staging"}, "Medium"),
            ({"files_changed": 30, "environment": "staging"}, "Low"),
            ({"files_changed": 30, "environment": "staging", "previous_failures": 1}, "Medium"),
            ({"files_changed": 30, "previous_failures": 2}, "Medium"),
            ({"files_changed": 30, "previous_failures": 3}, "High"),
            ({"files_changed": 30, "environment": "staging", "time_of_day": 19}, "Low"),
            ({"files_changed": 30, "environment": "staging", "time_of_day": 20}, "Medium"),
            ({"files_changed": 30, "environment": "staging", "time_of_day": 7}, "Low"),
            ({"files_changed": 30, "environment": "staging", "time_of_day": 6}, "Medium"),
            ({"files_changed": 1, "environment": "dev"}, "Low"),
        ],
    )
    def test_points_make_the_risk_in_both_worlds(self, changes: dict[str, int | str], risk: str) -> None:
        assert risk_of(PAST, changes) == risk_of(CHANGED, changes) == risk

    @pytest.mark.parametrize(
        ("environment", "failures", "then", "now"), [("prod", 1, "Medium", "High"), ("staging", 0, "Low", "Low")]
    )
    def test_a_service_on_its_own_is_riskier_in_prod_only(
        self, environment: str, failures: int, then: str, now: str
    ) -> None:
        service = {"team": MICROSERVICES, "environment": environment}
        small = {"files_changed": 5, "previous_failures": failures}
        assert risk_of(PAST, service | small) == then
        assert risk_of(CHANGED, service | small) == now

    @pytest.mark.parametrize("of", [PAST, CHANGED])
    def test_one_in_eleven_is_one_level_off(self, of: World) -> None:
        rows = world.draw(of, LIVE_ROWS, np.random.default_rng(1))
        distance = np.abs(rows[TARGET].map(LEVELS.index).to_numpy() - world.rule(of, rows))
        assert distance.max() == 1
        assert distance.mean() == pytest.approx(1 / 11, abs=0.006)


class TestRows:
    def test_are_the_same_for_the_same_seed_only(self, past: pd.DataFrame) -> None:
        pd.testing.assert_frame_equal(past, world.past_deployments())
        assert not past.equals(world.past_deployments(seed=5))

    def test_stay_in_their_ranges(self, live: pd.DataFrame, live_changed: pd.DataFrame) -> None:
        rows = pd.concat([live, live_changed])
        assert list(rows.columns) == [*FEATURES, TARGET]
        assert rows["files_changed"].between(1, 500).all()
        assert rows["time_of_day"].between(0, 23).all()
        assert rows["previous_failures"].between(0, 10).all()
        assert set(rows["environment"]) == {"dev", "staging", "prod"}
        assert set(rows["team"]) == {*world.MONOLITH_TEAMS, MICROSERVICES}
        assert set(rows[TARGET]) == set(LEVELS) == set(RECOMMENDATIONS)

    def test_split_into_7000_1500_1500(self, past: pd.DataFrame) -> None:
        split = versions.split_rows(past)
        parts = (split.train, split.validation, split.test)
        assert [len(part) for part in parts] == [7_000, 1_500, 1_500]
        assert sorted(pd.concat(parts).index) == list(range(10_000))

    def test_of_one_world_do_not_drift(self, past: pd.DataFrame, live: pd.DataFrame) -> None:
        for part in range(5):
            rows = live.iloc[part * 1_000 : (part + 1) * 1_000]
            assert max(psi(past[name], rows[name]) for name in FEATURES) < 0.05

    def test_of_the_changed_world_drift(self, past: pd.DataFrame, live_changed: pd.DataFrame) -> None:
        rows = live_changed.iloc[:1_000]
        assert psi(past["team"], rows["team"]) > 0.5
        assert psi(past["files_changed"], rows["files_changed"]) > 0.2


class TestStream:
    @pytest.mark.parametrize("of", [PAST, CHANGED])
    def test_yields_drawn_rows_block_by_block(self, of: World) -> None:
        got = list(itertools.islice(world.stream(3, of), 2 * world.BLOCK))
        rng = np.random.default_rng(3)
        drawn = pd.concat([world.draw(of, world.BLOCK, rng), world.draw(of, world.BLOCK, rng)], ignore_index=True)
        pd.testing.assert_frame_equal(pd.DataFrame([row for row, _ in got]), drawn[list(FEATURES)])
        assert [truth for _, truth in got] == drawn[TARGET].tolist()

    def test_yields_plain_json(self) -> None:
        row, truth = next(world.stream(3, PAST))
        assert json.loads(json.dumps(row)) == row
        assert list(row) == list(FEATURES)
        assert type(truth) is str


class TestVersions:
    @pytest.mark.parametrize(("name", "low", "high"), [("1", 0.883, 0.897), ("2", 0.89, 0.90)])
    def test_score_what_the_story_says(
        self, made: dict[str, ModelVersion], live: pd.DataFrame, name: str, low: float, high: float
    ) -> None:
        assert low <= made[name].accuracy["test"] <= high
        assert low <= accuracy(made[name].pipeline, live) <= high + 0.007

    def test_the_example_is_high_with_91_percent(self, made: dict[str, ModelVersion], retrained: ModelVersion) -> None:
        assert confidence(made["1"].pipeline) == pytest.approx(0.91, abs=0.005)
        assert confidence(made["2"].pipeline) == pytest.approx(0.91, abs=0.01)
        assert confidence(retrained.pipeline) == pytest.approx(0.91, abs=0.02)
        assert RECOMMENDATIONS["High"] == "Require approval from senior engineer"

    def test_the_second_agrees_with_the_first(self, made: dict[str, ModelVersion], live: pd.DataFrame) -> None:
        assert disagreement(made["1"], made["2"], live) < 0.07

    def test_the_third_claims_much_and_disagrees(self, made: dict[str, ModelVersion], live: pd.DataFrame) -> None:
        assert made["3"].accuracy["test"] >= 0.89
        assert disagreement(made["2"], made["3"], live) > 0.25

    def test_the_broken_one_raises_for_one_team_only(self, made: dict[str, ModelVersion], live: pd.DataFrame) -> None:
        forgotten = live["team"] == FORGOTTEN_TEAM
        assert 0.05 < forgotten.mean() < 0.08
        with pytest.raises(ValueError, match=f"Found unknown categories .*{FORGOTTEN_TEAM}"):
            predict(made["broken"], live[forgotten].iloc[:1])
        assert disagreement(made["2"], made["broken"], live[~forgotten]) < 0.02

    def test_the_slow_one_differs_in_price_only(self, made: dict[str, ModelVersion], live: pd.DataFrame) -> None:
        trees = [len(made[name].pipeline["classify"].estimators_) for name in ("2", "slow")]
        assert trees[1] > 10 * trees[0]
        assert disagreement(made["2"], made["slow"], live.iloc[:5_000]) < 0.02

    @pytest.mark.parametrize(("name", "megabytes"), [("1", 1), ("2", 5), ("3", 5), ("broken", 5), ("slow", 40)])
    def test_pass_through_skops(
        self, made: dict[str, ModelVersion], live: pd.DataFrame, name: str, megabytes: int
    ) -> None:
        data = skops.io.dumps(made[name].pipeline)
        assert len(data) < megabytes << 20
        assert skops.io.get_untrusted_types(data=data) == ["sklearn.tree._tree.Tree"]
        loaded = skops.io.loads(data, trusted=["sklearn.tree._tree.Tree"])
        rows = live[live["team"] != FORGOTTEN_TEAM][list(FEATURES)].iloc[:100]
        np.testing.assert_array_equal(loaded.predict_proba(rows), made[name].pipeline.predict_proba(rows))
        assert set(loaded.classes_) == set(LEVELS)


class TestChange:
    @pytest.mark.parametrize("name", ["1", "2"])
    def test_costs_the_serving_versions_their_accuracy(
        self, made: dict[str, ModelVersion], live_changed: pd.DataFrame, name: str
    ) -> None:
        assert accuracy(made[name].pipeline, live_changed) == pytest.approx(0.82, abs=0.01)

    def test_is_made_good_by_retraining(
        self, made: dict[str, ModelVersion], retrained: ModelVersion, live: pd.DataFrame, live_changed: pd.DataFrame
    ) -> None:
        assert retrained.accuracy["test"] == pytest.approx(0.90, abs=0.007)
        assert accuracy(retrained.pipeline, live_changed) >= 0.89
        assert accuracy(retrained.pipeline, live) >= 0.895
        assert accuracy(made["2"].pipeline, retrained.split.test) < retrained.accuracy["test"]

    def test_is_learned_by_the_winner_of_a_search(
        self, past: pd.DataFrame, changed: pd.DataFrame, live_changed: pd.DataFrame
    ) -> None:
        rows = pd.concat([past, changed], ignore_index=True)
        train = versions.split_rows(rows).train
        winner = max(candidates(), key=lambda pipeline: score(pipeline, train))
        best = fit(winner, rows)
        assert best.accuracy["test"] == pytest.approx(0.90, abs=0.007)
        assert accuracy(best.pipeline, live_changed) >= 0.89
        assert confidence(best.pipeline) == pytest.approx(0.91, abs=0.02)


def candidates() -> list[Pipeline]:
    estimators: list[ClassifierMixin] = [
        DecisionTreeClassifier(max_depth=5, random_state=42),
        DecisionTreeClassifier(max_depth=10, random_state=42),
        RandomForestClassifier(n_estimators=100, max_leaf_nodes=44, max_features=12, random_state=42),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ]
    return [pipeline_of(estimator) for estimator in estimators]


def score(pipeline: Pipeline, rows: pd.DataFrame) -> float:
    return float(cross_val_score(pipeline, rows[list(FEATURES)], rows[TARGET], cv=5).mean())


def risk_of(of: World, changes: dict[str, int | str]) -> str:
    """The rule's risk of the example with some features changed."""
    return LEVELS[world.rule(of, pd.DataFrame([EXAMPLE | changes]))[0]]


def predict(version: ModelVersion, rows: pd.DataFrame) -> NDArray[np.str_]:
    return np.asarray(version.pipeline.predict(rows[list(FEATURES)]))


def disagreement(one: ModelVersion, other: ModelVersion, rows: pd.DataFrame) -> float:
    return float((predict(one, rows) != predict(other, rows)).mean())


def confidence(pipeline: Pipeline) -> float:
    """The probability of High for the example, which must be its prediction."""
    row = pd.DataFrame([EXAMPLE])
    assert list(pipeline.predict(row)) == ["High"]
    return float(pipeline.predict_proba(row)[0].max())


def psi(reference: pd.Series, rows: pd.Series) -> float:
    """Population stability index: ten reference quantiles for numbers, a bin a value for texts; half a row added."""
    if pd.api.types.is_numeric_dtype(reference):
        edges = np.unique(np.quantile(reference, np.linspace(0.1, 0.9, 9)))
        reference, rows = (pd.Series(np.digitize(part, edges)) for part in (reference, rows))
    bins = sorted(set(reference) | set(rows))
    counts = [part.value_counts().reindex(bins, fill_value=0) + 0.5 for part in (reference, rows)]
    expected, found = (count / count.sum() for count in counts)
    return float(((found - expected) * np.log(found / expected)).sum())
