"""The rules: what should be written, for what is observed at this moment. Pure functions on values."""
