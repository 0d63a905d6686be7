"""A small world with a virtual clock, in which the real operator runs while everything fails that can.

`python -m tests.simulation --seeds 1000` tries many worlds; a seed that fails is tried again with `--seed`.
"""
