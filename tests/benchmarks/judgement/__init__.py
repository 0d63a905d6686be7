"""The judgement benchmark: the same simulated worlds, judged by Seatrial and by its peers' rules.

`worlds` says what happens, `traffic` draws it, `seatrial`, `flagger`, `argo` and `kayenta` judge it, `limit` says how
soon anybody could, and `report` compares.
"""
