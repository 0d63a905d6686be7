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

# A stable predictor posts here, to a shadow pod: {"request": …, "answer": […]}, and where predictions are collected the
# rows' "ids" and the "revision" and "version" that answered; unknown fields mean nothing. Answered 204.
SHADOW_PATH = "/internal/shadow"
# On every answer to such a post: which percentage of the requests the shadow wants, 1 to 100; never said: all of them.
SHADOW_SAMPLE, WHOLE_SAMPLE = "x-seatrial-shadow-sample", 100
# A predictor posts batches of what it answered here; an application posts the truth.
PREDICTIONS_PATH, FEEDBACK_PATH = "/v1/predictions", "/feedback"
# A shadow posts batches of what it would have answered here.
SHADOW_ANSWERS_PATH = "/v1/shadow-answers"

MAXIMUM_BODY = 8 << 20  # bytes of one request, after decompression
