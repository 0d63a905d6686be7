"""The columns of the logs in the store: a record's own, then one for each feature.

A feature that has the name of a record's own column, or of a folder in the log, stands as `feature:<name>`.
"""

RECORD = ("id", "at", "labelled_at", "revision", "version", "prediction", "label")
_RESERVED = frozenset((*RECORD, "dt", "hour"))
_PREFIX = "feature:"


def column_of(feature: str) -> str:
    """Return the column of a feature."""
    return _PREFIX + feature if feature in _RESERVED or feature.startswith(_PREFIX) else feature
