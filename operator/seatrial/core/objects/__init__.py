"""The Kubernetes objects of a ModelDeployment, as plain documents for server-side apply."""
