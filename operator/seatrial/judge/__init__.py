"""The statistics of a verdict: pure functions from counts to Findings, valid however often one looks.

`verdict` says what an outcome is, `budget` what is left of a stage's alpha. `mixture`, `bernoulli`, `rate_ratio`,
`whole_histogram`, `rate_difference` and `paired_difference` hold the tests, and the other modules are one check each.
docs/statistics.md explains them to users.
"""
