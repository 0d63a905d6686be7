"""The trainer as a process: the request from the environment, the answer to the termination message.

The exit code says whether another try can help: 0 is final (passed, rejected, or failed for good, as the answer
says), 1 is a fault that may pass, such as a store that does not answer. So a Job's back-off is spent on faults alone,
and a dataset that cannot be trained on is not read twice.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from seatrial.contract import environment
from seatrial.contract.layout import InvalidLocationError, ModelHome
from seatrial.contract.names import InvalidNameError
from seatrial.contract.reading import DocumentError
from seatrial.contract.training import FAILED, Answer, parse_request
from seatrial.store.objects import (
    DeniedError,
    NoBucketError,
    NotFoundError,
    ObjectStore,
    StoreError,
    TamperedError,
    TooLargeError,
)
from seatrial.store.s3 import S3Store
from seatrial_runtime.log import configure
from seatrial_runtime.trainer.errors import RequestError, TrainingError
from seatrial_runtime.trainer.sources import OpenStore
from seatrial_runtime.trainer.training import Place, train

TERMINATION_LOG = "SEATRIAL_TERMINATION_LOG"
_log = logging.getLogger(__name__)

# What the same request on the same store meets again.
_PERMANENT = (
    TrainingError,
    DocumentError,
    InvalidNameError,
    InvalidLocationError,
    NotFoundError,
    NoBucketError,
    DeniedError,
    TooLargeError,
    TamperedError,
)


def run(variables: Mapping[str, str], open_store: OpenStore) -> tuple[Answer, int]:
    """Train as the environment says; returns the answer and the exit code. Never raises."""
    try:
        with tempfile.TemporaryDirectory(prefix="training-") as folder:
            return _train(variables, open_store, Path(folder)), 0
    except _PERMANENT as error:
        return Answer(FAILED, "", str(error)), 0
    except StoreError as error:
        return Answer(FAILED, "", f"{error}; it may be tried again"), 1
    except Exception as error:  # a Job always answers
        _log.exception("the training broke")
        return Answer(FAILED, "", f"{type(error).__name__}: {error}; it may be tried again"), 1


def main(variables: Mapping[str, str]) -> int:
    """Run as a process; returns the exit code."""
    identity = {
        "namespace": variables.get(environment.NAMESPACE, ""),
        "name": variables.get(environment.NAME, ""),
        "component": "trainer",
    }
    configure(identity, sys.stdout)
    answer, code = run(variables, _opener(variables))
    _tell(answer, Path(variables.get(TERMINATION_LOG) or "/dev/termination-log"))
    return code


def _train(variables: Mapping[str, str], open_store: OpenStore, folder: Path) -> Answer:
    request = parse_request(_required(variables, environment.TRAINING_REQUEST))
    home = ModelHome.at(_required(variables, environment.STORE), _required(variables, environment.MODEL))
    _log.info("begins", extra={"fields": {"job": request.job, "trigger": request.trigger, "detail": request.detail}})
    return train(request, Place(home, open_store, folder, lambda: datetime.now(UTC), time.perf_counter))


def _opener(variables: Mapping[str, str]) -> OpenStore:
    @cache
    def open_store(bucket: str) -> ObjectStore:
        return S3Store(bucket, variables.get(environment.ENDPOINT) or None, variables.get(environment.REGION) or None)

    return open_store


def _required(variables: Mapping[str, str], name: str) -> str:
    value = variables.get(name, "")
    if not value:
        raise RequestError(f"{name} is not set; the operator sets it on a training Job's pod")
    return value


def _tell(answer: Answer, path: Path) -> None:
    """Write the answer where the kubelet reads it, and as the last line of the log."""
    text = answer.encode()
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        _log.warning("the answer cannot be written to %s: %s", path, error)
    print(text, flush=True)
