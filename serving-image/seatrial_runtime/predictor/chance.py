"""Chance, where it decides what is copied and compared; a test decides instead."""

import random
from collections.abc import Callable

Draw = Callable[[int], int]  # n → one of 0 … n - 1, each with the same chance

draw: Draw = random.SystemRandom().randrange
