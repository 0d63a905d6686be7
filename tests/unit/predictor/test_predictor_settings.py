import pytest

from seatrial.contract import environment
from seatrial.contract.layout import ModelHome
from seatrial_runtime.predictor.settings import Settings, SettingsError, read_settings

WHOLE = {
    environment.NAMESPACE: "ml",
    environment.NAME: "deploy-risk",
    environment.REVISION: "0123456789",
    environment.STORE: "s3://models/prefix",
    environment.MODEL: "risk",
    environment.VERSION: "7",
}


def test_only_whose_and_which_is_needed() -> None:
    assert read_settings(WHOLE) == Settings(
        "ml", "deploy-risk", "0123456789", ModelHome("models", "prefix", "risk"), "7", None
    )


def test_everything_can_be_said() -> None:
    said = read_settings(
        WHOLE
        | {
            environment.DIGEST: "sha256:" + "a" * 64,
            environment.ENDPOINT: "http://s3:7070",
            environment.REGION: "eu-north-1",
            environment.MAXIMUM_BATCH: "128",
            environment.MAXIMUM_DELAY: "0.002",
            environment.TIMEOUT: "1.5",
            environment.POD_IP: "10.0.0.7",
            environment.SHADOW_HOST: "deploy-risk-shadow.ml.svc",
            environment.SHADOW_SAMPLE: "25",
            environment.COLLECTOR_URL: "http://collector/",
        }
    )
    assert (said.digest, said.endpoint, said.region) == ("sha256:" + "a" * 64, "http://s3:7070", "eu-north-1")
    assert (said.maximum_batch, said.maximum_delay, said.timeout) == (128, 0.002, 1.5)
    assert (said.pod_ip, said.shadow_host, said.shadow_sample) == ("10.0.0.7", "deploy-risk-shadow.ml.svc", 25)
    assert said.collector_url == "http://collector"


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_what_is_needed_and_absent_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is not set"):
        read_settings(WHOLE | {name: ""})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (environment.STORE, "http://models", "s3://<bucket>"),
        (environment.MODEL, "../other", "letters"),
        (environment.VERSION, "a/b", "letters"),
        (environment.DIGEST, "sha256:12", "64 hexadecimal"),
        (environment.MAXIMUM_BATCH, "0", "from 1 to 10000"),
        (environment.MAXIMUM_BATCH, "many", "from 1 to 10000"),
        (environment.MAXIMUM_BATCH, "64.5", "a whole number from 1 to 10000"),
        (environment.SHADOW_SAMPLE, "0", "from 1 to 100"),
        (environment.SHADOW_SAMPLE, "101", "from 1 to 100"),
        (environment.SHADOW_SAMPLE, "12.5", "a whole number from 1 to 100"),
        (environment.MAXIMUM_DELAY, "-1", "from 0 to 10"),
        (environment.TIMEOUT, "nan", "from 0.001 to 3600"),
        (environment.COLLECTOR_URL, "collector:80", "http://<host>"),
    ],
)
def test_what_is_wrong_is_named_with_its_value_and_what_is_right(name: str, value: str, expected: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(WHOLE | {name: value})
    assert name in str(refused.value)
    assert repr(value) in str(refused.value)
    assert expected in str(refused.value)


def test_a_shadow_cannot_be_told_from_its_peers_without_an_address() -> None:
    with pytest.raises(SettingsError, match=environment.POD_IP):
        read_settings(WHOLE | {environment.SHADOW_HOST: "deploy-risk-shadow.ml.svc"})
