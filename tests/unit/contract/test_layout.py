"""Keys stay where they belong, whatever the names."""

from datetime import UTC, datetime, timedelta, timezone

import hypothesis.strategies as st
import pytest
from hypothesis import given

from seatrial.contract.canonical import digest_of
from seatrial.contract.layout import InvalidLocationError, ModelHome, parse_location
from seatrial.contract.names import InvalidNameError, check_segment, is_segment, new_prediction_id

HOME = ModelHome.at("s3://models/team/risk", "deploy-risk")
DIGEST = digest_of(b"model")


def test_keys_are_these() -> None:
    root = "team/risk/deploy-risk"
    at = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=2)))
    assert HOME.manifest("7") == f"{root}/versions/7/manifest.json"
    assert HOME.file("7", "model.skops", DIGEST) == f"{root}/versions/7/{DIGEST[7:23]}-model.skops"
    assert HOME.channel("latest") == f"{root}/channels/latest.json"
    assert HOME.audit(at, "0f") == f"{root}/audit/20260102T010405.000678Z-0f.json"
    assert HOME.serving("c1", "ml", "risk") == f"{root}/serving/c1/ml.risk.json"
    assert HOME.log("labels", at, "p1") == f"{root}/labels/dt=2026-01-02/hour=01/p1.parquet"


def test_a_store_may_be_a_whole_bucket() -> None:
    assert ModelHome.at("s3://models", "risk").manifest("7") == "risk/versions/7/manifest.json"


def test_files_of_other_content_have_other_keys() -> None:
    assert HOME.file("7", "model.skops", DIGEST) != HOME.file("7", "model.skops", digest_of(b"other"))


@pytest.mark.parametrize(
    "uri", ["models/risk", "s3://", "s3:///risk", "s3://M/risk", "s3://models/../x", "https://a/b"]
)
def test_what_is_no_address_is_refused(uri: str) -> None:
    with pytest.raises(InvalidLocationError, match="is no address in S3; expected s3://"):
        parse_location(uri)


@given(st.from_regex(r"s3://[a-z0-9]{3,10}(/[a-z0-9=._-]{1,5}){0,3}", fullmatch=True).filter(lambda u: ".." not in u))
def test_an_address_comes_back(uri: str) -> None:
    assert parse_location(uri).uri == uri
    assert parse_location(uri + "/") == parse_location(uri)


@given(st.text(max_size=70))
def test_a_name_is_one_segment_or_refused(name: str) -> None:
    if is_segment(name):
        assert check_segment("version", name) == name
        assert HOME.manifest(name).split("/") == [*HOME.versions.strip("/").split("/"), name, "manifest.json"]
    else:
        with pytest.raises(InvalidNameError, match="expected 1 to 63 letters"):
            HOME.manifest(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a..b", "a/b", "-a", "a-", "a b", "a" * 64, "a\n"])
def test_names_that_could_leave_their_folder_are_none(name: str) -> None:
    assert not is_segment(name)


def test_audit_keys_sort_by_time() -> None:
    times = [datetime(2026, 1, 2, tzinfo=UTC) + timedelta(microseconds=10**exponent) for exponent in range(12)]
    keys = [HOME.audit(at, "ff") for at in times]
    assert keys == sorted(keys)


def test_prediction_ids_sort_by_time_and_differ() -> None:
    assert new_prediction_id(1) < new_prediction_id(2)
    assert new_prediction_id(1) != new_prediction_id(1)
