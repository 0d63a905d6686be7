"""`python -m tests.benchmarks.judgement [--quick] [--json FILE] [--seed N] [--runs N]`: prints the tables."""

import argparse
import sys
import time
from collections.abc import Sequence
from os import cpu_count
from pathlib import Path

from tests.benchmarks.judgement.cost import costs
from tests.benchmarks.judgement.record import to_json
from tests.benchmarks.judgement.report import report
from tests.benchmarks.judgement.run import run
from tests.benchmarks.judgement.schedule import schedule


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.judgement", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rates and runs: about a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--seed", type=_natural, default=1, metavar="N", help="what all chance is drawn from")
    parser.add_argument("--runs", type=_natural, metavar="N", help="how often every world is run")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    progress = sys.stderr.write if sys.stderr.isatty() else _silence
    results = run(schedule(quick=options.quick, runs=options.runs), options.seed, progress)
    if options.json is not None:
        options.json.write_text(to_json(results))
    sys.stdout.write(f"{report(results)}\n{_measured(time.monotonic() - began)}\n")
    return 0


def _silence(_line: str) -> None:
    """Where nobody watches nothing is said."""


def _natural(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number above 0")
    return int(text)


def _measured(seconds: float) -> str:
    looks = ", ".join(f"{cost:.1f} ms on {count} intervals" for count, cost in costs().values())
    return f"{seconds:,.0f} s on {cpu_count()} cores ({_processor()}). A look of the judge: {looks}."


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
