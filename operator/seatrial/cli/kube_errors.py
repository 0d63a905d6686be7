"""What the API server's refusals mean to a person at a terminal: each as one line that says what to do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seatrial.ports import AbsentError, ClusterError, ConflictError, RefusedError, UnavailableError

_SHOWN = 300  # characters of an answer that is no Status


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of which API server; without a namespace of all, without a name of all in it."""

    host: str
    namespace: str | None
    name: str | None = None


def error_for(asked: Asked, status: int, data: bytes) -> ClusterError:
    """Return the error that an answer (HTTP status and body) means."""
    answer = _answer(data)
    words = str(answer.get("message") or data[:_SHOWN].decode(errors="replace") or "it gave no reason")
    match status:
        case 401:
            return RefusedError(f"{asked.host} does not know you ({words}): log in again, or give another --context")
        case 403:
            return RefusedError(f"{words}; ask for a role in that namespace: view may look, edit may also ask")
        case 404:
            return AbsentError(_absent(asked, answer))
        case 409:
            return ConflictError(words)
        case _ if status < 500 and status != 429:
            return RefusedError(f"{asked.host} refused it: {words} ({status})")
        case _:
            return UnavailableError(f"{asked.host} cannot answer now: {words} ({status}); try again")


def unreachable(asked: Asked, cause: object) -> UnavailableError:
    """Return the error of a request without an answer."""
    return UnavailableError(
        f"{asked.host} cannot be reached ({cause}): is the cluster up, and is it the one that --context should name?"
    )


def _absent(asked: Asked, answer: Mapping[str, Any]) -> str:
    """Tell an object that is not there, which the answer's details name, from a kind that is not there."""
    if (answer.get("details") or {}).get("name"):
        return (
            f"there is no ModelDeployment {asked.name} in namespace {asked.namespace}; "
            f"those there are: seatrial list -n {asked.namespace}"
        )
    return (
        f"{asked.host} has no ModelDeployments at all: Seatrial is not installed there (helm install), "
        "or --context should name another cluster"
    )


def _answer(data: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}
