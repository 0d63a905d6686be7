"""`python -m tests.system`: bring the cluster up, install Seatrial, and stock the shelf, for the end-to-end tests."""

import os
import sys

from tests.cluster.__main__ import EXPECTED
from tests.cluster.progress import Progress
from tests.system import installation, shelf
from tests.system.kubectl import CommandError
from tests.system.site import SiteError, site


def main() -> int:
    """Make everything ready."""
    try:
        with Progress() as progress:
            chosen = site(os.environ, progress)
            with progress.step("install Seatrial"):
                installation.install(chosen)
            with progress.step("push the running example's versions"):
                shelf.stock(chosen)
    except (SiteError, CommandError, *EXPECTED) as error:
        print(f"not ready: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
