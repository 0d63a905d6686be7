"""An object that has the wanted name already: ours to write, going away, or somebody else's."""

from typing import Any

import pytest

from seatrial.contract.labels import MODEL
from seatrial.controller.ownership import check_ours
from seatrial.ports import ConflictError, RefusedError

OURS = {
    "apiVersion": "seatrial.dev/v1alpha1",
    "kind": "ModelDeployment",
    "name": "risk",
    "uid": "1",
    "controller": True,
}


def service(*owners: dict[str, Any], label: str | None = "risk") -> dict[str, Any]:
    labels = {} if label is None else {MODEL: label}
    metadata = {"namespace": "ml", "name": "risk", "labels": labels, "ownerReferences": list(owners)}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata}


@pytest.mark.parametrize(
    "live",
    [
        service(OURS),
        service({**OURS, "uid": "2", "controller": False, "kind": "Application"}, OURS),
        service(),  # left behind without an owner, when only the ModelDeployment was deleted
        service(OURS, label=None),
    ],
)
def test_ours_may_be_written(live: dict[str, Any]) -> None:
    check_ours(service(OURS), live)


@pytest.mark.parametrize(
    ("live", "whose"),
    [
        (service(label=None), "somebody else"),
        (service(label="other"), "somebody else"),
        (service({**OURS, "name": "other", "uid": "2"}, label="other"), "ModelDeployment other"),
        (service({**OURS, "kind": "Application", "uid": "2"}), "Application risk"),
    ],
)
def test_what_is_somebody_elses_is_left_as_it_is(live: dict[str, Any], whose: str) -> None:
    with pytest.raises(RefusedError, match=f"Service ml/risk is there already and belongs to {whose}"):
        check_ours(service(OURS), live)


def test_what_is_of_the_one_before_goes_by_itself() -> None:
    with pytest.raises(ConflictError, match="had this name before"):
        check_ours(service(OURS), service({**OURS, "uid": "0"}))


@pytest.mark.parametrize(("owners", "can"), [((), True), (({**OURS, "kind": "Application", "uid": "2"},), False)])
def test_what_nobody_controls_can_be_given_away(owners: tuple[dict[str, Any], ...], can: bool) -> None:
    with pytest.raises(RefusedError) as refused:
        check_ours(service(OURS), service(*owners, label=None))
    assert ("give it away by the label seatrial.dev/model=risk" in str(refused.value)) is can
    if can:
        check_ours(service(OURS), service(label="risk"))
