"""The collector of one ModelDeployment: joins predictions with their labels, counts them, writes both to the store.

Predictions wait in SQLite for their label; what was acknowledged is committed there, and leaves for the store as
Parquet, each row in exactly one part. One process per ModelDeployment, in its namespace, with its credentials.
"""
