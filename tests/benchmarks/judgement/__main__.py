"""`python -m tests.benchmarks.judgement [--quick] [--json FILE] [--seed N] [--runs N]`: prints the tables."""

import argparse
import sys
import time
from pathlib import Path

from tests.benchmarks.judgement.record import to_json
from tests.benchmarks.judgement.run import run
from tests.benchmarks.judgement.schedule import schedule


def main(arguments: list[str]) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.judgement", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rates and runs: less than a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--seed", type=int, default=1, help="what all chance is drawn from")
    parser.add_argument("--runs", type=int, help="how often each world is run")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    results = run(schedule(quick=options.quick, runs=options.runs), options.seed)
    if options.json is not None:
        options.json.write_text(to_json(results))
    sys.stdout.write(f"in {time.monotonic() - began:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
