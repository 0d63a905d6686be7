"""A Secret's volume as the kubelet writes it: each state in a directory of its own, changed by one rename of a link."""

import shutil
from pathlib import Path

from seatrial.contract.environment import ACCESS_KEY, SECRET_KEY


def mount(folder: Path, state: dict[str, bytes]) -> None:
    """Give the volume this state, whole, in place of the one before."""
    folder.mkdir(exist_ok=True)
    link, new = folder / "..data", folder / "..data_tmp"
    before = link.resolve() if link.is_symlink() else None
    made = folder / f"..state-{1 if before is None else int(before.name.partition('-')[2]) + 1}"
    made.mkdir()
    for name, content in state.items():
        (made / name).write_bytes(content)
    new.symlink_to(made.name)
    new.rename(link)
    _show(folder, set(state))
    if before is not None:
        shutil.rmtree(before)


def pair(access_key: str, secret_key: str = "") -> dict[str, bytes]:
    """Return a Secret's state; the secret key is that of the access key."""
    return {ACCESS_KEY: access_key.encode(), SECRET_KEY: (secret_key or f"{access_key}'s").encode()}


def _show(folder: Path, names: set[str]) -> None:
    """Let the names in the volume be links through `..data`."""
    for shown in folder.iterdir():
        if not shown.name.startswith("..") and shown.name not in names:
            shown.unlink()
    for name in names:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(Path("..data") / name)
