"""The store by a Secret that changes: the newest state counts, whole, and what is missing is named."""

from pathlib import Path

import pytest

from seatrial.contract.environment import ACCESS_KEY, CREDENTIALS, ENDPOINT, SECRET_KEY
from seatrial.contract.layout import InvalidLocationError
from seatrial.store.s3 import Credentials
from seatrial_runtime.collector.access import Access, SecretError, connection, read_credentials
from tests.fakes.objects import MemoryStore
from tests.unit.collector.mounted import mount, pair


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "credentials"


def test_what_stands_around_the_values_is_left_out(folder: Path) -> None:
    mount(folder, pair("key\n", " secret\n"))
    assert read_credentials(folder) == Credentials("key", "secret")


def test_other_credentials_make_another_client_and_the_same_ones_none(folder: Path) -> None:
    opened: list[str] = []

    def open_store(credentials: Credentials) -> MemoryStore:
        opened.append(credentials.access_key)
        return MemoryStore()

    access = Access(folder, open_store)
    mount(folder, pair("old"))
    first = access.connect()
    mount(folder, pair("old"))
    assert access.connect() is first
    mount(folder, pair("new"))
    assert access.connect() is not first
    assert access.connect() is access.connect()
    assert opened == ["old", "new"]


def test_a_secret_key_alone_that_changes_makes_another_client(folder: Path) -> None:
    access = Access(folder, lambda _: MemoryStore())
    mount(folder, pair("key", "wrong"))
    first = access.connect()
    mount(folder, pair("key", "right"))
    assert access.connect() is not first


def test_halves_of_two_states_never_meet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mount(folder, pair("old"))
    states = [pair("new")]
    read = Path.read_text

    def changed_meanwhile(path: Path, encoding: str) -> str:
        text = read(path, encoding)
        if states:
            mount(folder, states.pop())
        return text

    monkeypatch.setattr(Path, "read_text", changed_meanwhile)
    assert read_credentials(folder) == Credentials("new", "new's")


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (None, f"No such file or directory: '.*/{ACCESS_KEY}'"),
        ({}, f"No such file or directory: '.*/{ACCESS_KEY}'"),
        ({SECRET_KEY: b"secret"}, f"No such file or directory: '.*/{ACCESS_KEY}'"),
        ({ACCESS_KEY: b"key", "secretKey": b"secret"}, f"No such file or directory: '.*/{SECRET_KEY}'"),
        ({ACCESS_KEY: b"key", SECRET_KEY: b"\n"}, f"{SECRET_KEY} is empty"),
        ({ACCESS_KEY: b"", SECRET_KEY: b"secret"}, f"{ACCESS_KEY} is empty"),
        ({ACCESS_KEY: b"\xff", SECRET_KEY: b"secret"}, "can't decode byte 0xff"),
    ],
)
def test_what_is_missing_is_named_until_it_is_there(folder: Path, state: dict[str, bytes] | None, why: str) -> None:
    access = Access(folder, lambda _: MemoryStore())
    if state is not None:
        mount(folder, state)
    with pytest.raises(SecretError, match=rf"{why}.*spec.storage.secretRef .* {ACCESS_KEY} and {SECRET_KEY}"):
        access.connect()
    mount(folder, pair("key"))
    assert access.connect()


def test_a_secret_that_is_taken_away_is_not_used_any_more(folder: Path) -> None:
    access = Access(folder, lambda _: MemoryStore())
    mount(folder, pair("key"))
    access.connect()
    mount(folder, {})
    with pytest.raises(SecretError):
        access.connect()


def test_without_a_secret_there_is_one_client_as_awss_tools_make_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    connect = connection("models", {ENDPOINT: "http://s3.example:7070"})
    assert connect() is connect()


def test_the_environment_says_where_the_secrets_files_are(folder: Path) -> None:
    connect = connection("models", {ENDPOINT: "http://s3.example:7070", CREDENTIALS: str(folder)})
    with pytest.raises(SecretError):
        connect()
    mount(folder, pair("old"))
    first = connect()
    mount(folder, pair("new"))
    assert connect() is not first


def test_a_wrong_endpoint_is_no_matter_of_credentials(folder: Path) -> None:
    mount(folder, pair("key"))
    with pytest.raises(InvalidLocationError, match="endpoint is"):
        connection("models", {ENDPOINT: "nowhere", CREDENTIALS: str(folder)})()
