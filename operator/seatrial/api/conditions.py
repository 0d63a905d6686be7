"""The conditions of a ModelDeployment and the closed list of their reasons.

`Ready`, `Reconciling` and `Stalled` are kstatus's, so Argo CD, Flux and `helm --wait` read them as they are.
"""

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """A condition's type. All are set at every reconcile."""

    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    ARTIFACT_VERIFIED = "ArtifactVerified"
    ROUTE_READY = "RouteReady"
    ROLLOUT_SUCCEEDED = "RolloutSucceeded"
    DRIFTED = "Drifted"
    ACCURACY_MET = "AccuracyMet"
    TRAINING_SUCCEEDED = "TrainingSucceeded"
    UPDATE_AVAILABLE = "UpdateAvailable"


class Truth(StrEnum):
    """A condition's status."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Reason(StrEnum):
    """Why a condition is as it is; also the reasons of Events."""

    # Ready, Reconciling, Stalled
    SERVING = "Serving"
    NO_VERSION_SERVES = "NoVersionServes"
    PODS_NOT_READY = "PodsNotReady"
    SCALED_TO_ZERO = "ScaledToZero"
    ON_TRIAL = "OnTrial"
    STARTING = "Starting"
    SETTLED = "Settled"
    HELD = "Held"
    INVALID_SPEC = "InvalidSpec"
    STATUS_DOUBTFUL = "StatusDoubtful"
    APPLY_FAILED = "ApplyFailed"
    INTERNAL_ERROR = "InternalError"
    NOT_STALLED = "NotStalled"
    # ArtifactVerified
    VERIFIED = "Verified"
    VERSION_NOT_FOUND = "VersionNotFound"
    CHANNEL_NOT_FOUND = "ChannelNotFound"
    DIGEST_MISMATCH = "DigestMismatch"
    INVALID_MANIFEST = "InvalidManifest"
    GATES_NOT_PASSED = "GatesNotPassed"
    STORE_DENIED = "StoreDenied"
    STORE_UNREACHABLE = "StoreUnreachable"
    SECRET_NOT_FOUND = "SecretNotFound"  # noqa: S105 - a reason, no secret
    ARTIFACT_REFUSED = "ArtifactRefused"  # the predictor did not load it
    # RouteReady
    NO_ROUTE = "NoRoute"
    ACCEPTED = "Accepted"
    NOT_ACCEPTED = "NotAccepted"
    WAITING_FOR_GATEWAY = "WaitingForGateway"
    # RolloutSucceeded and Events
    NEVER_TRIED = "FirstVersion"
    SHADOWING = "Shadowing"
    CANARYING = "Canarying"
    STEP_PASSED = "StepPassed"
    RESTORED = "Restored"
    IN_PROBATION = "InProbation"
    PROMOTED = "Promoted"
    ROLLED_BACK = "RolledBack"
    SUPERSEDED = "Superseded"
    ABORTED = "Aborted"
    PAUSED = "Paused"
    AWAITING_APPROVAL = "AwaitingApproval"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    # Drifted, AccuracyMet
    NOT_WATCHED = "NotWatched"
    WINDOW_NOT_INSTALLED = "WindowNotInstalled"
    DRIFT_FIRING = "DriftFiring"
    NO_DRIFT = "NoDrift"
    ACCURACY_BELOW = "AccuracyBelowMinimum"
    ACCURACY_ENOUGH = "AccuracyEnough"
    METRICS_UNAVAILABLE = "MetricsUnavailable"
    # TrainingSucceeded
    NOT_CONFIGURED = "NotConfigured"
    NOT_TRAINED = "NotTrainedYet"
    TRAINING_STARTED = "TrainingStarted"
    TRAINING_PASSED = "TrainingPassed"
    TRAINING_REJECTED = "TrainingRejected"
    TRAINING_FAILED = "TrainingFailed"
    # UpdateAvailable
    UP_TO_DATE = "UpToDate"
    NEWER_VERSION = "NewerVersion"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; when it last changed is kept by the status that holds it."""

    type: Type
    status: Truth
    reason: Reason
    message: str


def condition(kind: Type, holds: bool | None, reason: Reason, message: str) -> Condition:
    """Return a condition; `holds` None is Unknown."""
    truth = Truth.UNKNOWN if holds is None else Truth.TRUE if holds else Truth.FALSE
    return Condition(kind, truth, reason, message)
