"""Names, labels and bucket edges of the metrics that predictors and the collector expose and the operator reads.

The labels that say whose a series is are the pod's own, and are named so that no scrape configuration's target
labels (`namespace`, `pod`, `job`) collide with them. What a pod says of itself is a claim: a series counts for the
namespace that its target label names, which the scrape configuration sets from where the pod is.
"""

# Whose series it says it is: on every series of a predictor or collector.
NAMESPACE, NAME, REVISION, VERSION = "model_namespace", "model_name", "revision", "version"
IDENTITY = (NAMESPACE, NAME, REVISION, VERSION)

# A predictor's.
REQUESTS = "seatrial_predictor_requests_total"  # + traffic, outcome
DURATION = "seatrial_predictor_request_duration_seconds"  # histogram; + traffic; only outcomes ok and error
PREDICTIONS = "seatrial_predictor_predictions_total"  # + traffic, class (regression: bin of the prediction)
INFO = "seatrial_predictor_info"  # + digest, estimator, protocol; always 1
QUEUE_DEPTH = "seatrial_predictor_queue_depth"
BATCH_ROWS = "seatrial_predictor_batch_rows"  # histogram of rows in a batch
FEATURE_BINS = "seatrial_predictor_feature_bins_total"  # + feature, bin; on /metrics/drift; live traffic only
PREDICTION_FEATURE = "(prediction)"  # the `feature` under which predicted classes are counted in FEATURE_BINS
SHADOW_DROPPED = "seatrial_predictor_shadow_dropped_total"  # + reason: by the stable predictor that posts
COLLECTOR_DROPPED = "seatrial_predictor_collector_dropped_total"  # + reason
SHADOW_COMPARISONS = "seatrial_shadow_comparisons_total"  # + result: by the shadow pod that compares

TRAFFIC, LIVE, SHADOW = "traffic", "live", "shadow"
TRAFFICS = (LIVE, SHADOW)
OUTCOME, OK, INVALID, ERROR, SHED = "outcome", "ok", "invalid", "error", "shed"
# ok: answered; invalid: refused as the caller's mistake (4xx); error: 5xx that the model or the predictor made; shed:
# refused at a full queue (503).
OUTCOMES = (OK, INVALID, ERROR, SHED)
RESULT, AGREE, DISAGREE = "result", "agree", "disagree"  # + ERROR
RESULTS = (AGREE, DISAGREE, ERROR)
CLASS, FEATURE, BIN, REASON = "class", "feature", "bin", "reason"

# Steps of √2 from 0.5 ms to 11.6 s: the default buckets lose 45 % of a latency test's power in the tail.
DURATION_EDGES: tuple[float, ...] = tuple(float(f"{0.0005 * 2 ** (k / 2):.6g}") for k in range(30))

# A collector's: labels that found their prediction, counted for the version that made it.
LABELS = "seatrial_collector_labels_total"  # + result (right, wrong)
RIGHT, WRONG = "right", "wrong"
DRAWN_LABELS = "seatrial_collector_drawn_labels_total"  # + result; of each request one row's, drawn at random
# Labels of predictions that a shadow was shown too, counted for the candidate: what both said of the same row.
LABEL_PAIRS = "seatrial_collector_label_pairs_total"  # + control (the revision that answered), result
CONTROL = "control"
BOTH_RIGHT, CANDIDATE_RIGHT, STABLE_RIGHT, BOTH_WRONG = "both_right", "candidate_right", "stable_right", "both_wrong"
PAIR_RESULTS = (BOTH_RIGHT, CANDIDATE_RIGHT, STABLE_RIGHT, BOTH_WRONG)
LABELS_REFUSED = "seatrial_collector_labels_refused_total"  # + reason (feedback.Refusal); no revision
COLLECTED = "seatrial_collector_predictions_total"
UNLABELLED = "seatrial_collector_predictions_waiting"  # gauge: predictions that wait for their label
STORED = "seatrial_collector_rows_stored_total"  # + kind (predictions, labels): rows that are in the store
FLUSH_FAILURES = "seatrial_collector_flush_failures_total"  # + reason (denied, no_bucket, unreachable, other)
LABELLED_ROWS = "seatrial_collector_labelled_rows_total"  # rows that a training could use
UNLABELLED_DROPPED = "seatrial_collector_predictions_dropped_total"  # + reason (expired, overflow): left unlabelled

# The operator's, read by the rules (labels NAMESPACE, NAME and what is named here).
DRIFT_THRESHOLD = "seatrial_drift_threshold"  # + window; only where drift is watched
DRIFT_MINIMUM_ROWS = "seatrial_drift_minimum_rows"  # + window
REFERENCE_SHARE = "seatrial_reference_share"  # + revision, feature, bin: share of the reference rows in this bin
STABLE = "seatrial_stable_info"  # + revision, version; always 1
CANDIDATE_WEIGHT = "seatrial_candidate_weight_percent"  # + revision, version; only while one is on trial
REFERENCE_ROWS = "seatrial_reference_rows"  # + revision
ACCURACY_MINIMUM = "seatrial_accuracy_minimum"  # + window
ACCURACY_MINIMUM_LABELS = "seatrial_accuracy_minimum_labels"  # + window
WINDOW = "window"

# The label by which an alert asks for a training.
ACTION_LABEL, ACTION_RETRAIN = "seatrial_action", "retrain"
REASON_LABEL = "seatrial_reason"  # drift | accuracy: what the training Job will say it was made for

# What queries, rules and alerts know by these names: none of them can be the target label of a pod's namespace.
OWN_LABELS = frozenset(
    {*IDENTITY, CONTROL, TRAFFIC, OUTCOME, RESULT, CLASS, FEATURE, BIN, REASON, WINDOW, "le"}
    | {ACTION_LABEL, REASON_LABEL, "alertname", "alertstate", "severity"}
)
