"""`python -m tests.benchmarks.reaction [--quick] [--json FILE] [--repeats N]`: prints a line for each rollback.

It needs what the end-to-end tests need: `python -m tests.system` first.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.reaction.figures import Reaction, document, lines
from tests.benchmarks.reaction.scene import Scene
from tests.system.installation import installed_site
from tests.system.shelf import shared_shelf
from tests.system.world import World

NAMESPACE = "benchmark-reaction"
REPEATS, QUICK_REPEATS = 10, 3
KINDS = {"from the first request on": False, "later in the step": True}  # and whether the step has settled


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reaction", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_REPEATS} rollbacks: about two minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--repeats", type=_natural, metavar="N", help=f"how many rollbacks (default: {REPEATS})")
    options = parser.parse_args(arguments)
    measured = measure(options.repeats or (QUICK_REPEATS if options.quick else REPEATS))
    if options.json is not None:
        options.json.write_text(
            json.dumps({name: document(found) for name, found in measured.items()}, indent=2) + "\n"
        )
    for name, found in measured.items():
        sys.stdout.write("\n".join((name, *lines(found))) + "\n")
    return 0


def measure(repeats: int) -> Mapping[str, Sequence[Reaction]]:
    """Return so many reactions of each kind, in a namespace of their own that is gone afterwards."""
    site, reactions = installed_site(), {name: list[Reaction]() for name in KINDS}
    world = World(site, shared_shelf(site), NAMESPACE)
    world.is_gone()
    try:
        scene = Scene(world)
        scene.begin()
        for (name, settled), found in zip(KINDS.items(), reactions.values(), strict=True):
            for number in range(1, repeats + 1):
                found.append(scene.play(settled=settled))
                sys.stderr.write(f"{name}, {number} of {repeats}: {found[-1].parts['all']:.2f} s\n")
    finally:
        world.is_gone()
    return reactions


def _natural(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number above 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
