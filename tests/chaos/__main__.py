"""`python -m tests.chaos [--minutes 30] [--seed N] [--json FILE]`: exits 1 where something did not hold.

It needs the embedded cluster, and what the end-to-end tests need: `python -m tests.system` first. The seed gives the
sequence of what happens; when exactly, and what else goes on then, is the cluster's.
"""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from random import SystemRandom
from types import FrameType

from tests.chaos.scene import Report, Scene
from tests.system.installation import installed_site

LONGEST = 50.0  # minutes: clients send for an hour


def main(arguments: Sequence[str]) -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=_minutes, default=30.0, metavar="N", help="how long things happen")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10_000), metavar="N", help="what happens")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report and the journal there")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    site = installed_site()
    if not site.embedded:
        parser.error("KUBECONFIG names a cluster of yours: only the embedded one is there to be broken")
    report = Scene(site, options.seed, options.minutes).play()
    if options.json is not None:
        options.json.write_text(json.dumps(asdict(report), indent=2) + "\n")
    sys.stdout.write("\n".join(_lines(report)) + "\n")
    return 1 if report.broken else 0


def _lines(report: Report) -> list[str]:
    told = {"happened": report.happened, "endings": report.endings, "requests": report.requests, "kills": report.kills}
    lines = [f"{name}: {json.dumps(value)}" for name, value in told.items()]
    verdict = f"{len(report.broken)} breaches" if report.broken else "everything held"
    return [*lines, f"seed {report.seed}: {verdict}; at rest after {report.rest:.0f} s", *report.broken]


def _end(signum: int, frame: FrameType | None) -> None:
    """A signal ends it as an error would: what it made goes, and what it took away comes back."""
    raise SystemExit(128 + signum)


def _minutes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= LONGEST:
        raise argparse.ArgumentTypeError(f"{text} is no number of minutes above 0 and at most {LONGEST:g}")
    return value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
