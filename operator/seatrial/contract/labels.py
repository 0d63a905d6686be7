"""Labels and annotations on Kubernetes objects."""

DOMAIN = "seatrial.dev"
FIELD_MANAGER = "seatrial"

MODEL = f"{DOMAIN}/model"  # the ModelDeployment's name, on all that belongs to it
REVISION = f"{DOMAIN}/revision"
COMPONENT = f"{DOMAIN}/component"  # predictor | collector | trainer
VERSION = f"{DOMAIN}/version"  # the model version, where it fits a label
PREDICTOR, COLLECTOR, TRAINER = "predictor", "collector", "trainer"

# Requests by annotation; each names the revision (or a new token) that it is about.
PROMOTE, ABORT, RETRY, TRAIN = (f"{DOMAIN}/{verb}" for verb in ("promote", "abort", "retry", "train"))

APPLIED = f"{DOMAIN}/applied"  # digest of what was last applied, so that an unchanged object is not written again
SCRAPE_DRIFT = f"{DOMAIN}/scrape-drift"
