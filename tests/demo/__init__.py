"""The running example, Deployment Risk Assessment: its world, its model versions and its story."""
