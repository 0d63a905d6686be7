"""`python -m seatrial.cli` is `seatrial`."""

import sys

from seatrial.cli.main import main

sys.exit(main())
