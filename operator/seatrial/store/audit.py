"""The audit: who did what to which version, when and why. Records are added, never changed or removed."""

from datetime import datetime

from seatrial.contract.canonical import digest_of
from seatrial.contract.layout import ModelHome
from seatrial.contract.records import Audit
from seatrial.store.objects import ObjectStore, PreconditionError

_DIGITS = 12


def append(store: ObjectStore, home: ModelHome, record: Audit) -> str:
    """Add a record and return its key, which comes from its time and content: adding it twice adds it once."""
    body = record.encode()
    record_id = digest_of(body).removeprefix("sha256:")[:_DIGITS]
    key = home.audit(datetime.fromisoformat(record.when), record_id)
    try:
        store.put(key, body, if_absent=True)
    except PreconditionError:
        return key  # the same record
    return key
