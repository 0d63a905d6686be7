"""Ports, paths and headers between callers, predictors, shadows and the collector."""

PREDICTOR_PORT = 8080
COLLECTOR_PORT = 8080
METRICS_PATH, DRIFT_METRICS_PATH = "/metrics", "/metrics/drift"
READY_PATH, LIVE_PATH = "/v2/health/ready", "/v2/health/live"

# What a gateway shows of a predictor; metrics and what predictors tell each other are nobody else's.
PUBLIC_PATHS = ("/v1", "/v2")

# On every answer of a predictor.
PREDICTION_ID = "x-prediction-id"  # a batch: the id of its first row; the body has them all
MODEL_VERSION = "x-model-version"
REVISION = "x-model-revision"

# A stable predictor posts here, to a shadow pod: {"request": …, "answer": [...]}; answered 204.
SHADOW_PATH = "/internal/shadow"
# A predictor posts batches of what it answered here; an application posts the truth.
PREDICTIONS_PATH, FEEDBACK_PATH = "/v1/predictions", "/feedback"

MAXIMUM_BODY = 8 << 20  # bytes of one request, after decompression
