"""The environment variables by which the operator tells a pod what it is.

Storage credentials are AWS's own variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), filled from the Secret; a
collector, which outlives them, has the Secret's files instead.
"""

NAMESPACE = "SEATRIAL_NAMESPACE"
NAME = "SEATRIAL_NAME"
REVISION = "SEATRIAL_REVISION"
STORE = "SEATRIAL_STORE"  # s3://bucket/prefix
MODEL = "SEATRIAL_MODEL"
VERSION = "SEATRIAL_VERSION"
DIGEST = "SEATRIAL_DIGEST"  # of the manifest
ENDPOINT = "SEATRIAL_S3_ENDPOINT"  # absent: AWS
REGION = "SEATRIAL_S3_REGION"
CREDENTIALS = "SEATRIAL_CREDENTIALS_DIR"  # the Secret's files; absent: AWS's own variables, or identity
MAXIMUM_BATCH = "SEATRIAL_BATCH_MAXIMUM_SIZE"
MAXIMUM_DELAY = "SEATRIAL_BATCH_MAXIMUM_DELAY"  # seconds
TIMEOUT = "SEATRIAL_TIMEOUT"  # seconds
POD_IP = "SEATRIAL_POD_IP"
SHADOW_HOST = "SEATRIAL_SHADOW_HOST"  # name of the headless Service that exists while a candidate is in shadow
SHADOW_SAMPLE = "SEATRIAL_SHADOW_SAMPLE"  # percentage of the requests that a shadow wants; absent: all
COLLECTOR_URL = "SEATRIAL_COLLECTOR_URL"  # absent: nothing is collected
TRAINING_REQUEST = "SEATRIAL_TRAINING_REQUEST"  # the trainer's: contract.training.Request as JSON

# The keys of the Secret, and the names of its files.
ACCESS_KEY, SECRET_KEY = "accessKeyId", "secretAccessKey"

# How a predictor's termination message begins where it refused the artifact for good: trying again cannot help.
REFUSED = "refused: "

# The largest that predictors take, in seconds.
LONGEST_DELAY, LONGEST_TIMEOUT = 10.0, 3600.0
