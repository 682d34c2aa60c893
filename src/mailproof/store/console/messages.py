"""Which alerts reached whom, which channels fail, and how much mail a trouble has cost."""

from collections.abc import Sequence
from typing import Final

import msgspec

from mailproof.store.base import Tx

__all__ = ["EXPIRED_MAX", "AlertMessage", "Undelivered", "expired_since", "messages", "undelivered"]

# Expired mails that are looked at: of more than these, "at least".
EXPIRED_MAX: Final = 10_000


class AlertMessage(msgspec.Struct, frozen=True):
    """One message to one channel. `kind`: opened or resolved. Times in UTC milliseconds; `due_at`:
    when it goes (again), `delivered_at`: when the channel took it; `error`: why not, redacted."""

    alert_id: int
    channel: str
    kind: str
    due_at: int
    tries: int
    delivered_at: int | None
    given_up_at: int | None
    error: str


class Undelivered(msgspec.Struct, frozen=True):
    """A channel that fails: what waits for it, `since` (UTC ms) its oldest, and the error."""

    channel: str
    since: int
    count: int
    error: str


async def messages(tx: Tx, alert_ids: Sequence[int]) -> list[AlertMessage]:
    """Of these alerts, in the order in which they were written."""
    if not alert_ids:
        return []
    return await tx.all("console/messages_of_alerts", AlertMessage, ids=list(alert_ids))


async def undelivered(tx: Tx) -> list[Undelivered]:
    """Channels that did not take a message and are tried again, by name."""
    return await tx.all("console/undelivered", Undelivered)


async def expired_since(tx: Tx, since: int) -> int:
    """Mails that expired at `since` (UTC ms) or later, at most `EXPIRED_MAX`."""
    return await tx.one("console/expired_since", int, since=since, most=EXPIRED_MAX) or 0
