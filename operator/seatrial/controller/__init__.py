"""The controller: events fill a cache and wake keys; each pass gathers, decides, and carries the decision out.

Nothing here knows of rollouts; `seatrial.core` decides. `handlers` alone knows of kopf.
"""
