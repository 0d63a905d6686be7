"""What predictors tell the collector, and what applications tell it later.

A batch of predictions: `{"predictions": [{"id", "at", "revision", "version", "features": {…}, "prediction"}, …]}`
with at most MAXIMUM_PREDICTIONS items; `at` is RFC 3339 in UTC, `prediction` the predicted class or number. Of the rows
of a request all but one, drawn at random, also say `"drawn": false`: versions are judged by the labels of drawn rows.
What a shadow would have answered to the request of a prediction, batched:
`{"answers": [{"id", "at", "revision", "version", "control", "prediction"}, …]}` with at most MAXIMUM_SHADOW_ANSWERS
items; `revision` and `version` are the candidate's, `control` is the revision that answered under this `id`, and
`prediction` is a class by its name: of numbers nothing is simply right.
Feedback: `{"id": "<prediction id>", "label": <class or number>}`, or `{"labels": [that, …]}`.
Answers say how many were taken, and why others were not: `{"accepted": 2, "refused": [{"id", "reason"}]}`.
"""

from enum import StrEnum

MAXIMUM_PREDICTIONS = 1000
MAXIMUM_SHADOW_ANSWERS = 1000
MAXIMUM_LABELS = 1000


class Refusal(StrEnum):
    """Why a label was not counted."""

    UNMATCHED = "unmatched"  # no prediction of that id is waiting: never seen, or too old
    DUPLICATE = "duplicate"  # that prediction has its label already
    MALFORMED = "malformed"  # no id, or a label that is no class of the model
