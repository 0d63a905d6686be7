"""The statistics of a verdict: pure functions from counts to Findings, valid however often one looks.

`verdict` says what an outcome is, `mixture`, `rate_ratio`, `bernoulli` hold the tests, and the other modules are
one check each. docs/statistics.md explains them to users.
"""
