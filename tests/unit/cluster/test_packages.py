"""Which packages are missing is read from what dpkg says."""

from __future__ import annotations

from tests.cluster import packages


def test_nothing_is_missing_if_all_are_installed() -> None:
    assert packages.missing("".join(f"{name} ii \n" for name in packages.PACKAGES)) == []


def test_a_package_that_is_unknown_removed_or_half_installed_is_missing() -> None:
    states = {"buildah": "rc ", "runc": "iU ", "socat": "un ", "openssl": None}
    lines = [f"{name} {states.get(name, 'ii ')}" for name in packages.PACKAGES if states.get(name, "") is not None]

    assert packages.missing("\n".join(lines)) == ["buildah", "openssl", "runc", "socat"]
