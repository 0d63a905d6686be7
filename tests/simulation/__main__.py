"""`python -m tests.simulation --seeds 1000 [--first 0]` or `--seed 17`: exits 1 where something broke."""

import argparse
import logging
import sys

from tests.simulation.scene import BrokenError, simulate


def main() -> int:
    """Run; one line a seed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many worlds to try")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--calm", action="store_true", help="without faults")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds) if options.seed is None else [options.seed]
    logging.getLogger("seatrial").setLevel(logging.CRITICAL)  # failures are what this is about
    broken = []
    for seed in seeds:
        try:
            sys.stdout.write(f"{simulate(seed, faults=not options.calm)}\n")
        except BrokenError as error:
            broken.append(seed)
            sys.stdout.write(f"{error}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(broken)} of {len(seeds)} broken: {broken}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
