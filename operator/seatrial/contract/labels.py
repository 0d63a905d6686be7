"""Labels and annotations on Kubernetes objects."""

DOMAIN = "seatrial.dev"
FIELD_MANAGER = "seatrial"

MODEL = f"{DOMAIN}/model"  # the ModelDeployment's name, on all that belongs to it
REVISION = f"{DOMAIN}/revision"
COMPONENT = f"{DOMAIN}/component"  # predictor | collector | trainer
VERSION = f"{DOMAIN}/version"  # the model version, where it fits a label
PREDICTOR, COLLECTOR, TRAINER = "predictor", "collector", "trainer"

JOB = "batch.kubernetes.io/job-name"  # Kubernetes' own, on the pods of a Job

# A request by annotation: any new token asks for one training.
TRAIN = f"{DOMAIN}/train"

APPLIED = f"{DOMAIN}/applied"  # digest of what was last applied, so that an unchanged object is not written again
# On the Service that clients use: the ModelDeployment's last spec that was valid, as JSON. By it a trial is judged on
# while somebody has made a mistake in the spec.
LAST_VALID_SPEC = f"{DOMAIN}/last-valid-spec"
SCRAPE_DRIFT = f"{DOMAIN}/scrape-drift"
