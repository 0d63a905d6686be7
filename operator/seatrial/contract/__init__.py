"""What the operator and the runtime agree on: manifests, layout of the store, metric names, headers, labels.

Nothing here does I/O, and nothing here needs a package: both sides, and the CLI, import it freely.
"""
