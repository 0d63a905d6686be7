"""What people do: they want versions, scale, pause, and ask for things by annotation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from seatrial.api.requests import promote_value, retry_value
from tests.chaos.happenings import Happening, What
from tests.chaos.model import STEPS, Model
from tests.chaos.versions import GOOD

T = TypeVar("T")
REPLICAS, BATCHES = (1, 2, 3, 2, 3), (8, 16, 32, 64)


def chosen(items: Sequence[T], choice: float) -> T:
    """Return the item that a number in [0, 1) chooses."""
    return items[int(choice * len(items))]


def good(model: Model, happening: Happening) -> str:
    """Want a good version."""
    return _want(model, [one for one in GOOD if one != model.wanted], happening.choice)


def bad(model: Model, happening: Happening) -> str:
    """Want a bad version."""
    return _want(model, [one for one in model.bad if one != model.wanted], happening.choice)


def back(model: Model, happening: Happening) -> str:
    """Want what was wanted before."""
    return _want(model, [model.before], happening.choice)


def _want(model: Model, versions: Sequence[str], choice: float) -> str:
    model.want(chosen(versions, choice))
    return f"version {model.wanted}"


def replicas(model: Model, happening: Happening) -> str:
    """Scale."""
    model.replicas = chosen([one for one in REPLICAS if one != model.replicas], happening.choice)
    model.apply()
    return f"{model.replicas}"


def serving(model: Model, happening: Happening) -> str:
    """Serve in other batches, which makes another revision."""
    model.batch = chosen([one for one in BATCHES if one != model.batch], happening.choice)
    model.apply()
    return f"at most {model.batch}"


def pause(model: Model, happening: Happening) -> str:
    """Pause, or go on."""
    model.paused = not model.paused
    model.apply()
    return "paused" if model.paused else "goes on"


def approve(model: Model, happening: Happening) -> str:
    """Approve the first step of whatever is on trial."""
    revision = str(_candidate(model).get("revision", ""))
    value = promote_value(revision, STEPS[0], model.world.status().get("promoted", ""))
    return _ask(model, revision, promote=value, abort=None, retry=None)


def promote(model: Model, happening: Happening) -> str:
    """Let a good candidate take over without waiting."""
    candidate = _candidate(model)
    revision = str(candidate.get("revision", "")) if candidate.get("version") in GOOD else ""
    value = promote_value(revision, spent=model.world.status().get("promoted", ""))
    return _ask(model, revision, promote=value, abort=None, retry=None)


def abort(model: Model, happening: Happening) -> str:
    """Abort whatever is on trial."""
    revision = str(_candidate(model).get("revision", ""))
    return _ask(model, revision, abort=revision, promote=None, retry=None)


def retry(model: Model, happening: Happening) -> str:
    """Try the wanted version again, if it was rejected, or else any."""
    rejected = model.world.status().get("rejected") or []
    wanted = [one for one in rejected if one["version"] == model.wanted] or rejected
    revision = str(chosen(wanted, happening.choice)["revision"]) if wanted else ""
    return _ask(model, revision, retry=retry_value(revision, str(happening.number)), promote=None, abort=None)


def _ask(model: Model, revision: str, **annotations: str | None) -> str:
    if not revision:
        return "there is none"
    model.world.annotates(**annotations)
    return f"revision {revision}"


def _candidate(model: Model) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (model.world.status().get("trial") or {}).get("candidate") or {}
    return found


# Each does something to a model, and says what.
DEEDS: Mapping[What, Callable[[Model, Happening], str]] = {
    What.GOOD: good,
    What.BAD: bad,
    What.BACK: back,
    What.REPLICAS: replicas,
    What.SERVING: serving,
    What.PAUSE: pause,
    What.APPROVE: approve,
    What.PROMOTE: promote,
    What.ABORT: abort,
    What.RETRY: retry,
}
