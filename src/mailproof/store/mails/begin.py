"""Setting out: at a provider without idempotency keys, on disk before the first byte of a mail.

So a node that dies leaves no doubt where there need not be one: what had not begun goes again, what
had begun may be there.
"""

from collections.abc import Sequence

from mailproof.mail.events import EventType
from mailproof.store.base import Json, NewEvent, Tx

__all__ = ["begin"]

Lease = tuple[str, int]


async def begin(tx: Tx, leases: Sequence[Lease]) -> list[bool]:
    """Mark these leases (mail, lease number) as begun; for each, in order, whether it still holds.

    May be repeated: a lease that has begun begins again.
    """
    rows = await tx.all("mails/begin", lambda *row: row, leases=Json(sorted(set(leases))))
    for email_id, lease_no, provider in rows:
        data = {"attempt": lease_no, "provider": provider}
        tx.tell(NewEvent(EventType.ATTEMPT_STARTED, email_id, data))
    held = {(email_id, lease_no) for email_id, lease_no, _ in rows}
    return [lease in held for lease in leases]
