"""A seed is a story."""

from itertools import islice

from tests.chaos.accidents import Accidents
from tests.chaos.happenings import API_AWAY, What, happenings
from tests.chaos.journal import Journal
from tests.chaos.people import DEEDS, chosen
from tests.chaos.versions import BAD, GOOD, Quality
from tests.demo.versions import VERSIONS
from tests.system.kubectl import Commands


def test_a_seed_tells_one_story_and_a_longer_one_goes_on_from_it() -> None:
    long = list(islice(happenings(7, 3), 200))
    assert list(islice(happenings(7, 3), 50)) == long[:50]
    assert list(islice(happenings(8, 3), 50)) != long[:50]


def test_everything_happens_to_everyone_in_a_long_story() -> None:
    happened = {(one.what, one.model) for one in islice(happenings(1, 3), 2000)}
    assert happened == {(what, model) for what in What for model in range(3)}


def test_the_api_server_is_never_away_for_so_long_that_its_nodes_seem_lost() -> None:
    story = list(islice(happenings(1, 3), 2000))
    assert max(one.seconds for one in story if one.what is What.API_AWAY) == API_AWAY
    assert max(one.seconds for one in story if one.what is What.STORE_AWAY) > API_AWAY


def test_somebody_does_each_kind_of_thing(commands: Commands) -> None:
    assert {*DEEDS, *Accidents(commands, Journal(lambda _: None)).deeds} == set(What)


def test_a_choice_falls_on_each_of_several() -> None:
    assert [chosen("abc", choice) for choice in (0.0, 0.34, 0.99)] == ["a", "b", "c"]


def test_every_version_can_be_made_and_is_either_good_or_bad() -> None:
    assert {*GOOD.values(), *BAD.values()} == set(Quality)
    assert set(Quality) - {Quality.TAMPERED} == set(VERSIONS)
    assert not set(GOOD) & set(BAD)
