"""Benchmarks: what is measured rather than asserted. Each is a module to run, and README.md holds its figures."""
