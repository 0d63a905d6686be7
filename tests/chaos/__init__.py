"""Chaos on the real cluster: people and accidents at random under constant traffic, and what must hold all the time."""
