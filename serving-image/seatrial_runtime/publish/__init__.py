"""From a fitted estimator and its data to the files of a version, and the manifest that describes them.

The trainer and `seatrial push` share it: `write.write_version` makes the folder, `seatrial.store.versions.publish`
takes it to the store.
"""
