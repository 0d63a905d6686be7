"""ModelDeployment v1alpha1: its spec and status as values, read from and written to plain JSON documents."""

GROUP, API_VERSION, KIND, PLURAL = "seatrial.dev", "v1alpha1", "ModelDeployment", "modeldeployments"
