"""`python -m seatrial.controller`: the operator."""

import asyncio
import sys

from seatrial.controller.lifecycle import run
from seatrial.controller.logs import log_to_stdout
from seatrial.controller.settings import SettingError, read_settings


def main() -> int:
    """Run until a signal; 2 where a setting is wrong."""
    try:
        settings = read_settings()
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    log_to_stdout(settings.log_level)
    return asyncio.run(run(settings))


if __name__ == "__main__":
    sys.exit(main())
