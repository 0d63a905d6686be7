"""The training Job: from a request, a dataset and the labelled answers to a version that passed its gates, or did not.

Each step is a function of values; `training` puts them in order, `main` is the process. The test rows are looked at
once, after everything is decided that could be decided with them.
"""
