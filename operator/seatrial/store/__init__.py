"""The store: immutable versions, channels moved by compare-and-swap, an append-only audit, on S3.

Operator, runtime and CLI share it. Calls block; a process with an event loop calls them from a thread.
"""
