"""How a training can fail for good: what another try with the same request and the same data cannot change."""


class TrainingError(Exception):
    """The training cannot succeed; the message says what is wrong and what would be right."""


class DataError(TrainingError):
    """The data cannot be trained on; the message names the column, the value and what would be right."""


class RequestError(TrainingError):
    """The request asks for what cannot be; the message names the field."""
