"""`python -m seatrial_runtime.predictor`: one predictor, told by its environment what it serves."""

import asyncio
import logging
import os
import sys

import uvloop

from seatrial_runtime.log import configure
from seatrial_runtime.predictor.server import leave_word, listen, serve
from seatrial_runtime.predictor.settings import SettingsError, read_settings
from seatrial_runtime.predictor.starting import StartError, load_from_store


def main() -> int:
    """Serve until SIGTERM; return the process's exit code: 1 for a version that cannot be served, 2 for settings."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when scikit-learn is imported, which is later
    configure({})
    log = logging.getLogger("seatrial_runtime.predictor")
    try:
        settings = read_settings(os.environ)
        configure({"namespace": settings.namespace, "name": settings.name, "revision": settings.revision})
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings, load_from_store(settings), listen()))
    except (SettingsError, StartError) as error:
        log.error("%s", error)
        leave_word(str(error))
        return 2 if isinstance(error, SettingsError) else 1
    log.info("ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
